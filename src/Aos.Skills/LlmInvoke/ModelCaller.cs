using System.Buffers;
using System.Globalization;
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

    internal async Task<ModelReply> AskAsync(ModelEndpoint endpoint, ModelRequest request, CancellationToken cancel)
    {
        var draft = new AnswerDraft();
        using var timeout = new CancellationTokenSource(request.Timeout, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancel);
        try
        {
            return new ModelReply(draft, await StreamAsync(endpoint, request, draft, either.Token));
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return new ModelReply(draft, FailureCatalog.Fail("TIMEOUT", $"{endpoint.Name} did not answer within {request.Timeout.TotalSeconds:0.###} s."));
        }
        catch (AnswerTooLargeException e)
        {
            return new ModelReply(draft, FailureCatalog.Fail("RESPONSE_TOO_LARGE", $"{endpoint.Name}: {e.Message}"));
        }
        catch (JsonException)
        {
            return new ModelReply(draft, FailureCatalog.Fail("LLM_INVALID_RESPONSE", $"{endpoint.Name} sent an event that is no JSON."));
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return new ModelReply(draft, draft.Refusal ?? await ToldAsync(endpoint, e, cancel));
        }
    }

    private async Task<Failure?> StreamAsync(ModelEndpoint endpoint, ModelRequest request, AnswerDraft draft, CancellationToken cancel)
    {
        IModelWire wire = endpoint.Wire == ModelWire.Anthropic ? Anthropic : OpenAi;
        using var message = Message(wire, endpoint, request);
        using var response = await client.Value.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, cancel);
        await using var stream = await response.Content.ReadAsStreamAsync(cancel);
        if (!response.IsSuccessStatusCode) return ProviderErrors.Of(endpoint, (int)response.StatusCode, await ErrorAsync(stream, cancel), RetryAfter(response.Headers));
        if (response.Content.Headers.ContentType?.MediaType != "text/event-stream")
            return FailureCatalog.Fail("LLM_INVALID_RESPONSE", $"{endpoint.Name} answered with {response.Content.Headers.ContentType?.MediaType ?? "no type"}, not with a stream of events.");
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

    private static HttpRequestMessage Message(IModelWire wire, ModelEndpoint endpoint, ModelRequest request)
    {
        var body = new ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(body)) wire.WriteBody(writer, endpoint, request);
        var message = new HttpRequestMessage(HttpMethod.Post, endpoint.BaseUrl + wire.Path) { Content = new ReadOnlyMemoryContent(body.WrittenMemory) };
        message.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        message.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
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

    private TimeSpan? RetryAfter(HttpResponseHeaders headers)
    {
        if (headers.TryGetValues("retry-after-ms", out var values) && long.TryParse(values.First(), NumberStyles.None, CultureInfo.InvariantCulture, out var ms) && ms < int.MaxValue)
            return TimeSpan.FromMilliseconds(ms);
        if (headers.RetryAfter is not { } after) return null;
        var delay = after.Delta ?? after.Date - clock.GetUtcNow();
        return delay > TimeSpan.Zero ? delay : null;
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
