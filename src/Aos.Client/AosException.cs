using System.Text.Json;
using Aos.Kernel;

namespace Aos.Client;

/// <summary>A request was refused, failed, or could not be sent.</summary>
public sealed class AosException : Exception
{
    /// <param name="status">HTTP status, or 0 when no answer came.</param>
    /// <param name="body">The error body as sent: <c>{detail, error: {code, category, message, retryable, ..., request_id}}</c>.</param>
    public AosException(int status, JsonElement? body, string message, Exception? inner = null)
        : base(message, inner)
    {
        Status = status;
        Body = body;
        Error = body?.Get("error");
    }

    /// <summary>HTTP status, or 0 when no answer came.</summary>
    public int Status { get; }

    /// <summary>One of the codes of docs/errors: <c>RUN_NOT_FOUND</c>, <c>INVALID_PLAN</c>, ...; without an error body one that fits the status.</summary>
    public string Code => Error?.GetText("code") ?? Status switch
    {
        0 => "SERVICE_UNAVAILABLE",
        401 => "UNAUTHORIZED",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        429 => "RATE_LIMITED",
        >= 500 => "SERVICE_UNAVAILABLE",
        _ => "INVALID_INPUT",
    };

    /// <summary>What to do next, or null.</summary>
    public string? Advice => Error?.GetText("recovery_suggestion");

    /// <summary>Whether the same request may work later.</summary>
    public bool IsRetryable => Error?.Get("retryable") is { ValueKind: JsonValueKind.True } || Status is 0 or 429 or 502 or 503 or 504;

    /// <summary>The whole body, or null when it was empty or no JSON.</summary>
    public JsonElement? Body { get; }

    /// <summary>Id of the request in the server's log, or null.</summary>
    public string? RequestId => Error?.GetText("request_id") ?? Body?.GetText("request_id");

    private JsonElement? Error { get; }

    /// <summary>An exception from an error answer.</summary>
    internal static AosException Of(int status, JsonElement? body)
    {
        var detail = body?.Get("detail");
        var message = body?.Get("error")?.GetText("message")
            ?? (detail is { ValueKind: JsonValueKind.String } text ? text.GetString() : detail?.GetText("message"))
            ?? $"The server answered {status}.";
        return new AosException(status, body, message);
    }
}
