using System.Net.Sockets;
using System.Text;
using Aos.Contracts;
using Aos.Kernel;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Aos.App.Server;

/// <summary>Marks a connection over the owner's socket: whoever may open the socket may open the store.</summary>
internal sealed class OwnerConnection
{
    internal static Caller Owner { get; } = new(TenantId.Default, "owner", ["admin"]) { IsHouse = true, Tier = "unlimited" };

    private OwnerConnection() { }

    internal static OwnerConnection Mark { get; } = new();
}

/// <summary>
/// <c>DATA/aos.sock</c>, mode 0600: by it a second process of the data directory's owner talks to the one that holds it.
/// A path too long for the system's sockets is a link to one in a private temporary folder.
/// </summary>
internal sealed class OwnerSocket
{
    /// <summary>Longest path a socket address takes, bytes; the smallest of the systems served.</summary>
    private const int PathBytesMax = 100;

    private readonly string path;
    private readonly string real;

    internal OwnerSocket(string data)
    {
        path = PathOf(data);
        real = Encoding.UTF8.GetByteCount(path) <= PathBytesMax ? path : Path.Combine(Directory.CreateTempSubdirectory("aos-").FullName, "aos.sock");
    }

    internal void Listen(KestrelServerOptions kestrel) => kestrel.ListenUnixSocket(real, listen => listen.Use(next => connection =>
    {
        connection.Features.Set(OwnerConnection.Mark);
        return next(connection);
    }));

    /// <summary>
    /// Clears the place for the socket, narrows it to its owner once the server listens, and takes it away when the server stops.
    /// Only the holder of the data directory may: what stands there is left over.
    /// </summary>
    internal void Guard(WebApplication app)
    {
        File.Delete(path);
        if (real != path) File.CreateSymbolicLink(path, real);
        app.Lifetime.ApplicationStarted.Register(() =>
        {
            if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(real, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        });
        app.Lifetime.ApplicationStopped.Register(() =>
        {
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
        var link = new FileInfo(path).LinkTarget;
        if (link is null && !Path.Exists(path)) return null;
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(link ?? path), cancel);
            return socket;
        }
        catch (Exception e) when (e is SocketException or ArgumentException)
        {
            socket.Dispose();
            return null;
        }
    }

    private static string PathOf(string data) => Path.Combine(Path.GetFullPath(data), "aos.sock");
}
