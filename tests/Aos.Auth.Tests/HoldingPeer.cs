using System.Collections.Concurrent;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Aos.Auth.Tests;

/// <summary>A web server of this machine that never answers what is asked of <c>/hold</c>, and tells when a call comes in and when it is called off.</summary>
internal sealed class HoldingPeer : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly Channel<string> began = Channel.CreateUnbounded<string>();
    private readonly Channel<string> ended = Channel.CreateUnbounded<string>();
    private readonly ConcurrentQueue<string> seen = new();
    private WebApplication app = null!;

    internal string Url { get; private set; } = "";

    /// <summary>Paths that were asked for, in their order.</summary>
    internal string[] Seen => [.. seen];

    internal static async Task<HoldingPeer> OpenAsync()
    {
        var peer = new HoldingPeer();
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

    /// <summary>Comes back with the query of the next call that is held.</summary>
    internal async Task<string> BeganAsync() => await began.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(Patience, TestContext.Current.CancellationToken);

    /// <summary>Comes back with the query of the next call that was called off.</summary>
    internal async Task<string> EndedAsync() => await ended.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(Patience, TestContext.Current.CancellationToken);

    private async Task AnswerAsync(HttpContext context)
    {
        seen.Enqueue(context.Request.Path);
        if (context.Request.Path != "/hold") return;
        var name = context.Request.QueryString.Value!;
        var over = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = context.RequestAborted.Register(() => over.TrySetResult());
        began.Writer.TryWrite(name);
        await over.Task;
        ended.Writer.TryWrite(name);
    }
}
