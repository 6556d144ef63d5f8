using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Aos.Auth.Tests;

/// <summary>A provider of models on this machine: Chat Completions, streamed, with the tokens used in the last chunk.</summary>
internal sealed class ModelPeer(int read, int written) : IAsyncDisposable
{
    private WebApplication app = null!;
    private int calls;

    internal string Url => app.Urls.First() + "/v1";

    internal int Calls => Volatile.Read(ref calls);

    internal static async Task<ModelPeer> OpenAsync(int read, int written)
    {
        var peer = new ModelPeer(read, written);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Error);
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        peer.app = builder.Build();
        peer.app.MapPost("/v1/chat/completions", peer.AnswerAsync);
        await peer.app.StartAsync();
        return peer;
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();

    private Task AnswerAsync(HttpContext context)
    {
        Interlocked.Increment(ref calls);
        context.Response.ContentType = "text/event-stream";
        return context.Response.WriteAsync($$$"""
            data: {"id":"1","model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":"hi"},"finish_reason":null}]}

            data: {"id":"1","model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}

            data: {"id":"1","model":"m","choices":[],"usage":{"prompt_tokens":{{{read}}},"completion_tokens":{{{written}}},"total_tokens":{{{read + written}}}}}

            data: [DONE]


            """);
    }
}
