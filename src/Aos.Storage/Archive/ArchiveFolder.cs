using System.Globalization;
using System.Text.RegularExpressions;

namespace Aos.Storage;

/// <summary>
/// The files of one store below the archive directory. A file appears under its name whole and durable or not at all, and is never
/// changed.
/// </summary>
internal partial class ArchiveFolder(string directory, string store)
{
    private const UnixFileMode Mine = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    internal const string Unfinished = ".tmp";

    /// <summary>Machine and folder, for people who look for a file that is not here.</summary>
    internal string Place { get; } = $"{Environment.MachineName}:{Path.Combine(Path.GetFullPath(directory), store)}";

    internal string Store => store;

    private string Root { get; } = Path.Combine(Path.GetFullPath(directory), store);

    /// <summary>The name carries the day on which the runs ended, and the file's id with the time it was begun.</summary>
    internal static string NameOf(Guid file, DateOnly ended) =>
        string.Create(CultureInfo.InvariantCulture, $"{ended:yyyy-MM}/{ended:yyyy-MM-dd}-{file:D}.jsonl.gz");

    internal bool Has(string name) => File.Exists(At(name));

    /// <summary>Throws <see cref="IOException"/> when it is not here or cannot be read.</summary>
    internal virtual FileStream Open(string name) => new(At(name), FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);

    /// <summary>Has a file written, makes it durable and gives it its name.</summary>
    internal virtual async Task<T> WriteAsync<T>(string name, Func<Stream, Task<T>> write, CancellationToken cancel)
    {
        var (path, folder) = (At(name), Path.GetDirectoryName(At(name))!);
        Make(folder);
        var result = await FinishedAsync(path + Unfinished, write, cancel);
        File.Move(path + Unfinished, path);
        Fsync.Folder(folder);
        return result;
    }

    private static async Task<T> FinishedAsync<T>(string path, Func<Stream, Task<T>> write, CancellationToken cancel)
    {
        try
        {
            await using var file = new FileStream(path, Fresh());
            var result = await write(file);
            await file.FlushAsync(cancel);
            file.Flush(flushToDisk: true);
            return result;
        }
        catch
        {
            File.Delete(path); // A full disk should not be kept full.
            throw;
        }
    }

    /// <summary>Does nothing when it is gone already.</summary>
    internal virtual void Delete(string name) => File.Delete(At(name));

    /// <summary>Names of all files here, with when each was begun; unfinished ones too.</summary>
    internal IEnumerable<(string Name, Guid File)> Names()
    {
        if (!Directory.Exists(Root)) yield break;
        foreach (var path in Directory.EnumerateFiles(Root, "*", SearchOption.AllDirectories))
        {
            var name = Path.GetRelativePath(Root, path).Replace('\\', '/');
            if (Known().Match(name) is { Success: true } match) yield return (name, Guid.ParseExact(match.Groups["id"].Value, "D"));
        }
    }

    private static FileStreamOptions Fresh()
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None, BufferSize = 128 * 1024 };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = Mine;
        return options;
    }

    /// <summary>Each new folder stands durably in the one above it.</summary>
    private static void Make(string folder)
    {
        if (Directory.Exists(folder)) return;
        var above = Path.GetDirectoryName(folder)!;
        Make(above);
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(folder);
        else Directory.CreateDirectory(folder, Mine | UnixFileMode.UserExecute);
        Fsync.Folder(above);
    }

    /// <summary>A name out of the database is a path: no other one than those made here is followed.</summary>
    private string At(string name) => Known().IsMatch(name) ? Path.Combine(Root, name) : throw new IOException($"'{name}' is no name of an archive file.");

    [GeneratedRegex(@"^\d{4}-\d{2}/\d{4}-\d{2}-\d{2}-(?<id>[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})\.jsonl\.gz(\.tmp)?$", RegexOptions.CultureInvariant)]
    private static partial Regex Known();
}
