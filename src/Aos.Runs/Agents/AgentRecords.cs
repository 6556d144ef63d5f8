using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Runs;

/// <summary>What agents did, folded from the journals: nothing of it is stored a second time.</summary>
internal sealed class AgentRecords(IRuns runs, IRunRows rows, IJournal journal, ISkills skills) : IRecords
{
    /// <summary>Runs that one recollection looks through.</summary>
    internal const int RunsMax = 1_000;

    private const int Page = 100;

    public async Task<IReadOnlyList<RunRecord>> RunsAsync(Caller caller, string agent, int limit, CancellationToken cancel)
    {
        var records = new List<RunRecord>();
        await foreach (var row in RowsAsync(caller, agent, limit, cancel))
        {
            if (await runs.ReadAsync(caller, row.Id, cancel) is { } state) records.Add(new RunRecord(row, state, state.Attempt));
        }

        return records;
    }

    public async Task<RunRecord?> RunAsync(Caller caller, string agent, RunId run, CancellationToken cancel) =>
        await rows.GetAsync(caller.Tenant, run, cancel) is { } row && string.Equals(row.AgentId, agent, StringComparison.Ordinal)
        && await runs.ReadAsync(caller, run, cancel) is { } state
            ? new RunRecord(row, state, state.Attempt)
            : null;

    public async Task<IReadOnlyList<RunRecord>> ProvenanceAsync(Caller caller, string agent, int limit, CancellationToken cancel)
    {
        var records = new List<RunRecord>();
        await foreach (var row in RowsAsync(caller, agent, RunsMax, cancel))
        {
            records.AddRange((await AttemptsAsync(row, cancel)).Reverse());
            if (records.Count >= limit) break;
        }

        return [.. records.Take(limit)];
    }

    public async Task<RunRecord?> ProvenanceAsync(Caller caller, string agent, RunId run, int attempt, CancellationToken cancel) =>
        await rows.GetAsync(caller.Tenant, run, cancel) is { } row && string.Equals(row.AgentId, agent, StringComparison.Ordinal)
            ? (await AttemptsAsync(row, cancel)).FirstOrDefault(record => record.Attempt == attempt)
            : null;

    public async Task<IReadOnlyList<Recollection>> RecallAsync(Caller caller, string agent, string text, int k, CancellationToken cancel)
    {
        var found = new List<Recollection>();
        await foreach (var row in RowsAsync(caller, agent, RunsMax, cancel))
        {
            if (await runs.ReadAsync(caller, row.Id, cancel) is not { } state) continue;
            foreach (var step in Enumerable.Range(0, state.Steps.Length).Reverse())
            {
                if (Recollected(row, state, step) is { } one && one.Text.Contains(text, StringComparison.OrdinalIgnoreCase)) found.Add(one);
                if (found.Count == k) return found;
            }
        }

        return found;
    }

    public async Task<IReadOnlyList<RunRecord>> FailedAsync(Caller caller, int limit, CancellationToken cancel)
    {
        var records = new List<RunRecord>();
        foreach (var row in await rows.ListAsync(new RunFilter(caller.Tenant, Statuses: [RunStatus.Failed], Limit: limit), cancel))
        {
            if (await runs.ReadAsync(caller, row.Id, cancel) is { } state) records.Add(new RunRecord(row, state, state.Attempt));
        }

        return [.. records.OrderByDescending(record => record.Row.EndedAt)];
    }

    public async Task<(RunId Run, RunRow? Before, Failure? Refusal)> AgainAsync(Caller caller, RunId run, string reason, CancellationToken cancel)
    {
        if (await rows.GetAsync(caller.Tenant, run, cancel) is not { } row || await runs.ReadAsync(caller, run, cancel) is not { } state)
            return (run, null, FailureCatalog.Fail("RUN_NOT_FOUND", "Run not found"));
        switch (state.Status)
        {
            case RunStatus.Failed or RunStatus.Cancelled:
                return (run, row, await runs.CommandAsync(caller, run, new RetryRun(reason), cancel) is CommandReply.Refused refused ? refused.Why : null);
            case RunStatus.Succeeded:
                return await FreshAsync(caller, row, state, reason, cancel);
            default:
                return (run, row, FailureCatalog.Fail(
                    "INVALID_STATE", $"The run is {state.Status.Wire()}; only runs that are failed, cancelled or succeeded can be run again."));
        }
    }

    private async Task<(RunId Run, RunRow? Before, Failure? Refusal)> FreshAsync(Caller caller, RunRow row, RunState state, string reason, CancellationToken cancel)
    {
        var start = state.Start!;
        var reading = skills.ReadPlan(start.Plan.Source, links: WorkflowLinks.Of(start.Plan));
        if (reading.Plan is not { } plan) return (row.Id, row, FailureCatalog.Fail("INVALID_PLAN", $"The plan cannot run any more: {reading.Problems[0].Message}"));
        var labels = new Dictionary<string, string>(start.Labels, StringComparer.Ordinal) { ["rerun_of"] = row.Id.ToString(), ["rerun_reason"] = reason };
        var request = new StartRequest(row.AgentId, plan, start.Inputs, start.Seed, start.Budget, labels, null, row.Goal, start.Workflow);
        return await runs.StartAsync(caller, request, cancel) switch
        {
            StartReply.Started started => (started.Run, row, null),
            StartReply.Refused refused => (row.Id, row, refused.Why),
            var other => throw new InvariantBrokenException($"A run without a key was answered with {other}."),
        };
    }

    /// <summary>The state at the end of each ended attempt, oldest first.</summary>
    private async Task<IReadOnlyList<RunRecord>> AttemptsAsync(RunRow row, CancellationToken cancel)
    {
        var records = new List<RunRecord>();
        var state = RunState.Empty;
        foreach (var entry in await journal.ReadAsync(row.Id, 0, int.MaxValue, cancel))
        {
            var e = EventCodec.Decode(row.Id, entry);
            state = RunMachine.Evolve(state, e);
            if (e is RunEnded) records.Add(new RunRecord(row, state, state.Attempt));
        }

        return records;
    }

    private static Recollection? Recollected(RunRow row, RunState state, int index)
    {
        var (plan, step) = (state.Plan.Steps[index], state.Steps[index]);
        return plan.Skill is { } skill && step.Result is { } result
            ? new Recollection(
                $"{row.Id}.{plan.Id}", "Skill result: " + CanonicalJson.Text(Redactor.RedactAll(result, Redaction.Secrets)), skill, plan.Id, row.Id, step.EndedAt ?? state.LastAt)
            : null;
    }

    /// <summary>Rows of the agent, newest first.</summary>
    private async IAsyncEnumerable<RunRow> RowsAsync(
        Caller caller, string agent, int max, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        RunId? before = null;
        for (var count = 0; count < max;)
        {
            var page = await rows.ListAsync(new RunFilter(caller.Tenant, agent, Before: before, Limit: Math.Min(Page, max - count)), cancel);
            foreach (var row in page) yield return row;
            if (page.Count < Page) yield break;
            count += page.Count;
            before = page[^1].Id;
        }
    }
}
