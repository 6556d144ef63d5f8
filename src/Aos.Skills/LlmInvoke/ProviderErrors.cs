using System.Text.Json;
using Aos.Kernel;

namespace Aos.Skills;

/// <summary>What providers say when they refuse, in the one taxonomy. Told apart by their codes and statuses, not by words.</summary>
internal static class ProviderErrors
{
    private const int MessageMax = 300;
    private const int WordMax = 64;

    /// <param name="status">HTTP status; null: the refusal came within the stream.</param>
    /// <param name="error">The error object: <c>type</c>, <c>code</c>, <c>message</c>.</param>
    internal static Failure Of(ModelEndpoint endpoint, int? status, JsonElement error, TimeSpan? retryAfter)
    {
        var type = error.GetText("type");
        var word = (error.GetText("code") ?? type) is { } named ? Shown(endpoint, named, WordMax) : null;
        var said = error.GetText("message") ?? (error.ValueKind == JsonValueKind.String ? error.GetString()! : "");
        var known = status ?? Status(error);
        // A kind that says no more than whose fault it was does not stand above the status.
        var code = ByWord(error.GetText("code")) ?? ByWord(type) ?? (known is { } told ? ByStatus(told) : ByKind(type));
        if (code == "INVALID_INPUT" && IsTooLong(said)) code = "LLM_CONTEXT_EXCEEDED";
        return FailureCatalog.Fail(code, Message(endpoint, status, word, said), retryAfter, Json.Write(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("provider", endpoint.Name);
            if (status is { } number) writer.WriteNumber("upstream_status", number);
            if (word is not null) writer.WriteString("upstream_code", word);
            writer.WriteEndObject();
        }));
    }

    private static string? ByWord(string? word) => word switch
    {
        "context_length_exceeded" or "request_too_large" or "string_above_max_length" => "LLM_CONTEXT_EXCEEDED",
        "content_filter" or "content_policy_violation" or "invalid_prompt" => "LLM_CONTENT_FILTER",
        "insufficient_quota" or "billing_error" or "billing_hard_limit_reached" => "QUOTA_EXHAUSTED",
        "authentication_error" or "permission_error" or "invalid_api_key" or "account_deactivated" => "LLM_AUTH_FAILED",
        "rate_limit_error" or "rate_limit_exceeded" or "tokens" or "requests" => "RATE_LIMITED",
        "not_found_error" or "model_not_found" => "INVALID_INPUT",
        "overloaded_error" or "slow_down" => "LLM_ERROR",
        "timeout_error" => "TIMEOUT",
        _ => null,
    };

    private static string ByKind(string? kind) => kind == "invalid_request_error" ? "INVALID_INPUT" : "LLM_ERROR";

    /// <summary>Some servers say within the stream which status it would have been.</summary>
    private static int? Status(JsonElement error) => error.Get("code") is { ValueKind: JsonValueKind.Number } code && code.TryGetInt32(out var status) && status is >= 400 and < 600 ? status : null;

    private static string ByStatus(int status) => status switch
    {
        401 or 403 => "LLM_AUTH_FAILED",
        402 => "QUOTA_EXHAUSTED",
        408 or 504 => "TIMEOUT",
        413 => "LLM_CONTEXT_EXCEEDED",
        429 => "RATE_LIMITED",
        400 or 404 or 422 => "INVALID_INPUT",
        _ => "LLM_ERROR",
    };

    /// <summary>One provider has no code for a prompt that is too long, only this sentence.</summary>
    private static bool IsTooLong(string said) =>
        said.Contains("prompt is too long", StringComparison.OrdinalIgnoreCase) || said.Contains("maximum context length", StringComparison.OrdinalIgnoreCase);

    private static string Message(ModelEndpoint endpoint, int? status, string? word, string said) =>
        $"{endpoint.Name} answered {status?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "an error"}{(word is null ? "" : $" ({word})")}{(said.Length == 0 ? "." : ": " + Shown(endpoint, said, MessageMax))}";

    /// <summary>Secrets are hidden in the whole of it: of one that is cut through, half would be known by nobody.</summary>
    private static string Shown(ModelEndpoint endpoint, string said, int max)
    {
        var shown = Redactor.RedactText(endpoint.Hidden is { } key ? said.Replace(key, "***", StringComparison.Ordinal) : said, Redaction.Secrets);
        return shown.Length <= max ? shown : shown[..(char.IsHighSurrogate(shown[max - 1]) ? max - 1 : max)] + "…";
    }
}
