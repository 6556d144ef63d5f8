using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Storage;

/// <summary>Archived runs for whoever does not find them in the database.</summary>
internal sealed class ArchivedRuns(ArchiveIndex index, ArchiveFolders folders)
{
    /// <summary>
    /// The row of an archived run, from its file where that is here, else as the index has it: without goal and labels. Null: the tenant
    /// has no such run.
    /// </summary>
    internal async Task<RunRow?> RowAsync(TenantId tenant, RunId run, CancellationToken cancel)
    {
        if (await index.FindAsync(run, cancel) is not var (archived, file) || archived.Row.Tenant != tenant) return null;
        var folder = await folders.OpenAsync(cancel);
        try
        {
            return ArchiveReader.Read(folder, file, archived).Row;
        }
        catch (ArchiveUnreadableException)
        {
            return archived.Row; // Whoever asks for its events is told.
        }
    }

    /// <summary>Empty: the run is not archived. Throws <see cref="ArchiveUnreadableException"/>.</summary>
    internal async Task<IReadOnlyList<JournalEntry>> EventsAsync(RunId run, int afterSeq, int max, CancellationToken cancel) =>
        await index.FindAsync(run, cancel) is var (archived, file) && afterSeq < archived.Row.Seq
            ? [.. ArchiveReader.Read(await folders.OpenAsync(cancel), file, archived).Entries.Skip(afterSeq).Take(max)]
            : [];

    internal Task<Cents> SpentAsync(TenantId tenant, string agent, CancellationToken cancel) => index.SpentAsync(tenant, agent, cancel);
}
