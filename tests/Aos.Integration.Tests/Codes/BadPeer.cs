using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Aos.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Aos.Integration.Tests.Codes;

/// <summary>A web server on loopback that answers as its paths say: with a status, too much, never, or by hanging up.</summary>
internal sealed class BadPeer : IAsyncDisposable
{
    private const int Much = 11 * 1024 * 1024;
    private readonly WebApplication app;

    /// <summary>Bound and never listened on: nobody else gets the port, and whoever calls is refused.</summary>
    private readonly Socket closed = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    private BadPeer(WebApplication app)
    {
        this.app = app;
        closed.Bind(new IPEndPoint(IPAddress.Loopback, 0));
    }

    internal string Authority => new Uri(app.Urls.First()).Authority;

    internal string Closed => $"{closed.LocalEndPoint}";

    internal static async Task<BadPeer> OpenAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        app.Map("/status/{code:int}", (int code) => Results.StatusCode(code));
        app.Map("/never", (HttpContext context) => new TaskCompletionSource().Task.WaitAsync(context.RequestAborted));
        app.Map("/hangup", (HttpContext context) => context.Abort());
        app.Map("/much", () => Results.Bytes(new byte[Much]));
        await app.StartAsync();
        return new BadPeer(app);
    }

    public async ValueTask DisposeAsync()
    {
        closed.Dispose();
        await app.DisposeAsync();
    }
}

/// <summary>A provider of models that goes wrong as the prompt says.</summary>
internal static class BadModel
{
    internal static ModelTurn Answer(JsonElement body, int turn)
    {
        var said = body.GetProperty("messages").GetRawText();
        return Turns.FirstOrDefault(pair => said.Contains(pair.Word, StringComparison.Ordinal)).Turn ?? new ModelTurn("Yes.");
    }

    private static readonly (string Word, ModelTurn Turn)[] Turns =
    [
        ("wrong key", ModelTurn.Refused(401, "authentication_error")), ("quite impolite", ModelTurn.Refused(400, "content_policy_violation")),
        ("far beyond a window", ModelTurn.Refused(400, "context_length_exceeded")), ("broken", ModelTurn.Refused(500, "server_error")),
        ("no money", ModelTurn.Refused(429, "insufficient_quota")), ("take for ever", ModelTurn.Refused(504, "timeout_error")),
        ("never ending", ModelTurn.Call("echo", """{"n":1}""")),
    ];
}
