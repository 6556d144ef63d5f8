using System.Globalization;
using System.Text.Json;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary>A request that is refused: becomes a JSON error.</summary>
/// <param name="status">Of the answer; null: the catalog's for the code.</param>
/// <param name="detail">What older clients find under <c>detail</c>; null: the message.</param>
internal sealed class RefusedException(Failure failure, int? status = null, JsonElement? detail = null) : Exception(failure.Message)
{
    internal Failure Failure { get; } = failure;

    internal int? Status { get; } = status;

    internal JsonElement? Detail { get; } = detail;

    /// <summary>Input that has no meaning here (422).</summary>
    internal static RefusedException Wrong(string message) => new(FailureCatalog.Fail("INVALID_INPUT", message), 422);
}

/// <summary>
/// The one form of an error answer:
/// <c>{"detail", "error": {code, category, message, retryable, retry_after_ms, details, recovery_suggestion, request_id, help}}</c>.
/// </summary>
internal static class Errors
{
    /// <summary>Answers with the error. An answer that has begun cannot be taken back: then the connection is cut.</summary>
    internal static async Task RefuseAsync(this HttpContext context, Failure failure, int? status = null, JsonElement? detail = null)
    {
        if (context.Response.HasStarted)
        {
            context.Abort();
            return;
        }

        var code = status ?? FailureCatalog.Find(failure.Code)!.HttpStatus;
        var after = failure.RetryAfter ?? (code is 503 or 429 ? TimeSpan.FromSeconds(1) : null);
        if (after is { } wait) context.Response.Headers.RetryAfter = ((int)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        await context.ReplyAsync(
            writer =>
            {
                writer.WriteStartObject();
                writer.WritePropertyName("detail");
                if (detail is { } old) old.WriteTo(writer);
                else writer.WriteStringValue(failure.Message);
                writer.WriteStartObject("error");
                Write(writer, failure, after, context.TraceIdentifier);
                writer.WriteEndObject();
                writer.WriteEndObject();
            },
            code);
    }

    private static void Write(Utf8JsonWriter writer, Failure failure, TimeSpan? after, string request)
    {
        writer.WriteString("code", failure.Code);
        writer.WriteString("category", failure.Category.ToString().ToUpperInvariant());
        writer.WriteString("message", failure.Message);
        writer.WriteBoolean("retryable", failure.Retryable);
        if (after is { } wait) writer.WriteNumber("retry_after_ms", (long)wait.TotalMilliseconds);
        else writer.WriteNull("retry_after_ms");
        writer.WritePropertyName("details");
        if (failure.Details is { } details) details.WriteTo(writer);
        else writer.WriteNullValue();
        writer.WriteString("recovery_suggestion", failure.Advice);
        writer.WriteString("request_id", request);
        writer.WriteString("help", $"docs/errors/{failure.Code}.md");
    }
}
