using System.Diagnostics.Metrics;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Failures;

/// <summary>Counts suggestions and what became of them. Labels are codes of the catalog, kinds of actions and their results alone.</summary>
internal sealed class RecoveryMeter
{
    private readonly Counter<long> suggested;
    private readonly Counter<long> decided;
    private readonly Counter<long> applied;

    public RecoveryMeter(IMeterFactory factory)
    {
        var meter = factory.Create("Aos.Recovery");
        suggested = meter.CreateCounter<long>("recovery_suggestion_total", null, "Suggestions how to recover, by action and error_code (UNMATCHED: not of the catalog).");
        decided = meter.CreateCounter<long>("recovery_decision_total", null, "Suggestions that people decided about, by action and decision (approved, rejected).");
        applied = meter.CreateCounter<long>("recovery_applied_total", null, "Suggestions that were applied, by action and outcome (succeeded, failed, cancelled, unknown).");
    }

    internal void Suggested(RecoveryKind kind, FailureEntry? entry) => suggested.Add(1, Tag("action", kind.Wire()), Tag("error_code", entry?.Code ?? "UNMATCHED"));

    internal void Decided(RecoveryKind kind, bool approved) => decided.Add(1, Tag("action", kind.Wire()), Tag("decision", approved ? "approved" : "rejected"));

    internal void Ended(RecoveryKind kind, RecoveryResult result) => applied.Add(1, Tag("action", kind.Wire()), Tag("outcome", RecoveryRows.Text(result)));

    private static KeyValuePair<string, object?> Tag(string name, string value) => new(name, value);
}
