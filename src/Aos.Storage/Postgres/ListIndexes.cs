using Aos.Contracts;

namespace Aos.Storage;

/// <summary>Indexes for lists that would else go through all that ever succeeded to find the few that did not.</summary>
internal static class ListIndexes
{
    /// <summary>Quarantined, failed, cancelled: a run that succeeds costs this index nothing.</summary>
    /// <summary>Runs of stored workflows, by tenant; the others cost this index nothing.</summary>
    internal static Migration Workflows { get; } = new("storage-lists", 2, "runs of workflows", "CREATE INDEX runs_of_workflows ON runs (tenant_id, workflow) WHERE workflow IS NOT NULL");

    internal static Migration Migration { get; } = new("storage-lists", 1, "runs that did not succeed", "CREATE INDEX runs_not_succeeded ON runs (tenant_id, id) WHERE status IN (5, 7, 8)");
}
