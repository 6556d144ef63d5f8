using System.Security.Cryptography;
using Aos.Contracts;

namespace Aos.Storage;

/// <summary>Reads a file whole and holds it against its hash and the index.</summary>
internal static class ArchiveCheck
{
    /// <summary>Null, or what is wrong: an event that is not as written, by its run; else the bytes of the file as a whole.</summary>
    internal static async Task<string?> ReasonAsync(ArchiveFolder folder, ArchiveIndex index, ArchiveFile file, CancellationToken cancel)
    {
        var rows = await index.OfAsync(file.Id, cancel);
        foreach (var row in rows)
        {
            cancel.ThrowIfCancellationRequested();
            try
            {
                ArchiveReader.Read(folder, file, row);
            }
            catch (ArchiveUnreadableException e)
            {
                return e.Message;
            }
        }

        if (rows.Count != file.Runs) return $"The index has {rows.Count} runs of the archive file {file.Name}, {file.Runs} were written.";
        await using var stream = folder.Open(file.Name);
        var found = Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, cancel));
        return found == file.Sha256 ? null : $"The SHA-256 of the archive file {file.Name} is {found}, {file.Sha256} was written. Restore the file from a backup.";
    }
}
