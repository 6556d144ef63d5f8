using System.Data.Common;
using System.Net;
using Aos.Kernel;

namespace Aos.Contracts;

/// <summary>A PostgreSQL of a tenant. Deliberately no record: as text it would show the password.</summary>
/// <param name="tls">A word of libpq's <c>sslmode</c>.</param>
public sealed class PostgresPlace(string host, int port, string database, string user, string password, string tls)
{
    public string Host { get; } = host;

    public int Port { get; } = port;

    public string Database { get; } = database;

    public string User { get; } = user;

    public string Password { get; } = password;

    public string Tls { get; } = tls;
}

/// <summary>Reaches PostgreSQL servers of tenants, through the egress guard. Nothing of this process's own settings goes along.</summary>
public interface IPostgresReach
{
    /// <summary>
    /// Reads <c>postgres://user:password@host:port/database?sslmode=...</c>. One that names several hosts, files or a socket is refused; without
    /// <c>sslmode</c> it is <c>verify-full</c>. The problem holds nothing of the password.
    /// </summary>
    (PostgresPlace? Place, string? Problem) Read(string url);

    /// <summary>Connects and asks <c>select 1</c>; null: it works. Throws only when cancelled.</summary>
    Task<Failure?> TryAsync(PostgresPlace place, CancellationToken cancel);

    /// <summary>Connections to one judged address of a place, kept for a minute after their use, and to be disposed. None is opened yet.</summary>
    DbDataSource Pool(PostgresPlace place, IPAddress address, int connectionsMax);

    /// <summary>What kept a connection from being made, or broke it, by what the driver threw; null: something else did.</summary>
    Failure? Told(PostgresPlace place, Exception e);
}
