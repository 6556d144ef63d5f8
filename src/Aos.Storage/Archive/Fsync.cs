using System.Runtime.InteropServices;

namespace Aos.Storage;

/// <summary>Makes the entries of a folder durable: a file that was fsynced and renamed can still be missing after a power cut without it.</summary>
internal static partial class Fsync
{
    /// <summary>Throws <see cref="IOException"/>. Does nothing on Windows, where the file system does it by itself.</summary>
    internal static void Folder(string path)
    {
        if (OperatingSystem.IsWindows()) return;
        var handle = Open(path, 0);
        if (handle < 0) throw new IOException($"The folder {path} cannot be opened: error {Marshal.GetLastPInvokeError()}.");
        try
        {
            if (Sync(handle) != 0) throw new IOException($"The folder {path} cannot be synchronised: error {Marshal.GetLastPInvokeError()}.");
        }
        finally
        {
            _ = Close(handle);
        }
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Sync(int handle);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int handle);
}
