namespace Aos.Storage;

/// <summary>Where this node keeps the archive files of its database.</summary>
internal class ArchiveFolders(StorageOptions options, ArchiveIndex index)
{
    private ArchiveFolder? folder;

    internal async ValueTask<ArchiveFolder> OpenAsync(CancellationToken cancel) =>
        folder ??= Make(options.ArchiveDirectory ?? Path.Combine(options.Data, "archive"), await index.StoreAsync(cancel));

    private protected virtual ArchiveFolder Make(string directory, string store) => new(directory, store);
}
