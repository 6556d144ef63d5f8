using System.Buffers;
using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using System.Net.Sockets;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Skills;

/// <summary>Asks a provider over HTTP and reads its stream. One call is one request: repeating is the run's business.</summary>
internal sealed class ModelCaller(IEgress egress, TimeProvider clock) : IDisposable
{
    /// <summary>Largest answer, bytes of the stream with all its framing.</summary>
    internal const long StreamBytesMax = 64 * 1024 * 1024;

    private const int ErrorBytesMax = 64 * 1024;
    private static readonly AnthropicWire Anthropic = new();
    private static readonly OpenAiWire OpenAi = new();
    private readonly Lazy<HttpClient> client = new(() => new HttpClient(egress.Handler(isOfHouse: true)) { Timeout = Timeout.InfiniteTimeSpan });

    public void Dispose()
    {
        if (client.IsValueCreated) client.Value.Dispose();
    }

    /// <param name="teller">Who is told the text as it comes; null: nobody.</param>
    internal async Task<ModelReply> AskAsync(ModelEndpoint endpoint, ModelRequest request, Teller? teller, CancellationToken cancel)
    {
        var reply = await AskAsync(endpoint, request, new AnswerDraft { Teller = teller }, cancel);
        if (reply.Failure is null) teller?.End();
        return reply;
    }

    /// <summary>One request that is answered with one JSON document.</summary>
    /// <param name="path">Below the endpoint's base URL.</param>
    internal async Task<(JsonElement? Answer, Failure? Failure)> PostAsync(
        ModelEndpoint endpoint, string path, Action<Utf8JsonWriter> write, long bytesMax, TimeSpan timeout, CancellationToken cancel)
    {
        JsonElement? answer = null;
        var failure = await MappedAsync(endpoint, timeout, async token =>
        {
            using var message = Message(endpoint, path, "application/json", write, OpenAi);
            using var response = await client.Value.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, token);
            await using var stream = await response.Content.ReadAsStreamAsync(token);
            if (!response.IsSuccessStatusCode) return await RefusedAsync(endpoint, response, stream, token);
            if (response.Content.Headers.ContentType?.MediaType != "application/json") return NotOfType(endpoint, response, "JSON");
            await using var bounded = new BoundedStream(stream, bytesMax);
            using var body = new MemoryStream();
            await bounded.CopyToAsync(body, token);
            answer = Json.Parse(body.GetBuffer().AsSpan(0, (int)body.Length));
            return null;
        }, cancel);
        return (answer, failure);
    }

    private async Task<ModelReply> AskAsync(ModelEndpoint endpoint, ModelRequest request, AnswerDraft draft, CancellationToken cancel)
    {
        var failure = await MappedAsync(endpoint, request.Timeout, token => StreamAsync(endpoint, request, draft, token), cancel);
        return new ModelReply(draft, failure is null ? null : draft.Refusal ?? failure);
    }

    /// <summary>What goes wrong on the way, as failures.</summary>
    private async Task<Failure?> MappedAsync(ModelEndpoint endpoint, TimeSpan atMost, Func<CancellationToken, Task<Failure?>> ask, CancellationToken cancel)
    {
        using var timeout = new CancellationTokenSource(atMost, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancel);
        try
        {
            return await ask(either.Token);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return FailureCatalog.Fail("TIMEOUT", $"{endpoint.Name} did not answer within {atMost.TotalSeconds:0.###} s.");
        }
        catch (AnswerTooLargeException e)
        {
            return FailureCatalog.Fail("RESPONSE_TOO_LARGE", $"{endpoint.Name}: {e.Message}");
        }
        catch (JsonException)
        {
            return FailureCatalog.Fail("LLM_INVALID_RESPONSE", $"{endpoint.Name} sent what is no JSON.");
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return await ToldAsync(endpoint, e, cancel);
        }
    }

    private async Task<Failure?> StreamAsync(ModelEndpoint endpoint, ModelRequest request, AnswerDraft draft, CancellationToken cancel)
    {
        IModelWire wire = endpoint.Wire == ModelWire.Anthropic ? Anthropic : OpenAi;
        using var message = Message(endpoint, wire.Path, "text/event-stream", writer => wire.WriteBody(writer, endpoint, request), wire);
        using var response = await client.Value.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, cancel);
        await using var stream = await response.Content.ReadAsStreamAsync(cancel);
        if (!response.IsSuccessStatusCode) return await RefusedAsync(endpoint, response, stream, cancel);
        if (response.Content.Headers.ContentType?.MediaType != "text/event-stream") return NotOfType(endpoint, response, "a stream of events");
        await using var bounded = new BoundedStream(stream, StreamBytesMax);
        await foreach (var item in SseParser.Create(bounded).EnumerateAsync(cancel))
        {
            if (item.Data.Length == 0) continue;
            if (wire.Take(item.Data, draft, endpoint) is { } failure) return failure;
            if (draft.Done) break;
        }

        if (draft.Refusal is { } refusal) return refusal;
        wire.Finish(draft, endpoint, request);
        return draft.FinishReason is not null ? null : FailureCatalog.Fail("LLM_ERROR", $"{endpoint.Name} ended its answer before it was whole.");
    }

    private async Task<Failure> RefusedAsync(ModelEndpoint endpoint, HttpResponseMessage response, Stream body, CancellationToken cancel) =>
        ProviderErrors.Of(endpoint, (int)response.StatusCode, await ErrorAsync(body, cancel), Advice.Of(response.Headers, clock.GetUtcNow()));

    private static Failure NotOfType(ModelEndpoint endpoint, HttpResponseMessage response, string wanted) =>
        FailureCatalog.Fail("LLM_INVALID_RESPONSE", $"{endpoint.Name} answered with {response.Content.Headers.ContentType?.MediaType ?? "no type"}, not with {wanted}.");

    private static HttpRequestMessage Message(ModelEndpoint endpoint, string path, string accept, Action<Utf8JsonWriter> write, IModelWire wire)
    {
        var body = new ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(body)) write(writer);
        var message = new HttpRequestMessage(HttpMethod.Post, endpoint.BaseUrl + path) { Content = new ReadOnlyMemoryContent(body.WrittenMemory) };
        message.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        message.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue(accept));
        wire.WriteHeaders(message, endpoint);
        return message;
    }

    /// <summary>The error object of the body, or the start of its text.</summary>
    private static async Task<JsonElement> ErrorAsync(Stream stream, CancellationToken cancel)
    {
        var bytes = new byte[ErrorBytesMax];
        var length = await stream.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, cancel);
        try
        {
            var body = Json.Parse(bytes.AsSpan(0, length));
            return body.Get("error") ?? body;
        }
        catch (JsonException)
        {
            return Json.EmptyObject;
        }
    }

    private async Task<Failure> ToldAsync(ModelEndpoint endpoint, Exception e, CancellationToken cancel)
    {
        if (await egress.CheckAsync(endpoint.BaseUrl, cancel) is { } refusal) return refusal;
        var code = e switch
        {
            HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError } => "DNS_FAILURE",
            HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } => "TLS_FAILURE",
            HttpRequestException { InnerException: SocketException { SocketErrorCode: SocketError.ConnectionRefused } } => "CONNECTION_REFUSED",
            _ => "CONNECTION_RESET",
        };
        return FailureCatalog.Fail(code, $"{endpoint.Name}: {e.Message}");
    }
}
