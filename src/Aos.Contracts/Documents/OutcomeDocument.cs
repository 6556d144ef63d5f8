using System.Text.Json;
using Aos.Kernel;

namespace Aos.Contracts;

/// <summary>An outcome as the document <c>structured_outcome</c>.</summary>
public static class OutcomeDocument
{
    /// <param name="at">When the call ended.</param>
    /// <param name="skipped">The step did not run: its condition was false.</param>
    public static JsonElement Of(StructuredOutcome outcome, DateTimeOffset at, string? run, string? step, string? skill, string? version, bool skipped = false) => Json.Write(writer =>
    {
        writer.WriteStartObject();
        if (run is not null) writer.WriteString("run_id", run);
        if (step is not null) writer.WriteString("step_id", step);
        writer.WriteString("status", skipped ? "skipped" : outcome.Ok ? "success" : "failure");
        writer.WriteString("code", outcome.Failure?.Code ?? "OK");
        writer.WriteString("message", outcome.Failure?.Message ?? (skipped ? "The step was skipped." : "The call succeeded."));
        WriteDetails(writer, outcome);
        writer.WriteNumber("cost_cents", outcome.Cost.ToWholeCents());
        writer.WriteNumber("latency_ms", (long)outcome.Latency.TotalMilliseconds);
        writer.WriteBoolean("retryable", outcome.Failure?.Retryable ?? false);
        writer.WriteStartArray("side_effects");
        foreach (var effect in outcome.SideEffects)
        {
            writer.WriteStartObject();
            writer.WriteString("type", effect.Type);
            writer.WriteString("target", effect.Target);
            writer.WriteBoolean("reversible", effect.Reversible);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteStartObject("metadata");
        if (skill is not null) writer.WriteString("skill_id", skill);
        if (version is not null) writer.WriteString("skill_version", version);
        writer.WriteNumber("cost_cents_exact", outcome.Cost.Value);
        writer.WriteEndObject();
        writer.WriteStartObject("observability");
        writer.WriteNumber("backend_retries", outcome.Retries);
        writer.WriteEndObject();
        writer.WriteString("timestamp", at);
        writer.WriteEndObject();
    });

    internal static IReadOnlyList<JsonElement> Examples()
    {
        var at = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        var written = StructuredOutcome.Succeeded(Json.Parse("""{"path":"report.md","bytes":512}"""), default, TimeSpan.FromMilliseconds(12)) with
        {
            SideEffects = [new SideEffect("file_write", "report.md", true)],
        };
        var limited = StructuredOutcome.Failed(FailureCatalog.Fail("RATE_LIMITED", "The provider asks to wait.", TimeSpan.FromSeconds(7)), new Cents(0.0111m));
        return
        [
            Of(written, at, "0198f000-0000-7000-8000-000000000001", "save", "fs_write", "1.0.0"),
            Of(limited, at, "0198f000-0000-7000-8000-000000000001", "ask", "llm_invoke", "2.0.0"),
            Of(StructuredOutcome.Succeeded(Json.Null), at, null, "extra", null, null, skipped: true),
        ];
    }

    private static void WriteDetails(Utf8JsonWriter writer, StructuredOutcome outcome)
    {
        var details = outcome.Failure is { } failure ? failure.Details : outcome.Result.ValueKind == JsonValueKind.Object ? outcome.Result : null;
        writer.WritePropertyName("details");
        (details ?? Json.Null).WriteTo(writer);
    }
}
