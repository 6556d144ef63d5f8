using System.Globalization;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Runs;

/// <summary>What a turn's events say of failed steps, as rows for the append that stores them.</summary>
internal sealed class FailedSteps(IFailures catalog)
{
    /// <summary>Items of one list that have rows of their own: the first ones. What fails beyond is counted, and shows in the step.</summary>
    internal const int ItemsMax = 100;

    /// <param name="next">After the events.</param>
    internal JournalAppend Add(JournalAppend append, RunState next, IReadOnlyList<RunEvent> events)
    {
        List<FailedStep>? failed = null;
        List<RecoveredStep>? recovered = null;
        for (var i = 0; i < events.Count; i++)
        {
            var seq = append.ExpectedSeq + i + 1;
            if (Failed(next, append.Row, events, i, seq) is { } one)
            {
                failed ??= [];
                failed.RemoveAll(other => other.Place == one.Place); // A row is written once in a statement; the newest counts.
                failed.Add(one);
            }
            else if (Recovered(next, append.Row.Id, events[i], seq) is { } again) (recovered ??= []).Add(again);
        }

        return failed is null && recovered is null ? append : append with { Failures = failed ?? [], Recovered = recovered ?? [] };
    }

    /// <summary>Counts what an append has stored.</summary>
    /// <param name="before">The run before its events.</param>
    internal void Stored(JournalAppend append, RunState before)
    {
        if (append.Failures.Count > 0) catalog.Kept(append.Failures);
        foreach (var one in append.Recovered)
        {
            if (before.Start is not null && HadFailed(before, one.Place) is { } failure) catalog.Recovered(failure.Code);
        }
    }

    /// <summary>What the newest call at a place had failed with.</summary>
    private static Failure? HadFailed(RunState before, string place)
    {
        if (!EffectId.TryParse(place.Contains('.', StringComparison.Ordinal) ? $"{place}.0" : $"{place}.-1.0", out var effect)) return null;
        return Call(before, effect)?.Outcome is { Ok: false } outcome ? outcome.Failure : null;
    }

    private FailedStep? Failed(RunState next, RunRow row, IReadOnlyList<RunEvent> events, int i, int seq) => events[i] switch
    {
        CallFailed call when call.Effect.Item < ItemsMax => Of(next, row, seq, call.At, Place(call.Effect), call.Effect, call.Outcome.Failure!, call.RetryAt is not null),
        CallFailed => Left(),
        CallUnknown unknown when unknown.Effect.Item < ItemsMax =>
            Of(next, row, seq, unknown.At, Place(unknown.Effect), unknown.Effect, FailureCatalog.Fail("OUTCOME_UNKNOWN", unknown.Why), false),
        StepEnded { Status: StepStatus.Failed, Failure: { } failure } ended when !IsTold(events, i, ended.Step) =>
            Of(next, row, seq, ended.At, string.Create(CultureInfo.InvariantCulture, $"s{ended.Step}"), new EffectId(ended.Step, -1, 0), failure, false),
        _ => null,
    };

    private FailedStep? Left()
    {
        catalog.LeftOut();
        return null;
    }

    /// <summary>The call whose failure ends the step stands in the same turn, and has its row.</summary>
    private static bool IsTold(IReadOnlyList<RunEvent> events, int before, int step)
    {
        for (var i = 0; i < before; i++)
        {
            if (events[i] is CallFailed { RetryAt: null } call && call.Effect.Step == step && call.Effect.Item < ItemsMax) return true;
        }

        return false;
    }

    private FailedStep Of(RunState next, RunRow row, int seq, DateTimeOffset at, string place, EffectId effect, Failure failure, bool retried)
    {
        var step = next.Plan.Steps[effect.Step];
        var skill = Call(next, effect)?.Started?.Skill ?? step.Skill;
        var match = catalog.Classify(failure.Code, StatusOf(failure), failure.Message);
        var (code, message) = (FailedStep.Clean(failure.Code, FailedStep.NameMax), FailedStep.Clean(Redactor.RedactText(failure.Message), FailedStep.MessageMax));
        return new FailedStep
        {
            Run = row.Id, Tenant = row.Tenant, Place = place, Seq = seq, At = at, Step = FailedStep.Clean(step.Id, FailedStep.NameMax), AgentId = FailedStep.Clean(row.AgentId, FailedStep.NameMax),
            Skill = skill is null ? null : FailedStep.Clean(skill, FailedStep.NameMax), Code = code, Message = message, Entry = match.Entry?.Code, Match = match.Kind,
            Retryable = failure.Retryable, Retried = retried, Signature = FailureSignature.Of(code, skill, message),
        };
    }

    /// <summary>What succeeded after it had failed: in this attempt, in one before, or for a person who looked.</summary>
    private static RecoveredStep? Recovered(RunState next, RunId run, RunEvent e, int seq) => e switch
    {
        CallSucceeded done when done.Effect.Item < ItemsMax && (next.Attempt > 1 || Call(next, done.Effect) is { Attempts: > 1 } or { Generation: > 0 }) =>
            new RecoveredStep(run, Place(done.Effect), seq, done.At, next.Attempt > 1 ? "run retry" : "retry"),
        CallResolved { Verdict: ResolveVerdict.Done } resolved when resolved.Effect.Item < ItemsMax => new RecoveredStep(run, Place(resolved.Effect), seq, resolved.At, "resolve"),
        _ => null,
    };

    private static CallState? Call(RunState state, EffectId effect)
    {
        var step = state.Steps[effect.Step];
        if (effect.Compensation) return step.Compensation;
        var index = Math.Max(effect.Item, 0);
        return index < step.Calls.Length ? step.Calls[index] : null;
    }

    private static string Place(EffectId effect) => effect.Item < 0
        ? string.Create(CultureInfo.InvariantCulture, $"{(effect.Compensation ? "c" : "s")}{effect.Step}")
        : string.Create(CultureInfo.InvariantCulture, $"{(effect.Compensation ? "c" : "s")}{effect.Step}.{effect.Item}");

    /// <summary>What a peer answered with, where the failure says so.</summary>
    private static int? StatusOf(Failure failure) =>
        failure.Details is { ValueKind: System.Text.Json.JsonValueKind.Object } details
        && (details.Get("upstream_status") ?? details.Get("status")) is { ValueKind: System.Text.Json.JsonValueKind.Number } status && status.TryGetInt32(out var number) ? number : null;
}
