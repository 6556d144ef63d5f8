using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Memory;

/// <summary>Implements the door of recall.</summary>
internal sealed class RecallBook(
    NoteTable table, VectorTable waiting, NoteIndexes indexes, ModelVectors vectors, EmbeddingQuota quota, NoteRules rules, RecallOptions options, RecallMeter meter, TimeProvider clock,
    IQuotas? quotas = null) : IRecall
{
    private const int ForgetBatch = 500;

    public async Task<(NoteMade? Made, Failure? Refusal)> AddAsync(Caller caller, NoteWish wish, CancellationToken cancel)
    {
        var refusal = NoteRules.Problem(wish) ?? OtherAgent(caller, wish.Agent) ?? (quotas is null ? null : await quotas.FullAsync(caller.Tenant, cancel));
        var (made, full) = refusal is null ? await table.AddAsync(caller.Tenant, rules.Draft(wish), cancel) : (null, refusal);
        meter.Done("add", made is null ? "refused" : made.IsNew ? "success" : "existing");
        return (made, full);
    }

    public async Task<Note?> FindAsync(Caller caller, Guid id, CancellationToken cancel) => Seen("get", Visible(caller, await table.FindAsync(caller.Tenant, id, cancel)));

    public async Task<IReadOnlyList<Note>> ListAsync(Caller caller, NoteFilter filter, Guid? before, int limit, CancellationToken cancel)
    {
        var notes = await table.ListAsync(caller.Tenant, Narrowed(caller, filter), before, limit, cancel);
        meter.Done("list", "success");
        return notes;
    }

    public async Task<Note?> DeleteAsync(Caller caller, Guid id, CancellationToken cancel)
    {
        if (caller.AgentId is not null && Visible(caller, await table.FindAsync(caller.Tenant, id, cancel)) is null) return Seen("delete", null);
        return Seen("delete", await table.DeleteAsync(caller.Tenant, id, cancel));
    }

    public async Task<int> ForgetAsync(Caller caller, ForgetWish wish, CancellationToken cancel)
    {
        if (wish is { Agent: null, Run: null, Before: null }) throw new ArgumentException("Nothing is said about what is to be forgotten.", nameof(wish));
        if (caller.AgentId is { } own) wish = wish with { Agent = wish.Agent is null || wish.Agent == own ? own : "" };
        var count = 0;
        int some;
        do count += some = await table.ForgetAsync(caller.Tenant, wish, ForgetBatch, cancel);
        while (some == ForgetBatch);
        meter.Done("forget", "success");
        return count;
    }

    public async Task<RecallReply> SearchAsync(Caller caller, RecallQuestion question, CancellationToken cancel)
    {
        var began = clock.GetTimestamp();
        var (vector, degraded) = options.SearchesVectors ? (null, null) : ((float[]?)null, "disabled");
        var isAsked = question.Text.Trim().Length > 0;
        if (options.ModelName is not null && isAsked) (vector, degraded) = await vectors.OfQuestionAsync(caller.Tenant, question.Text, cancel);
        if (degraded is not null && isAsked) meter.FellBack(degraded);
        var scan = new NoteScan(question.Text, Narrowed(caller, question.Filter), clock.GetUtcNow(), vector, options.SearchesVectors);
        await indexes.ScanAsync(caller.Tenant, scan, cancel);
        if (degraded is null && scan.FoundByWordsOnly) meter.FellBack("below_threshold");
        var found = scan.Found(question.Count).TakeWhile(one => one.Score >= question.MinScore).ToList();
        var notes = found.Count == 0 ? [] : await table.FindAsync(caller.Tenant, found.ConvertAll(one => one.Row.Id), cancel);
        // What was removed since is left out.
        RecallHit[] hits = [.. found.Where(one => notes.ContainsKey(one.Row.Id)).Select(one => new RecallHit(notes[one.Row.Id], one.Score, one.Fused, one.Recency, one.Reasons))];
        meter.Answered(clock.GetElapsedTime(began), hits.Length);
        meter.Done("search", "success");
        return new RecallReply(hits, vector is null ? null : options.ModelName, degraded);
    }

    public Task<EmbeddingAllowance> AllowanceAsync(Caller caller, CancellationToken cancel) => quota.StateAsync(caller.Tenant, cancel);

    public Task<EmbeddingProgress> ProgressAsync(Caller caller, CancellationToken cancel) => waiting.ProgressAsync(caller.Tenant, options.ModelName, cancel);

    /// <summary>A credential of one agent sees what that agent may recall.</summary>
    private static NoteFilter Narrowed(Caller caller, NoteFilter filter) => caller.AgentId is { } own ? filter with { Agent = own } : filter;

    private static Note? Visible(Caller caller, Note? note) =>
        note is null || caller.AgentId is null || note.Scope == NoteScope.Tenant || (note.Scope == NoteScope.Agent && note.Agent == caller.AgentId) ? note : null;

    private static Failure? OtherAgent(Caller caller, string? agent) => caller.AgentId is { } own && agent is not null && agent != own
        ? FailureCatalog.Fail("PERMISSION_DENIED", $"This caller acts as the agent {own}, not as {agent}.")
        : null;

    private Note? Seen(string operation, Note? note)
    {
        meter.Done(operation, note is null ? "absent" : "success");
        return note;
    }
}
