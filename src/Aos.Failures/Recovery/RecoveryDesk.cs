using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Failures;

/// <summary>Implements the door to ways to recover.</summary>
internal sealed class RecoveryDesk(
    RecoveryTable table, RecoveryResults results, RecoveryHistory history, RecoveryOutcomes outcomes, RecoveryOrders orders, FailureTable failures, IFailures catalog, IRuns runs, RecoveryMeter meter,
    ICluster cluster) : IRecovery
{
    /// <summary>Outcomes that a proposal names.</summary>
    private const int EvidenceMax = 10;

    /// <summary>Kept failures of a run that are looked at.</summary>
    private const int KeptMax = 200;

    public async Task<(RecoveryProposal? Proposal, Failure? Refusal)> SuggestAsync(Caller caller, RecoveryQuestion question, CancellationToken cancel)
    {
        await outcomes.SettleAsync(caller.Tenant, cancel);
        var (subject, refusal) = await SubjectAsync(caller, question, cancel);
        if (subject is null) return (null, refusal);
        var past = await history.OfAsync(caller.Tenant, subject, cancel);
        var now = cluster.Now;
        var options = RecoveryRanking.Of(subject, past, now);
        var made = new RecoveryCandidate
        {
            Id = Guid.CreateVersion7(now), Tenant = caller.Tenant, Code = FailedStep.Clean(subject.Code, FailedStep.NameMax), Entry = subject.Entry, Skill = subject.Skill, Signature = subject.Signature,
            Failure = subject.Kept?.Id, Run = subject.State?.Start!.Run, Attempt = subject.State?.Attempt, Action = options[0].Action, Confidence = options[0].Confidence, ProposedBy = caller.Principal,
            CreatedAt = now,
        };
        await table.AddAsync(made, cancel);
        meter.Suggested(made.Action.Kind, made.Entry);
        var evidence = RecoveryRanking.Evidence(subject, made.Action.Kind, past);
        return (new RecoveryProposal(made, subject.Match, [.. options.Skip(1)], [.. evidence.Take(EvidenceMax)], evidence.Count), null);
    }

    public async Task<(IReadOnlyList<RecoveryCandidate> Candidates, long Total)> ListAsync(Caller caller, RecoveryFilter filter, int limit, int offset, CancellationToken cancel)
    {
        await outcomes.SettleAsync(caller.Tenant, cancel);
        return await table.ListAsync(caller.Tenant, filter, limit, offset, cancel);
    }

    public async Task<(RecoveryCandidate Candidate, IReadOnlyList<RecoveryDecision> Decisions)?> FindAsync(Caller caller, Guid id, CancellationToken cancel)
    {
        await outcomes.SettleAsync(caller.Tenant, cancel);
        var found = await table.FindAsync(caller.Tenant, id, cancel);
        var decisions = await table.DecisionsAsync(caller.Tenant, id, cancel);
        return found is null ? null : (found, decisions);
    }

    public async Task<(RecoveryCandidate? Candidate, Failure? Refusal)> DecideAsync(Caller caller, Guid id, bool approved, string? note, RecoveryAction? action, CancellationToken cancel)
    {
        if (await table.FindAsync(caller.Tenant, id, cancel) is not { } found) return (null, Unknown(id));
        if (approved && await UnfitAsync(caller, found, action ?? found.Action, cancel) is { } unfit) return (null, unfit);
        var decision = new RecoveryDecision(
            approved ? RecoveryStatus.Approved : RecoveryStatus.Rejected, caller.Principal, note is null ? null : Redactor.RedactText(note), action ?? found.Action, cluster.Now);
        var (candidate, isDecided) = await table.DecideAsync(caller.Tenant, id, decision, cancel);
        if (candidate is null) return (null, Unknown(id));
        if (!isDecided) return (null, FailureCatalog.Fail("INVALID_STATE", $"Suggestion {id} is {RecoveryRows.Text(candidate.Status)} already: it is decided about once."));
        meter.Decided(candidate.Action.Kind, approved);
        return (candidate, null);
    }

    public async Task<IReadOnlyList<RecoveryCount>> CountAsync(Caller caller, DateTimeOffset? since, int codes, CancellationToken cancel)
    {
        await outcomes.SettleAsync(caller.Tenant, cancel);
        return await results.CountAsync(caller.Tenant, since, codes, cancel);
    }

    public async Task<(RunId? Run, Failure? Refusal)> ApplyAsync(Caller caller, RunId run, RecoveryCandidate candidate, string? reason, CancellationToken cancel)
    {
        if (await runs.ReadAsync(caller, run, cancel) is not { } state) return (null, RecoveryOrders.Gone(run));
        if (orders.Refusal(candidate, state) is { } refusal) return (null, refusal);
        cancel.ThrowIfCancellationRequested();
        // It is done once: whoever asked and goes away now must not leave it half done.
        return await ApplyAsync(caller, candidate, state, reason ?? $"suggestion {candidate.Id}: {candidate.Action.Kind.Wire()}");
    }

    private async Task<(RunId?, Failure?)> ApplyAsync(Caller caller, RecoveryCandidate candidate, RunState state, string reason)
    {
        var (id, action) = (candidate.Id, candidate.Action);
        var (target, attempt) = action.IsFork ? ((RunId?)null, (int?)null) : (state.Start!.Run, state.Attempt + 1);
        var applied = new RecoveryDecision(RecoveryStatus.Applied, caller.Principal, null, action, cluster.Now);
        if (!await table.TakeAsync(caller.Tenant, id, applied, target, attempt, CancellationToken.None))
            return (null, FailureCatalog.Fail("INVALID_STATE", $"Suggestion {id} was applied by somebody else just now."));
        // What throws from here on may have happened or not: how the run stands will tell.
        var (went, why) = await orders.DoAsync(caller, candidate, state, reason, CancellationToken.None);
        if (went is not { } goes) await table.GiveBackAsync(caller.Tenant, id, applied with { Decision = RecoveryStatus.Approved, Note = $"The run did not take it: {why!.Code}." }, CancellationToken.None);
        else if (action.IsFork) await table.ForkedAsync(caller.Tenant, id, goes, CancellationToken.None);
        return (went, why);
    }

    /// <summary>Why an action could never be applied to the run that it is for: it leaves something open, or the plan has no place for it. It is decided about once, so that is told before.</summary>
    private async Task<Failure?> UnfitAsync(Caller caller, RecoveryCandidate candidate, RecoveryAction action, CancellationToken cancel) =>
        candidate is { Status: RecoveryStatus.Proposed, Run: { } run } && action.IsFork && await runs.ReadAsync(caller, run, cancel) is { } state ? PlanChange.Of(state.Plan, action).Wrong : null;

    private async Task<(RecoverySubject?, Failure?)> SubjectAsync(Caller caller, RecoveryQuestion question, CancellationToken cancel)
    {
        if (question.Failure is { } id)
        {
            return await failures.FindAsync(caller.Tenant, id, cancel) is { } kept
                ? (RecoverySubject.Of(kept, await runs.ReadAsync(caller, kept.Failed.Run, cancel)), null)
                : (null, FailureCatalog.Fail("NOT_FOUND", $"There is no failure {id}."));
        }

        if (question.Run is { } run)
        {
            if (await runs.ReadAsync(caller, run, cancel) is not { } state) return (null, RecoveryOrders.Gone(run));
            var (kept, _) = await failures.ListAsync(caller.Tenant, new FailureFilter { Run = run, Recovered = false }, false, KeptMax, 0, cancel);
            return RecoverySubject.Of(state, kept, catalog) is { } found
                ? (found, null)
                : (null, FailureCatalog.Fail("INVALID_STATE", $"Only a failed or cancelled run can be recovered; this one is {state.Status.Wire()}."));
        }

        var match = catalog.Classify(question.Code, question.HttpStatus, question.Message, question.Exception);
        var code = question.Code ?? match.Entry?.Code ?? "UNKNOWN_ERROR";
        return (new RecoverySubject(match, code, question.Message ?? "", question.Skill, null, -1), null);
    }

    private static Failure Unknown(Guid id) => FailureCatalog.Fail("NOT_FOUND", $"There is no suggestion {id}.");
}
