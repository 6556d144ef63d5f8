using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Aos.Skills.Tests.Models;

/// <summary>A provider on loopback that speaks the real protocols; each test says how it answers.</summary>
internal sealed class FakeProvider : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly Func<HttpContext, JsonElement, Task> answer;

    private FakeProvider(WebApplication app, Func<HttpContext, JsonElement, Task> answer)
    {
        this.app = app;
        this.answer = answer;
    }

    internal string Origin { get; private set; } = "";

    /// <summary>Bodies that came, in order.</summary>
    internal List<JsonElement> Asked { get; } = [];

    internal List<(string Path, IHeaderDictionary Headers)> Calls { get; } = [];

    internal static async Task<FakeProvider> OpenAsync(Func<HttpContext, JsonElement, Task> answer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var provider = new FakeProvider(builder.Build(), answer);
        provider.app.Run(provider.HandleAsync);
        await provider.app.StartAsync();
        provider.Origin = provider.app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        return provider;
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();

    /// <summary>Sends the stream in pieces of a few bytes, so that events and characters are split in their middle.</summary>
    internal static async Task StreamAsync(HttpContext context, string events, int piece = 7)
    {
        context.Response.ContentType = "text/event-stream; charset=utf-8";
        var bytes = Encoding.UTF8.GetBytes(events);
        for (var at = 0; at < bytes.Length; at += piece)
        {
            await context.Response.Body.WriteAsync(bytes.AsMemory(at, Math.Min(piece, bytes.Length - at)), context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
        }
    }

    internal static async Task RefuseAsync(HttpContext context, int status, string body, params (string Name, string Value)[] headers)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        foreach (var (name, value) in headers) context.Response.Headers[name] = value;
        await context.Response.WriteAsync(body);
    }

    /// <summary>The events of the Messages API.</summary>
    internal static string Messages(string text, int input = 12, int output = 5, string stop = "end_turn")
    {
        var half = text.Length / 2;
        return """
            event: message_start
            data: {"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-4-20250514","content":[],"stop_reason":null,"usage":{"input_tokens":INPUT,"output_tokens":1}}}

            event: content_block_start
            data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}

            event: ping
            data: {"type": "ping"}

            event: content_block_delta
            data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":FIRST}}

            event: content_block_delta
            data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":SECOND}}

            event: content_block_stop
            data: {"type":"content_block_stop","index":0}

            event: message_delta
            data: {"type":"message_delta","delta":{"stop_reason":"STOP","stop_sequence":null},"usage":{"output_tokens":OUTPUT}}

            event: message_stop
            data: {"type":"message_stop"}


            """
            .Replace("INPUT", input.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal).Replace("OUTPUT", output.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
            .Replace("STOP", stop, StringComparison.Ordinal)
            .Replace("FIRST", JsonSerializer.Serialize(text[..half]), StringComparison.Ordinal).Replace("SECOND", JsonSerializer.Serialize(text[half..]), StringComparison.Ordinal);
    }

    /// <summary>The chunks of Chat Completions.</summary>
    internal static string Chunks(string text, string? usage = """{"prompt_tokens":12,"completion_tokens":5,"total_tokens":17}""", string finish = "stop", bool done = true)
    {
        var half = text.Length / 2;
        var stream = new StringBuilder();
        foreach (var delta in new[] { "{\"role\":\"assistant\",\"content\":\"\"}", $"{{\"content\":{JsonSerializer.Serialize(text[..half])}}}", $"{{\"content\":{JsonSerializer.Serialize(text[half..])}}}" })
            stream.Append($"data: {{\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"model\":\"gpt-4o-2024-08-06\",\"choices\":[{{\"index\":0,\"delta\":{delta},\"finish_reason\":null}}],\"usage\":null}}\r\n\r\n");
        stream.Append($"data: {{\"id\":\"c1\",\"choices\":[{{\"index\":0,\"delta\":{{}},\"finish_reason\":\"{finish}\"}}]}}\r\n\r\n");
        if (usage is not null) stream.Append($"data: {{\"id\":\"c1\",\"choices\":[],\"usage\":{usage}}}\r\n\r\n");
        if (done) stream.Append("data: [DONE]\r\n\r\n");
        return stream.ToString();
    }

    private async Task HandleAsync(HttpContext context)
    {
        var body = Json.Parse(Encoding.UTF8.GetBytes(await new StreamReader(context.Request.Body).ReadToEndAsync()));
        lock (Asked)
        {
            Asked.Add(body);
            Calls.Add((context.Request.Path, new HeaderDictionary(context.Request.Headers.ToDictionary(h => h.Key, h => h.Value))));
        }

        await answer(context, body);
    }
}
