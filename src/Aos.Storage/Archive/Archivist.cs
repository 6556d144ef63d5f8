using Aos.Contracts;
using Aos.Kernel;
using Microsoft.Extensions.Logging;

namespace Aos.Storage;

/// <summary>
/// Takes ended runs out of the database: (1) whole trees are found, (2) written to a file, which is made durable, and (3) leave the
/// database in the transaction that puts them into the index. When a process ends between two steps nothing is lost and nothing is
/// there twice: before (3) the runs are where they were, and the file is one that the index does not know, which goes.
/// </summary>
internal sealed partial class Archivist(
    IEndedRuns ended, ArchiveIndex index, ArchiveFolders folders, ICluster cluster, ArchiveMeter meter, ILogger<Archivist> logger)
{
    /// <summary>Trees of one file and one transaction.</summary>
    internal const int TreesMax = 1_000;

    private const int FilesMax = 100;

    internal async Task<ArchiveReport> ArchiveAsync(DateTimeOffset endedBefore, CancellationToken cancel)
    {
        var report = new ArchiveReport(0, 0, 0, 0, 0, 0);
        await foreach (var page in PagesAsync(endedBefore, cancel))
        {
            report = report with { Skipped = report.Skipped + page.Skipped };
            foreach (var day in page.Trees.GroupBy(tree => tree.EndDay).OrderBy(group => group.Key))
            {
                var trees = day.ToList();
                var file = await MoveAsync(day.Key, trees, cancel);
                report = file is null
                    ? report with { Skipped = report.Skipped + trees.Sum(tree => tree.Runs.Count) }
                    : report with
                    {
                        Runs = report.Runs + file.Runs, Events = report.Events + file.Events, Files = report.Files + 1, Bytes = report.Bytes + file.Bytes,
                        Skipped = report.Skipped + trees.Sum(tree => tree.Runs.Count) - file.Runs,
                    };
            }
        }

        return report;
    }

    internal async Task<ArchiveReport> CountAsync(DateTimeOffset endedBefore, CancellationToken cancel)
    {
        var report = new ArchiveReport(0, 0, 0, 0, 0, 0);
        await foreach (var page in PagesAsync(endedBefore, cancel))
        {
            var runs = page.Trees.SelectMany(tree => tree.Runs).ToList();
            report = report with { Runs = report.Runs + runs.Count, Events = report.Events + runs.Sum(run => (long)run.Seq), Skipped = report.Skipped + page.Skipped };
        }

        return report;
    }

    /// <summary>Deletes for good what ended before, in the database and in files. A file goes when the last of its runs is old enough: all ended on one day.</summary>
    internal async Task<long> DeleteAsync(DateTimeOffset endedBefore, CancellationToken cancel)
    {
        var deleted = 0L;
        await foreach (var page in PagesAsync(endedBefore, cancel))
        {
            if (page.Trees.Count > 0) deleted += (await ended.TakeAsync(page.Trees, null, cancel)).Count;
        }

        var folder = await folders.OpenAsync(cancel);
        while (await index.ExpiredAsync(endedBefore, FilesMax, cancel) is { Count: > 0 } files)
        {
            foreach (var file in files)
            {
                deleted += await index.DeleteAsync(file, cancel);
                folder.Delete(file.Name); // One that lies on another node is an orphan there, and goes with the sweep.
            }
        }

        if (deleted > 0)
        {
            meter.Deleted(deleted);
            Deleted(deleted, endedBefore);
        }

        return deleted;
    }

    private async IAsyncEnumerable<EndedPage> PagesAsync(DateTimeOffset endedBefore, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        EndedPage page;
        RunId? after = null;
        do
        {
            page = await ended.FindAsync(after, endedBefore, TreesMax, cancel);
            yield return page;
            after = page.Last;
        }
        while (after is not null);
    }

    /// <summary>Writes one file and takes its runs out of the database. Null: none of them left it.</summary>
    private async Task<ArchiveFile?> MoveAsync(DateOnly day, List<EndedTree> trees, CancellationToken cancel)
    {
        var folder = await folders.OpenAsync(cancel);
        var id = Guid.CreateVersion7(cluster.Now);
        var name = ArchiveFolder.NameOf(id, day);
        var filed = await folder.WriteAsync(name, async output =>
        {
            using var writer = new ArchiveWriter(output, id, folder.Store);
            return await WriteAsync(writer, folder, id, name, trees, cancel);
        }, cancel);
        var sound = trees.Where(tree => tree.Runs.All(run => filed.Rows.ContainsKey(run.Id))).ToList();
        var left = sound.Count == 0 ? [] : await ended.TakeAsync(sound, filed, cancel);
        if (left.Count == 0)
        {
            folder.Delete(name);
            return null;
        }

        var file = filed.File with { Runs = left.Count, Events = left.Sum(run => (long)filed.Rows[run].Row.Seq) };
        meter.Archived(file.Runs, file.Bytes);
        Archived(file.Runs, name, file.Bytes);
        return file;
    }

    private async Task<FiledRuns> WriteAsync(ArchiveWriter writer, ArchiveFolder folder, Guid id, string name, List<EndedTree> trees, CancellationToken cancel)
    {
        var runs = trees.SelectMany(tree => tree.Runs).ToDictionary(run => run.Id);
        var chains = new Dictionary<RunId, byte[]>();
        await foreach (var (run, entries) in ended.ReadAsync([.. runs.Keys], cancel))
        {
            if (Damage(runs[run], entries) is { } damage)
            {
                Stays(run, damage);
                continue;
            }

            await writer.AddAsync(runs[run], entries, cancel);
            chains[run] = entries[^1].Chain;
        }

        var sha256 = await writer.EndAsync(cancel);
        var rows = chains.ToDictionary(one => one.Key, one => new ArchivedRow(runs[one.Key], one.Value, id, writer.Place(one.Key)));
        var (from, to) = (runs.Values.Min(run => run.EndedAt), runs.Values.Max(run => run.EndedAt));
        var file = new ArchiveFile(id, name, folder.Place, writer.Bytes, sha256, writer.Runs, writer.Events, from!.Value, to!.Value, cluster.Now);
        return new FiledRuns(file, rows);
    }

    /// <summary>What is damaged stays where it is, to be seen and mended. Null: all is as it was written.</summary>
    private static string? Damage(RunRow row, IReadOnlyList<JournalEntry> entries)
    {
        try
        {
            StoredEvents.Check(row.Id, entries);
            return entries.Count == row.Seq ? null : $"The row counts {row.Seq} events, {entries.Count} are there.";
        }
        catch (JournalCorruptException e)
        {
            return e.Message;
        }
    }

    [LoggerMessage(EventId = 3500, Level = LogLevel.Information, Message = "{Runs} ended run(s) went into the archive file {File}, {Bytes} bytes.")]
    private partial void Archived(long runs, string file, long bytes);

    [LoggerMessage(EventId = 3501, Level = LogLevel.Information, Message = "{Runs} run(s) that ended before {Before} were deleted for good, as the policy says.")]
    private partial void Deleted(long runs, DateTimeOffset before);

    [LoggerMessage(EventId = 3502, Level = LogLevel.Error, Message = "Run {Run} is not archived: {Damage}")]
    private partial void Stays(RunId run, string damage);
}
