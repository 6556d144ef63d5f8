using Aos.Contracts;

namespace Aos.Storage;

/// <summary>Archives and deletes ended runs by their age, as the settings say.</summary>
internal sealed class RetentionChore(Archivist archivist, ICluster cluster, StorageOptions options) : IChore
{
    public string Name => "retention";

    public TimeSpan Interval => TimeSpan.FromHours(1);

    public async Task<int> PassAsync(CancellationToken cancel)
    {
        var done = 0L;
        if (options.ArchiveAfter is { } archive) done += (await archivist.ArchiveAsync(cluster.Now - archive, cancel)).Runs;
        if (options.DeleteAfter is { } delete) done += await archivist.DeleteAsync(cluster.Now - delete, cancel);
        return (int)Math.Min(done, int.MaxValue);
    }
}
