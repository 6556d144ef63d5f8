using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Failures;

/// <summary>Implements the door to the failures that were kept.</summary>
internal sealed class FailureBook(FailureTable table, CandidateTable candidates, ICluster cluster, FailureMeter meter) : IFailureBook
{
    public Task<(IReadOnlyList<KeptFailure> Failures, long Total)> ListAsync(Caller caller, FailureFilter filter, bool gravestFirst, int limit, int offset, CancellationToken cancel) =>
        table.ListAsync(caller.Tenant, filter, gravestFirst, limit, offset, cancel);

    public Task<KeptFailure?> FindAsync(Caller caller, Guid id, CancellationToken cancel) => table.FindAsync(caller.Tenant, id, cancel);

    public Task<IReadOnlyList<FailureCount>> CountAsync(Caller caller, DateTimeOffset? since, int codes, CancellationToken cancel) => table.CountAsync(caller.Tenant, since, codes, cancel);

    public async Task<KeptFailure?> RecoverAsync(Caller caller, Guid id, bool succeeded, string? notes, CancellationToken cancel)
    {
        var shown = notes is null ? null : Redactor.RedactText(notes);
        var marked = await table.RecoverAsync(caller.Tenant, id, succeeded, cluster.Now, caller.Principal, shown, cancel);
        if (marked is not null) meter.Tried(marked.Failed.Entry, succeeded);
        return marked;
    }

    public Task<IReadOnlyList<FailureCandidate>> CandidatesAsync(Caller caller, CancellationToken cancel) => candidates.ListAsync(caller.Tenant, cancel);

    public async Task<IReadOnlyList<FailureCandidate>> AggregateAsync(Caller caller, int days, int min, CancellationToken cancel)
    {
        await candidates.GatherAsync(caller.Tenant, cluster.Now - TimeSpan.FromDays(days), min, cancel);
        return await candidates.ListAsync(caller.Tenant, cancel);
    }
}
