using Aos.Contracts;

namespace Aos.Storage;

/// <summary>Finds a run by its root hash; a run that is not over costs this index nothing.</summary>
internal static class RunRoots
{
    internal static Migration Migration { get; } = new("storage-roots", 1, "runs by their root hash", "CREATE INDEX runs_of_root ON runs (tenant_id, root_hash) WHERE root_hash IS NOT NULL");
}
