using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary>Suggestions as they go over the wire.</summary>
internal static class RecoveryWire
{
    internal static void Write(Utf8JsonWriter writer, RecoveryProposal proposal)
    {
        var made = proposal.Candidate;
        writer.WriteStartObject();
        writer.WritePropertyName("matched_entry");
        if (made.Entry is { } entry) FailureWire.Write(writer, entry);
        else writer.WriteNullValue();
        writer.WriteString("match_type", proposal.Match.Kind.ToString().ToLowerInvariant());
        writer.WriteNumber("match_confidence", proposal.Match.Confidence);
        Members(writer, made);
        writer.WriteStartArray("alternatives");
        foreach (var option in proposal.Alternatives) Write(writer, option);
        writer.WriteEndArray();
        writer.WriteNumber("outcomes", proposal.Outcomes);
        writer.WriteStartArray("evidence");
        foreach (var one in proposal.Evidence) Write(writer, one);
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    internal static void Write(Utf8JsonWriter writer, RecoveryCandidate candidate, IReadOnlyList<RecoveryDecision>? decisions = null)
    {
        writer.WriteStartObject();
        Members(writer, candidate);
        if (decisions is not null)
        {
            writer.WriteStartArray("decisions");
            foreach (var one in decisions) Write(writer, one);
            writer.WriteEndArray();
        }

        writer.WriteEndObject();
    }

    /// <summary>How a code recovers, in the words of the catalog; of one that nobody knows NONE.</summary>
    internal static string ModeOf(FailureEntry? entry) => entry is null ? "NONE" : FailureWire.Of(FailureTraits.RecoveryOf(entry));

    private static void Members(Utf8JsonWriter writer, RecoveryCandidate made)
    {
        writer.WriteString("id", made.Id);
        writer.WriteString("status", made.Status.ToString().ToLowerInvariant());
        writer.WriteString("suggested_recovery", RecoveryActions.Text(made.Action));
        writer.WritePropertyName("action");
        RecoveryActions.Write(writer, made.Action);
        writer.WriteNumber("confidence", made.Confidence);
        writer.WriteString("error_code", made.Code);
        writer.WriteString("catalog_entry_id", made.Entry?.Code);
        writer.WriteString("recovery_mode", ModeOf(made.Entry));
        writer.WriteString("skill_id", made.Skill);
        writer.WriteString("failure_id", made.Failure?.ToString("D"));
        writer.WriteString("run_id", made.Run?.ToString());
        if (made.Attempt is { } attempt) writer.WriteNumber("attempt", attempt);
        else writer.WriteNull("attempt");
        writer.WriteString("proposed_by", made.ProposedBy);
        writer.WriteString("created_at", made.CreatedAt);
        writer.WriteString("decided_by", made.DecidedBy);
        Time(writer, "decided_at", made.DecidedAt);
        writer.WriteString("note", made.Note);
        writer.WriteString("applied_by", made.AppliedBy);
        Time(writer, "applied_at", made.AppliedAt);
        writer.WriteString("applied_run_id", made.AppliedRun?.ToString());
        writer.WriteString("outcome", made.Result?.ToString().ToLowerInvariant());
        Time(writer, "ended_at", made.EndedAt);
    }

    private static void Write(Utf8JsonWriter writer, RecoveryOption option)
    {
        writer.WriteStartObject();
        writer.WriteString("suggested_recovery", RecoveryActions.Text(option.Action));
        writer.WritePropertyName("action");
        RecoveryActions.Write(writer, option.Action);
        writer.WriteNumber("confidence", option.Confidence);
        writer.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter writer, RecoveryEvidence one)
    {
        writer.WriteStartObject();
        writer.WriteString("failure_id", one.Failure?.ToString("D"));
        writer.WriteString("run_id", one.Run?.ToString());
        writer.WriteString("suggestion_id", one.Suggestion?.ToString("D"));
        writer.WriteBoolean("recovered", one.Recovered);
        writer.WriteString("at", one.At);
        writer.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter writer, RecoveryDecision decision)
    {
        writer.WriteStartObject();
        writer.WriteString("decision", decision.Decision.ToString().ToLowerInvariant());
        writer.WriteString("by", decision.By);
        writer.WriteString("at", decision.At);
        writer.WriteString("note", decision.Note);
        writer.WritePropertyName("action");
        RecoveryActions.Write(writer, decision.Action);
        writer.WriteEndObject();
    }

    private static void Time(Utf8JsonWriter writer, string name, DateTimeOffset? at)
    {
        if (at is { } time) writer.WriteString(name, time);
        else writer.WriteNull(name);
    }
}
