using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Aos.Kernel;

namespace Aos.Client;

/// <summary>
/// Typed client of the AOS HTTP API. Thread-safe; one for the life of a program. Every method throws
/// <see cref="AosException"/> when the server refuses, fails or cannot be reached.
/// </summary>
/// <example>
/// <code>
/// using var http = new HttpClient { BaseAddress = new Uri("http://127.0.0.1:8000") };
/// var aos = new AosClient(http, new AosClientOptions { ApiKey = key });
/// var run = await aos.StartRunAsync(new NewRun { Plan = plan, Wait = 20 });
/// </code>
/// </example>
public sealed partial class AosClient
{
    private readonly HttpClient http;
    private readonly AosClientOptions options;

    /// <param name="http">Has a <see cref="HttpClient.BaseAddress"/>; stays the caller's to dispose.</param>
    public AosClient(HttpClient http, AosClientOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(http);
        if (http.BaseAddress is null) throw new ArgumentException("The HttpClient needs a BaseAddress.", nameof(http));
        this.http = http;
        this.options = options ?? new AosClientOptions();
    }

    /// <summary>
    /// Any request, answered as JSON: the way to routes that have no method here. A GET, and a request with an
    /// idempotency key, is tried again when the server cannot be reached or answers 429, 502, 503 or 504.
    /// </summary>
    /// <param name="path">From the base address, for instance <c>api/v1/runtime/skills</c>; parts already escaped.</param>
    /// <param name="body">Null: none.</param>
    /// <param name="idempotencyKey">Sent as <c>Idempotency-Key</c>; 1 to 255 characters.</param>
    public Task<JsonElement> SendAsync(
        HttpMethod method, string path, JsonElement? body = null, string? idempotencyKey = null, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(method);
        return SendAsync(method, path, body, idempotencyKey, null, cancel);
    }

    /// <param name="condition">A header that says how things must stand, and its value; null: none.</param>
    private async Task<JsonElement> SendAsync(HttpMethod method, string path, JsonElement? body, string? idempotencyKey, (string Header, string Value)? condition, CancellationToken cancel)
    {
        var isSafe = method == HttpMethod.Get || method == HttpMethod.Head || idempotencyKey is not null;
        for (var attempt = 0; ; attempt++)
        {
            AosException failure;
            TimeSpan? after;
            try
            {
                using var request = Request(method, path, body, idempotencyKey, condition);
                using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel).ConfigureAwait(false);
                var answer = await BodyAsync(response, cancel).ConfigureAwait(false);
                if (response.IsSuccessStatusCode) return answer ?? Json.Null;
                failure = AosException.Of((int)response.StatusCode, answer);
                after = response.Headers.RetryAfter?.Delta;
                if (!IsTransient(response.StatusCode)) throw failure;
            }
            catch (HttpRequestException e)
            {
                failure = Unreachable(e);
                after = null;
            }

            if (!isSafe || attempt >= options.Retries) throw failure;
            await Task.Delay(Delay(attempt, after), options.Clock, cancel).ConfigureAwait(false);
        }
    }

    private async Task<T> SendAsync<T>(
        HttpMethod method, string path, JsonTypeInfo<T> type, JsonElement? body, string? idempotencyKey, CancellationToken cancel) =>
        Read(await SendAsync(method, path, body, idempotencyKey, cancel).ConfigureAwait(false), type);

    private static T Read<T>(JsonElement answer, JsonTypeInfo<T> type)
    {
        try
        {
            return answer.Deserialize(type) ?? throw new JsonException("null");
        }
        catch (JsonException e)
        {
            throw new AosException(200, answer, $"The server's answer is not what this client knows: {e.Message}", e);
        }
    }

    private HttpRequestMessage Request(HttpMethod method, string path, JsonElement? body, string? idempotencyKey, (string Header, string Value)? condition = null)
    {
        var request = new HttpRequestMessage(method, path);
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        if (options.ApiKey is { } key) request.Headers.Add("X-AOS-Key", key);
        if (idempotencyKey is not null) request.Headers.Add("Idempotency-Key", idempotencyKey);
        if (condition is var (header, value)) request.Headers.Add(header, value);
        if (body is { } content) request.Content = new StringContent(content.GetRawText(), Encoding.UTF8, "application/json");
        return request;
    }

    private static async Task<JsonElement?> BodyAsync(HttpResponseMessage response, CancellationToken cancel)
    {
        var bytes = await response.Content.ReadAsByteArrayAsync(cancel).ConfigureAwait(false);
        if (bytes.Length == 0) return null;
        try
        {
            return JsonElement.Parse(bytes, new JsonDocumentOptions { MaxDepth = 256 });
        }
        catch (JsonException e)
        {
            if (!response.IsSuccessStatusCode) return null; // A proxy's page: the status tells enough.
            throw new AosException((int)response.StatusCode, null, $"The answer is no JSON: {e.Message}", e);
        }
    }

    private TimeSpan Delay(int attempt, TimeSpan? after)
    {
        var delay = options.Backoff * Math.Pow(2, attempt);
        if (after > delay) delay = after.Value;
        return delay > options.BackoffMax ? options.BackoffMax : delay;
    }

    private AosException Unreachable(Exception e) =>
        new(0, null, $"{http.BaseAddress} cannot be reached: {e.Message}", e);

    private static bool IsTransient(HttpStatusCode status) => (int)status is 429 or 502 or 503 or 504;

    private static string Escape(string part) => Uri.EscapeDataString(part);
}
