using System.Net.Sockets;
using System.Text;
using Aos.Contracts;
using Aos.Kernel;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Aos.App.Server;

/// <summary>Marks a connection over the owner's socket: whoever may open the socket may open the store.</summary>
internal sealed class OwnerConnection
{
    internal static Caller Owner { get; } = new(TenantId.Default, "owner", Enum.GetValues<Permission>().ToHashSet());

    private OwnerConnection() { }

    internal static OwnerConnection Mark { get; } = new();
}

/// <summary>
/// <c>DATA/aos.sock</c>, mode 0600: by it a second process of the data directory's owner talks to the one that holds it.
/// A path too long for the system's sockets is a link to one in a private temporary folder.
/// </summary>
internal static class OwnerSocket
{
    /// <summary>Longest path a socket address takes, bytes; the smallest of the systems served.</summary>
    private const int PathBytesMax = 100;

    internal static string PathOf(string data) => Path.Combine(Path.GetFullPath(data), "aos.sock");

    /// <summary>Has Kestrel listen there. Only the holder of the data directory may, so what stands there is left over.</summary>
    internal static void ListenOwner(this KestrelServerOptions kestrel, string data)
    {
        var path = PathOf(data);
        File.Delete(path);
        if (Encoding.UTF8.GetByteCount(path) > PathBytesMax)
        {
            var real = Path.Combine(Directory.CreateTempSubdirectory("aos-").FullName, "aos.sock");
            File.CreateSymbolicLink(path, real);
            path = real;
        }

        kestrel.ListenUnixSocket(path, listen => listen.Use(next => connection =>
        {
            connection.Features.Set(OwnerConnection.Mark);
            return next(connection);
        }));
    }

    /// <summary>Narrows the socket to its owner once the server listens, and takes it away when it stops.</summary>
    internal static void GuardOwner(this WebApplication app, string data)
    {
        var path = PathOf(data);
        app.Lifetime.ApplicationStarted.Register(() =>
        {
            if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(Real(path), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        });
        app.Lifetime.ApplicationStopped.Register(() =>
        {
            var real = Real(path);
            File.Delete(path);
            if (real == path) return;
            File.Delete(real);
            Directory.Delete(Path.GetDirectoryName(real)!);
        });
    }

    /// <summary>A connection to the process that holds the data directory, or null when nobody listens.</summary>
    internal static async Task<Socket?> ConnectAsync(string data, CancellationToken cancel)
    {
        var path = PathOf(data);
        if (!Path.Exists(path) && new FileInfo(path).LinkTarget is null) return null;
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(Real(path)), cancel);
            return socket;
        }
        catch (Exception e) when (e is SocketException or ArgumentException)
        {
            socket.Dispose();
            return null;
        }
    }

    private static string Real(string path) => new FileInfo(path).LinkTarget ?? path;
}
