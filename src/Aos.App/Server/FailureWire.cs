using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary>Failures as they go over the wire.</summary>
internal static class FailureWire
{
    internal static string Of(FailureCategory category) => category.ToString().ToUpperInvariant();

    internal static string Of(FailureSeverity severity) => severity.ToString().ToUpperInvariant();

    internal static string Of(RecoveryMode mode) => mode switch
    {
        RecoveryMode.RetryExponential => "RETRY_EXPONENTIAL",
        RecoveryMode.ManualIntervention => "MANUAL_INTERVENTION",
        _ => mode.ToString().ToUpperInvariant(),
    };

    internal static void Write(Utf8JsonWriter writer, FailureEntry entry)
    {
        writer.WriteStartObject();
        writer.WriteString("code", entry.Code);
        writer.WriteString("category", Of(entry.Category));
        writer.WriteString("severity", Of(FailureTraits.SeverityOf(entry)));
        writer.WriteBoolean("retryable", entry.Retryable);
        writer.WriteString("recovery_mode", Of(FailureTraits.RecoveryOf(entry)));
        writer.WriteNumber("http_status", entry.HttpStatus);
        writer.WriteString("meaning", entry.Meaning);
        writer.WriteString("advice", entry.Advice);
        writer.WriteNumber("retries_max", entry.RetriesMax);
        writer.WriteNumber("backoff_ms", entry.BackoffMs);
        writer.WriteStartArray("aliases");
        foreach (var alias in entry.Aliases) writer.WriteStringValue(alias);
        writer.WriteEndArray();
        writer.WriteString("help", $"docs/errors/{entry.Code}.md");
        writer.WriteEndObject();
    }

    internal static void Write(Utf8JsonWriter writer, KeptFailure kept)
    {
        var (failed, entry) = (kept.Failed, kept.Entry);
        writer.WriteStartObject();
        writer.WriteString("id", kept.Id);
        writer.WriteString("run_id", failed.Run.ToString());
        writer.WriteString("step_id", failed.Step);
        writer.WriteString("place", failed.Place);
        writer.WriteNumber("seq", failed.Seq);
        writer.WriteString("agent_id", failed.AgentId);
        writer.WriteString("skill_id", failed.Skill);
        writer.WriteString("error_code", failed.Code);
        writer.WriteString("error_message", failed.Message);
        writer.WriteString("signature", failed.Signature);
        writer.WriteString("catalog_entry_id", entry?.Code);
        writer.WriteString("match_type", failed.Match.ToString().ToLowerInvariant());
        writer.WriteNumber("match_confidence", FailureMatch.Of(failed.Match));
        writer.WriteString("category", entry is null ? null : Of(entry.Category));
        writer.WriteString("severity", entry is null ? null : Of(FailureTraits.SeverityOf(entry)));
        writer.WriteBoolean("is_retryable", failed.Retryable);
        writer.WriteString("recovery_mode", entry is null ? null : Of(FailureTraits.RecoveryOf(entry)));
        writer.WriteString("recovery_suggestion", entry?.Advice);
        writer.WriteNumber("attempts", kept.Attempts);
        Recovery(writer, kept);
        writer.WriteString("tenant_id", failed.Tenant.Value);
        writer.WriteString("created_at", kept.FirstAt);
        writer.WriteString("updated_at", kept.RecoveredAt is { } at && at > failed.At ? at : failed.At);
        writer.WriteEndObject();
    }

    internal static void Recovery(Utf8JsonWriter writer, KeptFailure kept)
    {
        writer.WriteBoolean("recovery_attempted", kept.Attempted);
        writer.WriteBoolean("recovery_succeeded", kept.Recovered);
        if (kept.RecoveredAt is { } at) writer.WriteString("recovered_at", at);
        else writer.WriteNull("recovered_at");
        writer.WriteString("recovered_by", kept.RecoveredBy);
        writer.WriteString("recovery_notes", kept.Notes);
    }
}
