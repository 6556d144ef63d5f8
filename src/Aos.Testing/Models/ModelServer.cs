using System.Globalization;
using System.Text;
using System.Text.Json;
using Aos.Kernel;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Aos.Testing;

/// <summary>
/// A provider of models on loopback: the Messages API at <c>/v1/messages</c>, Chat Completions at <c>/v1/chat/completions</c>,
/// both streaming; for <c>/v1/embeddings</c> there is <see cref="Embeddings"/>. With turns it refuses what the real ones refuse; with a handler a test says how each byte is answered.
/// </summary>
public sealed class ModelServer : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly Func<HttpContext, JsonElement, Task> answer;
    private readonly List<JsonElement> asked = [];
    private readonly List<(string Path, IHeaderDictionary Headers)> calls = [];

    private ModelServer(WebApplication app, Func<HttpContext, JsonElement, Task>? answer, Func<JsonElement, int, ModelTurn>? turn)
    {
        this.app = app;
        this.answer = answer ?? ((context, body) => TurnAsync(context, body, turn!));
    }

    /// <summary><c>http://127.0.0.1:PORT</c>.</summary>
    public string Origin { get; private set; } = "";

    /// <summary>Bytes that go out at once; few by default, so that events and characters are split in their middle.</summary>
    public int Piece { get; set; } = 7;

    /// <summary>Bodies that came, in order.</summary>
    public IReadOnlyList<JsonElement> Asked => asked;

    /// <summary>Paths and headers that came, in order.</summary>
    public IReadOnlyList<(string Path, IHeaderDictionary Headers)> Calls => calls;

    /// <summary>A server whose answers are the test's alone.</summary>
    public static Task<ModelServer> OpenAsync(Func<HttpContext, JsonElement, Task> answer) => StartAsync(answer, null);

    /// <summary>A server that answers one request after the other with these turns; a request too many is an error of the server.</summary>
    public static Task<ModelServer> OpenAsync(params IReadOnlyList<ModelTurn> turns)
    {
        var next = -1;
        return OpenAsync((_, _) =>
        {
            var at = Interlocked.Increment(ref next);
            return at < turns.Count ? turns[at] : ModelTurn.Refused(500, "api_error");
        });
    }

    /// <summary>A server for several conversations at once: the body and its turn (1: the conversation's first answer) tell the answer.</summary>
    public static Task<ModelServer> OpenAsync(Func<JsonElement, int, ModelTurn> answer) => StartAsync(null, answer);

    /// <summary>Sends a stream in pieces of a few bytes, so that events and characters are split in their middle.</summary>
    public static async Task StreamAsync(HttpContext context, string events, int piece = 7)
    {
        context.Response.ContentType = "text/event-stream; charset=utf-8";
        var bytes = Encoding.UTF8.GetBytes(events);
        for (var at = 0; at < bytes.Length; at += piece)
        {
            await context.Response.Body.WriteAsync(bytes.AsMemory(at, Math.Min(piece, bytes.Length - at)), context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
        }
    }

    /// <summary>Refuses a request with a body of JSON.</summary>
    public static async Task RefuseAsync(HttpContext context, int status, string body, params (string Name, string Value)[] headers)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        foreach (var (name, value) in headers) context.Response.Headers[name] = value;
        await context.Response.WriteAsync(body, context.RequestAborted);
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();

    private static async Task<ModelServer> StartAsync(Func<HttpContext, JsonElement, Task>? answer, Func<JsonElement, int, ModelTurn>? turn)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var server = new ModelServer(builder.Build(), answer, turn);
        server.app.Run(server.HandleAsync);
        await server.app.StartAsync();
        server.Origin = server.app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        return server;
    }

    private async Task HandleAsync(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body);
        var body = Json.Parse(Encoding.UTF8.GetBytes(await reader.ReadToEndAsync(context.RequestAborted)));
        lock (asked)
        {
            asked.Add(body);
            calls.Add((context.Request.Path, new HeaderDictionary(context.Request.Headers.ToDictionary(h => h.Key, h => h.Value))));
        }

        await answer(context, body);
    }

    private async Task TurnAsync(HttpContext context, JsonElement body, Func<JsonElement, int, ModelTurn> answer)
    {
        var isAnthropic = context.Request.Path == "/v1/messages";
        if ((isAnthropic ? AnthropicRules.Problem(body) : OpenAiRules.Problem(body)) is { } problem)
        {
            await RefuseAsync(context, 400, Error(isAnthropic, "invalid_request_error", problem));
            return;
        }

        var turn = answer(body, body.GetProperty("messages").EnumerateArray().Count(message => message.GetText("role") == "assistant") + 1);
        if (turn.Status is { } status)
        {
            var headers = turn.RetryAfter is { } seconds ? new[] { ("retry-after", seconds.ToString(CultureInfo.InvariantCulture)) } : [];
            await RefuseAsync(context, status, Error(isAnthropic, turn.ErrorType ?? "api_error", "Refused."), headers);
            return;
        }

        var counted = turn with
        {
            InputTokens = turn.InputTokens ?? (body.Bytes() / 4) + 1,
            OutputTokens = turn.OutputTokens ?? ((turn.Text.Length + turn.Calls.Sum(call => call.Arguments.Length)) / 4) + 1,
        };
        await StreamAsync(context, isAnthropic ? AnthropicEvents.Of(counted, Called(body)) : OpenAiChunks.Of(counted, Called(body), isNamed: body.Get("tool_choice") is { ValueKind: JsonValueKind.Object }), Piece);
    }

    /// <summary>Tools called in the conversation so far: ids follow from it, so that the same question has the same answer.</summary>
    private static int Called(JsonElement body) => body.GetProperty("messages").EnumerateArray().Sum(message =>
        (message.Get("tool_calls") is { ValueKind: JsonValueKind.Array } calls ? calls.GetArrayLength() : 0)
        + (message.Get("content") is { ValueKind: JsonValueKind.Array } blocks ? blocks.EnumerateArray().Count(block => block.GetText("type") == "tool_use") : 0));

    private static string Error(bool isAnthropic, string type, string message) => isAnthropic
        ? $$"""{"type":"error","error":{"type":"{{type}}","message":{{JsonSerializer.Serialize(message)}}} }"""
        : $$"""{"error":{"message":{{JsonSerializer.Serialize(message)}},"type":"{{type}}","param":null,"code":null} }""";
}
