using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Aos.Auth.Tests;

/// <summary>A web server of this machine that says back in body and header whatever credential it was sent.</summary>
internal sealed class EchoPeer : IAsyncDisposable
{
    private readonly ConcurrentQueue<string> seen = new();
    private WebApplication app = null!;

    internal string Url { get; private set; } = "";

    /// <summary>Values of <c>Authorization</c>, in the order in which they came.</summary>
    internal string[] Seen => [.. seen];

    internal static async Task<EchoPeer> OpenAsync()
    {
        var peer = new EchoPeer();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Error);
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        peer.app = builder.Build();
        peer.app.Run(peer.AnswerAsync);
        await peer.app.StartAsync();
        peer.Url = peer.app.Urls.First();
        return peer;
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();

    private async Task AnswerAsync(HttpContext context)
    {
        var sent = context.Request.Headers.Authorization.ToString();
        seen.Enqueue(sent);
        context.Response.StatusCode = context.Request.Path == "/refuse" ? 401 : 200;
        context.Response.Headers["X-Said"] = sent;
        await context.Response.WriteAsync($"you said {sent}");
    }
}
