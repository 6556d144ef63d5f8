using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Aos.Auth.Tests;

/// <summary>A web server of this machine that a test lets be silent, refuse or answer.</summary>
internal sealed class UnsteadyPeer : IAsyncDisposable
{
    private WebApplication app = null!;

    /// <summary>What it answers with; 0: nothing, until the other side gives up.</summary>
    internal int Status { get; set; } = 200;

    /// <summary>Query of the only calls that are answered with 200 whatever <see cref="Status"/> says; null: none.</summary>
    internal string? Accepts { get; set; }

    internal string Url { get; private set; } = "";

    internal static async Task<UnsteadyPeer> OpenAsync()
    {
        var peer = new UnsteadyPeer();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
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
        var status = Accepts is { } query && context.Request.QueryString.Value == query ? 200 : Status;
        if (status == 0)
        {
            var over = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            await using var registration = context.RequestAborted.Register(() => over.TrySetResult());
            await over.Task;
            return;
        }

        context.Response.StatusCode = status;
        await context.Response.WriteAsync("here");
    }
}
