using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Failures;

/// <summary>A failure that a way out of is looked for, with what is known around it.</summary>
/// <param name="Code">As it failed, else the catalog's.</param>
/// <param name="State">The run that failed so; null: none is named.</param>
/// <param name="Step">The step that failed; -1: the run as a whole, or nobody knows.</param>
internal sealed record RecoverySubject(FailureMatch Match, string Code, string Message, string? Skill, RunState? State, int Step)
{
    internal KeptFailure? Kept { get; init; }

    internal FailureEntry? Entry => Match.Entry;

    /// <summary>Of what nobody knows it is what its words speak for.</summary>
    internal RecoveryMode Mode => Entry is { } entry ? FailureTraits.RecoveryOf(entry) : Suggestions.Of(Code, Message).Recovery;

    internal string? Signature => Kept?.Failed.Signature;

    /// <summary>What failed in the run: the run itself where its end has a cause of its own, else its newest failure that is kept.</summary>
    internal static RecoverySubject? Of(RunState state, IReadOnlyList<KeptFailure> kept, IFailures catalog)
    {
        if (state.Status is not (RunStatus.Failed or RunStatus.Cancelled) || state.End?.Failure is not { } end) return null;
        var one = kept.FirstOrDefault(row => row.Failed.Code == end.Code) ?? (IsOfRun(end.Code) ? null : kept.FirstOrDefault());
        if (one is not null) return Of(one, state);
        var step = Failing(state);
        return new RecoverySubject(catalog.Classify(end.Code, null, end.Message), end.Code, end.Message, IsOfRun(end.Code) || step < 0 ? null : state.Plan.Steps[step].Skill, state, IsOfRun(end.Code) ? -1 : step);
    }

    /// <param name="state">Null: the run is not there any more.</param>
    internal static RecoverySubject Of(KeptFailure kept, RunState? state)
    {
        var failed = kept.Failed;
        var match = new FailureMatch(kept.Entry, failed.Match, "As it was kept.");
        return new RecoverySubject(match, failed.Code, failed.Message, failed.Skill, state, state?.Plan.IndexOf(failed.Step) ?? -1) { Kept = kept };
    }

    /// <summary>Ends that no step brought about.</summary>
    private static bool IsOfRun(string code) => code is "RUN_TIMEOUT" or "CANCELLED" or "EMERGENCY_STOP";

    private static int Failing(RunState state)
    {
        for (var i = state.Steps.Length - 1; i >= 0; i--)
        {
            if (state.Steps[i].Status == StepStatus.Failed) return i;
        }

        return -1;
    }
}
