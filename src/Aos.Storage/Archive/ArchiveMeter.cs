using System.Diagnostics.Metrics;

namespace Aos.Storage;

/// <summary>Counts what left the database.</summary>
internal sealed class ArchiveMeter
{
    private readonly Counter<long> archived;
    private readonly Counter<long> bytes;
    private readonly Counter<long> deleted;

    public ArchiveMeter(IMeterFactory factory)
    {
        var meter = factory.Create("Aos.Storage");
        archived = meter.CreateCounter<long>("aos_archive_runs_total", null, "Ended runs that went from the database into files.");
        bytes = meter.CreateCounter<long>("aos_archive_written_bytes_total", null, "Bytes of archive files written.");
        deleted = meter.CreateCounter<long>("aos_runs_deleted_total", null, "Ended runs that were deleted for good, by policy.");
    }

    internal void Archived(long runs, long written)
    {
        archived.Add(runs);
        bytes.Add(written);
    }

    internal void Deleted(long runs) => deleted.Add(runs);
}
