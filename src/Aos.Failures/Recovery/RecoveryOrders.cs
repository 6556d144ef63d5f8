using System.Security.Cryptography;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Failures;

/// <summary>Does to a run what was approved: tries it again, or forks it with another plan or budget. The journal of that run names the suggestion.</summary>
internal sealed class RecoveryOrders(IRuns runs, IForks forks, ICluster cluster)
{
    /// <summary>Why an approved suggestion cannot be applied to this run as it stands, or null.</summary>
    internal Failure? Refusal(RecoveryCandidate candidate, RunState state)
    {
        var run = state.Start!.Run;
        if (candidate.Run is not { } meant) return Conflict($"Suggestion {candidate.Id} is for no run: ask for one with failure_id or run_id.");
        if (meant != run) return Conflict($"Suggestion {candidate.Id} is for run {meant}.");
        if (candidate.Status == RecoveryStatus.Applied) return Conflict($"Suggestion {candidate.Id} was applied already{(candidate.AppliedRun is { } to ? $", to run {to}" : "")}: ask for another one.");
        if (candidate.Status == RecoveryStatus.Proposed) return Conflict($"Suggestion {candidate.Id} is proposed; it is applied once somebody approved it: aos recovery approve {candidate.Id}");
        if (candidate.Status != RecoveryStatus.Approved) return Conflict($"Suggestion {candidate.Id} is {RecoveryRows.Text(candidate.Status)}; ask for a new one: aos recovery suggest --run {run}");
        if (candidate.Action.Kind == RecoveryKind.Abort) return Conflict($"Suggestion {candidate.Id} is to do nothing: there is nothing to apply.");
        if (state.Status is not (RunStatus.Failed or RunStatus.Cancelled)) return Conflict($"Only a failed or cancelled run can be recovered; this one is {state.Status.Wire()}.");
        if (candidate.Attempt != state.Attempt) return Conflict($"Suggestion {candidate.Id} is for attempt {candidate.Attempt}; the run is at attempt {state.Attempt} by now.");
        if (candidate.Action is { Kind: RecoveryKind.RetryLater, DelayMs: { } delay } && state.EndedAt + TimeSpan.FromMilliseconds(delay) - cluster.Now is { } left && left > TimeSpan.Zero)
            return FailureCatalog.Fail("INVALID_STATE", $"The run is tried again {delay} ms after it ended, not yet.", left);
        return candidate.Action.IsFork ? PlanChange.Of(state.Plan, candidate.Action).Wrong : null;
    }

    /// <summary>Does it. Replies the run that goes on, or why the run did not take it.</summary>
    internal Task<(RunId? Run, Failure? Refusal)> DoAsync(Caller caller, RecoveryCandidate candidate, RunState state, string reason, CancellationToken cancel) =>
        candidate.Action.IsFork ? ForkAsync(caller, candidate, state, reason, cancel) : RetryAsync(caller, candidate, state, reason, cancel);

    private async Task<(RunId?, Failure?)> RetryAsync(Caller caller, RecoveryCandidate candidate, RunState state, string reason, CancellationToken cancel)
    {
        var run = state.Start!.Run;
        return await runs.CommandAsync(caller, run, new RetryRun(reason) { Of = state.Attempt, Suggestion = candidate.Id }, cancel) switch
        {
            CommandReply.Done => (run, null),
            CommandReply.Refused refused => (null, refused.Why),
            _ => (null, Gone(run)),
        };
    }

    private async Task<(RunId?, Failure?)> ForkAsync(Caller caller, RecoveryCandidate candidate, RunState state, string reason, CancellationToken cancel)
    {
        var (run, action) = (state.Start!.Run, candidate.Action);
        var (plan, wrong) = PlanChange.Of(state.Plan, action);
        if (plan is null) return (null, wrong);
        var from = action.Step is { } step && !state.Plan.Steps[state.Plan.IndexOf(step)].FallbackOnly ? step : null;
        var reply = await forks.ForkAsync(
            caller, run,
            new ForkRequest(from, from is null ? state.Seq : null)
            {
                Plan = plan, Reason = reason, Suggestion = candidate.Id, Budget = action.Kind == RecoveryKind.RaiseBudget ? new Cents(action.BudgetCents!.Value) : null,
                Key = ("recovery", FailedStep.Text(candidate.Id), SHA256.HashData(candidate.Id.ToByteArray())), // Once, whatever is repeated.
            },
            cancel);
        return reply switch
        {
            StartReply.Started started => (started.Run, null),
            StartReply.Existing existing => (existing.Run, null),
            StartReply.Refused refused => (null, refused.Why),
            null => (null, Gone(run)),
            var other => throw new InvariantBrokenException($"A fork was answered with {other}."),
        };
    }

    private static Failure Conflict(string message) => FailureCatalog.Fail("INVALID_STATE", message);

    internal static Failure Gone(RunId run) => FailureCatalog.Fail("RUN_NOT_FOUND", $"There is no run {run}.");
}
