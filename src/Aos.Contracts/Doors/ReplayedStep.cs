using System.Collections.Immutable;
using Aos.Kernel;

namespace Aos.Contracts;

/// <summary>What became of one step at a replay.</summary>
public enum ReplayAction
{
    /// <summary>Called again, not compared.</summary>
    Executed,

    /// <summary>Its recorded outcome stands.</summary>
    Skipped,

    /// <summary>Compared, and the same.</summary>
    Checked,

    /// <summary>Compared, and different.</summary>
    Mismatch,
}

/// <summary>One finished step of a run that was replayed.</summary>
/// <param name="Name">Its skill, or what it does: <c>wait</c>, <c>await</c>, <c>run</c>.</param>
/// <param name="Reason">One sentence.</param>
public sealed record ReplayedStep(int Index, string Id, string Name, ReplayAction Action, string Reason)
{
    /// <summary>Hash of the recorded outcome where it differs, 64 hex digits; null: it does not, or was not compared.</summary>
    public string? Recorded { get; init; }

    /// <summary>Hash of the outcome that came now.</summary>
    public string? Now { get; init; }

    public static ReplayedStep Of(RunState state, int index, ReplayAction action, string reason) =>
        new(index, state.Plan.Steps[index].Id, StepView.Skill(state.Plan.Steps[index]), action, reason);

    /// <summary>The steps of a replay that calls nothing.</summary>
    /// <param name="isDecided">False: the record was read only.</param>
    /// <param name="divergence">Index of the first step that is not as decided, or null.</param>
    public static ImmutableArray<ReplayedStep> OfRecord(RunState state, bool isDecided, int? divergence) =>
    [
        .. Enumerable.Range(0, state.Steps.Length).Where(i => state.Steps[i].Status.IsOver() || i == divergence).Select(i =>
            !isDecided ? Of(state, i, ReplayAction.Skipped, "The record was read; nothing was decided or called.")
            : divergence is { } at && i >= at ? Of(state, i, ReplayAction.Mismatch, "The machine decides otherwise from here on.")
            : Of(state, i, ReplayAction.Checked, "Decided again from the recorded facts: the same.")),
    ];
}
