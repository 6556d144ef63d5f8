using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Aos.Kernel;

namespace Aos.App.Cli;

/// <summary>
/// Recordings on disk, each with its signature beside it. Files appear whole: written under another name, forced to the disk, renamed. The
/// signature comes first, so that a recording is never there without one.
/// </summary>
internal static partial class RecordingFiles
{
    /// <summary>Only the owner and the group read a recording.</summary>
    private const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;

    internal static string SignatureOf(string file) => file + Recording.SignatureSuffix;

    /// <summary>The file to write: the one that is named, or one named after the run in the folder that is named.</summary>
    internal static string Target(string named, string name)
    {
        if (!Name().IsMatch(name)) throw new PlanFileException($"'{name}' is no name for a file.");
        return Directory.Exists(named) || named.EndsWith(Path.DirectorySeparatorChar) ? Path.Combine(named, name) : named;
    }

    internal static void Write(string file, byte[] content, string signature, bool overwrite)
    {
        if (!overwrite && File.Exists(file)) throw new PlanFileException($"{file} is there already. Record under another name, or with --force.");
        WriteWhole(SignatureOf(file), Encoding.UTF8.GetBytes(signature));
        WriteWhole(file, content);
    }

    /// <summary>Writes a file whole: whoever reads it finds the old bytes or the new ones.</summary>
    internal static void WriteWhole(string file, byte[] bytes)
    {
        var temporary = $"{file}.{Guid.NewGuid():N}.tmp";
        try
        {
            if (Path.GetDirectoryName(Path.GetFullPath(file)) is { } folder) Directory.CreateDirectory(folder);
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows()) options.UnixCreateMode = Mode;
            using (var stream = new FileStream(temporary, options))
            {
                stream.Write(bytes);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, file, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            File.Delete(temporary);
            throw new PlanFileException($"{file} cannot be written: {e.Message}");
        }
    }

    internal static async Task<(byte[] Content, string? Signature)> ReadAsync(string file, CancellationToken cancel)
    {
        var content = await PlanFile.BytesAsync(file, cancel);
        var signature = SignatureOf(file);
        return (content, File.Exists(signature) ? Encoding.UTF8.GetString(await PlanFile.BytesAsync(signature, cancel)) : null);
    }

    /// <summary>The recordings of a folder that were last written before a time, by name. Links are not followed.</summary>
    internal static IReadOnlyList<FileInfo> Older(string folder, DateTimeOffset than)
    {
        try
        {
            return
            [
                .. new DirectoryInfo(folder).EnumerateFiles("*" + Recording.Suffix)
                    .Where(file => file.LinkTarget is null && Name().IsMatch(file.Name) && file.LastWriteTimeUtc < than.UtcDateTime).OrderBy(file => file.Name, StringComparer.Ordinal),
            ];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new PlanFileException($"{folder} cannot be read: {e.Message}");
        }
    }

    /// <summary>Copies a recording and its signature into the month's folder of an archive; replies the copy's path.</summary>
    internal static async Task<string> ArchiveAsync(FileInfo file, string archive, CancellationToken cancel)
    {
        var copy = Path.Combine(archive, file.LastWriteTimeUtc.ToString("yyyyMM", CultureInfo.InvariantCulture), file.Name);
        var (content, signature) = await ReadAsync(file.FullName, cancel);
        if (File.Exists(copy) && !(await PlanFile.BytesAsync(copy, cancel)).AsSpan().SequenceEqual(content)) throw new PlanFileException($"{copy} is there already and holds something else.");
        Write(copy, content, signature ?? throw new PlanFileException($"{file.FullName} has no signature."), overwrite: true);
        File.SetLastWriteTimeUtc(copy, file.LastWriteTimeUtc);
        return copy;
    }

    /// <summary>
    /// Signatures without a recording, and what a write that was cut off left, last written before a time: a recording that is being
    /// written has both for a moment. Links are not followed.
    /// </summary>
    internal static IReadOnlyList<FileInfo> Left(string folder, DateTimeOffset than)
    {
        try
        {
            var options = new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint };
            return
            [
                .. new DirectoryInfo(folder).EnumerateFiles("*" + Recording.Suffix + "*", options)
                    .Where(file => file.LastWriteTimeUtc < than.UtcDateTime && (file.Name.EndsWith(Recording.Suffix + Recording.SignatureSuffix, StringComparison.Ordinal)
                        ? !File.Exists(file.FullName[..^Recording.SignatureSuffix.Length])
                        : Cut().IsMatch(file.Name)))
                    .OrderBy(file => file.FullName, StringComparer.Ordinal),
            ];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new PlanFileException($"{folder} cannot be read: {e.Message}");
        }
    }

    internal static void Delete(FileInfo file)
    {
        file.Delete();
        File.Delete(SignatureOf(file.FullName));
    }

    /// <summary>What <see cref="WriteWhole"/> writes before it renames.</summary>
    [GeneratedRegex(@"\.steps\.jsonl(\.sig)?\.[0-9a-f]{32}\.tmp$", RegexOptions.CultureInvariant)]
    private static partial Regex Cut();

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$", RegexOptions.CultureInvariant)]
    private static partial Regex Name();
}
