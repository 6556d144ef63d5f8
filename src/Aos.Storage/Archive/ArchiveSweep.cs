using Aos.Contracts;
using Microsoft.Extensions.Logging;

namespace Aos.Storage;

/// <summary>
/// Removes files of this node's folder that the index does not know: left by a process that ended before its transaction, or of runs
/// that another node has deleted for good. Young ones stay: their transaction may be under way.
/// </summary>
internal sealed partial class ArchiveSweep(ArchiveFolders folders, ArchiveIndex index, ICluster cluster, ILogger<ArchiveSweep> logger) : IChore
{
    internal static readonly TimeSpan AgeMin = TimeSpan.FromHours(24);

    public string Name => "archive-sweep";

    public TimeSpan Interval => TimeSpan.FromHours(6);

    /// <summary>The folder may be this node's alone.</summary>
    public bool IsLocal => true;

    public async Task<int> PassAsync(CancellationToken cancel)
    {
        var folder = await folders.OpenAsync(cancel);
        var bound = JournalMonth.FirstAt(cluster.Now - AgeMin);
        var old = folder.Names().Where(one => one.File.CompareTo(bound) < 0).ToList();
        if (old.Count == 0) return 0;
        var known = await index.FileIdsAsync(cancel); // After the names: whatever is as old as these is in the index by now, or never will be.
        var removed = 0;
        foreach (var (name, _) in old.Where(one => one.Name.EndsWith(ArchiveFolder.Unfinished, StringComparison.Ordinal) || !known.Contains(one.File)))
        {
            folder.Delete(name);
            Removed(name);
            removed++;
        }

        return removed;
    }

    [LoggerMessage(EventId = 3503, Level = LogLevel.Information, Message = "The archive file {File} holds no archived run, and was removed.")]
    private partial void Removed(string file);
}
