using Aos.Contracts;

namespace Aos.Storage;

/// <summary>The door to the archive.</summary>
internal sealed class Archive(Archivist archivist, ArchiveIndex index, ArchiveFolders folders, ICluster cluster) : IArchive
{
    public Task<ArchiveReport> ArchiveAsync(TimeSpan olderThan, CancellationToken cancel) => archivist.ArchiveAsync(Before(olderThan), cancel);

    public Task<ArchiveReport> CountAsync(TimeSpan olderThan, CancellationToken cancel) => archivist.CountAsync(Before(olderThan), cancel);

    public async Task<IReadOnlyList<ArchiveFile>> FilesAsync(int limit, CancellationToken cancel) => await index.FilesAsync(limit, cancel);

    public async Task<IReadOnlyList<ArchiveVerdict>> VerifyAsync(CancellationToken cancel)
    {
        var folder = await folders.OpenAsync(cancel);
        var verdicts = new List<ArchiveVerdict>();
        foreach (var file in await index.FilesAsync(int.MaxValue, cancel))
            verdicts.Add(folder.Has(file.Name) ? new ArchiveVerdict(file, true, await ArchiveCheck.ReasonAsync(folder, index, file, cancel)) : new ArchiveVerdict(file, false, null));
        return verdicts;
    }

    private DateTimeOffset Before(TimeSpan age) => age >= IArchive.AgeMin ? cluster.Now - age : throw new ArgumentOutOfRangeException(nameof(age), age, "The age is below a day.");
}
