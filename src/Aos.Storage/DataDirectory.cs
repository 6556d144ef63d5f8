using System.Globalization;
using System.Text;

namespace Aos.Storage;

/// <summary>The data directory is held by another process.</summary>
public sealed class DataDirectoryHeldException(string path, string holder)
    : Exception($"The data directory {path} is in use by process {holder}. Stop it, or choose another directory with --data.")
{
    /// <summary>Process id of the holder, or <c>unknown</c>.</summary>
    public string Holder { get; } = holder;
}

/// <summary>A stored file is damaged: named, and never read on.</summary>
public sealed class StoreCorruptException(string file, string why)
    : Exception($"The file {file} is damaged ({why}). Restore it from a backup; nothing was changed.");

/// <summary>A folder that one process holds at a time, by a lock the system drops with the process.</summary>
public sealed class DataDirectory : IDisposable
{
    private readonly FileStream held;

    private DataDirectory(string path, FileStream held)
    {
        Path = path;
        this.held = held;
    }

    public string Path { get; }

    public string DatabaseFile => System.IO.Path.Combine(Path, "aos.db");

    /// <summary>Makes the folder (mode 0700) and takes it. Throws <see cref="DataDirectoryHeldException"/>.</summary>
    public static DataDirectory Open(string path)
    {
        var full = System.IO.Path.GetFullPath(path);
        if (!OperatingSystem.IsWindows() && !Directory.Exists(full))
            Directory.CreateDirectory(full, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        else
            Directory.CreateDirectory(full);
        var file = System.IO.Path.Combine(full, "aos.lock");
        var holder = System.IO.Path.Combine(full, "aos.pid");
        try
        {
            var held = new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            File.WriteAllText(holder, Environment.ProcessId.ToString(CultureInfo.InvariantCulture), Encoding.ASCII);
            return new DataDirectory(full, held);
        }
        catch (IOException)
        {
            throw new DataDirectoryHeldException(full, File.Exists(holder) ? File.ReadAllText(holder).Trim() : "unknown");
        }
    }

    public void Dispose() => held.Dispose();
}
