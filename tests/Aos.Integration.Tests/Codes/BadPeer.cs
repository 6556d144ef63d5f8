using System.Net;
using System.Net.Sockets;
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
        app.Map("/never", (HttpContext context) => Task.Delay(Timeout.Infinite, context.RequestAborted));
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
    internal static Testing.ModelTurn Answer(System.Text.Json.JsonElement body, int turn)
    {
        var said = body.GetProperty("messages").GetRawText();
        return Turns.FirstOrDefault(pair => said.Contains(pair.Word, StringComparison.Ordinal)).Turn ?? new Testing.ModelTurn("Yes.");
    }

    private static readonly (string Word, Testing.ModelTurn Turn)[] Turns =
    [
        ("wrong key", Testing.ModelTurn.Refused(401, "authentication_error")), ("rude", Testing.ModelTurn.Refused(400, "content_policy_violation")),
        ("too long", Testing.ModelTurn.Refused(400, "context_length_exceeded")), ("broken", Testing.ModelTurn.Refused(500, "server_error")),
        ("no money", Testing.ModelTurn.Refused(429, "insufficient_quota")), ("take for ever", Testing.ModelTurn.Refused(504, "timeout_error")),
        ("never ending", Testing.ModelTurn.Call("echo", """{"n":1}""")),
    ];
}
