using System.Data.Common;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using Aos.Contracts;
using Aos.Kernel;
using Npgsql;

namespace Aos.Storage;

/// <summary>
/// Connects to servers that tenants name. The driver is given a judged address and no name; the certificate is held to the name all the same.
/// The driver's own ways to find settings in files and in the environment of this process are shut: they are not the tenant's.
/// </summary>
internal sealed class PostgresReach(IEgress egress) : IPostgresReach
{
    private const int SecondsMax = 10;

    /// <summary>A server that is told to stop is not waited for: it may never do so.</summary>
    private const int AtOnce = -1;

    public (PostgresPlace? Place, string? Problem) Read(string url)
    {
        NpgsqlConnectionStringBuilder read;
        try
        {
            read = PostgresUrl.Read(url);
        }
        catch (FormatException e)
        {
            return (null, e.Message);
        }

        if (read.Host!.Contains(',', StringComparison.Ordinal)) return (null, "The URL names several hosts; a connection leads to one.");
        if (read.Host.Contains('/', StringComparison.Ordinal)) return (null, "The URL names a socket of this machine, not a host.");
        if (read.RootCertificate is not null || read.SslCertificate is not null || read.SslKey is not null) return (null, "The URL names files of this machine: sslrootcert, sslcert and sslkey have no place in a connection.");
        if (string.IsNullOrEmpty(read.Username) || string.IsNullOrEmpty(read.Password)) return (null, "The URL names no user and password.");
        var tls = url.Contains("sslmode=", StringComparison.OrdinalIgnoreCase) ? Word(read.SslMode) : Word(SslMode.VerifyFull);
        return (new PostgresPlace(read.Host.Trim('[', ']'), read.Port, read.Database ?? read.Username, read.Username, read.Password, tls), null);
    }

    public async Task<Failure?> TryAsync(PostgresPlace place, CancellationToken cancel)
    {
        var (addresses, refusal) = await egress.ResolveAsync(place.Host, place.Port, EgressProtocol.Postgres, cancel);
        if (refusal is not null) return refusal;
        Failure? failure = null;
        foreach (var address in addresses)
        {
            failure = await AskAsync(place, address, cancel);
            if (failure is not { Code: "CONNECTION_REFUSED" or "CONNECTION_RESET" }) return failure;
        }

        return failure;
    }

    public DbDataSource Pool(PostgresPlace place, IPAddress address, int connectionsMax) => Source(place, address, connectionsMax);

    public Failure? Told(PostgresPlace place, Exception e) => IsOfDriver(e) ? Why(place, e) : null;

    private static async Task<Failure?> AskAsync(PostgresPlace place, IPAddress address, CancellationToken cancel)
    {
        try
        {
            await using var source = Source(place, address);
            await using var connection = await source.OpenConnectionAsync(cancel);
            await using var command = new NpgsqlCommand("select 1", connection);
            await command.ExecuteScalarAsync(cancel);
            return null;
        }
        catch (Exception e) when (IsOfDriver(e))
        {
            cancel.ThrowIfCancellationRequested();
            return Why(place, e);
        }
    }

    private static bool IsOfDriver(Exception e) => e is NpgsqlException or IOException or SocketException or TimeoutException or AuthenticationException or InvalidOperationException;

    /// <param name="connectionsMax">0: none is kept.</param>
    private static NpgsqlDataSource Source(PostgresPlace place, IPAddress address, int connectionsMax = 0)
    {
        var settings = new NpgsqlConnectionStringBuilder
        {
            Host = address.ToString(),
            Port = place.Port,
            Database = place.Database,
            Username = place.User,
            Password = place.Password,
            SslMode = Mode(place.Tls),
            GssEncryptionMode = GssEncryptionMode.Disable,
            Passfile = "/dev/null",
            ApplicationName = "aos",
            Pooling = connectionsMax > 0,
            MaxPoolSize = Math.Max(1, connectionsMax),
            ConnectionIdleLifetime = 60,
            ConnectionPruningInterval = 10,
            Enlist = false,
            NoResetOnClose = true,
            Timeout = SecondsMax,
            CommandTimeout = SecondsMax,
            CancellationTimeout = AtOnce,
            Options = "",
        };
        return new NpgsqlDataSourceBuilder(settings.ConnectionString)
            .UseSslClientAuthenticationOptionsCallback(tls =>
            {
                tls.TargetHost = place.Host;
                tls.ClientCertificates = null;
            })
            .Build();
    }

    private static Failure Why(PostgresPlace place, Exception e)
    {
        var where = string.Create(CultureInfo.InvariantCulture, $"{place.Host}:{place.Port}");
        for (var inner = e; inner is not null; inner = inner.InnerException)
        {
            switch (inner)
            {
                case PostgresException said: return OfServer(where, said);
                case TimeoutException: return FailureCatalog.Fail("TIMEOUT", $"{where} did not answer within {SecondsMax} s.");
                case AuthenticationException: return FailureCatalog.Fail("TLS_FAILURE", $"{where}: {inner.Message}");
                case SocketException { SocketErrorCode: SocketError.ConnectionRefused }: return FailureCatalog.Fail("CONNECTION_REFUSED", $"{where}: {inner.Message}");
            }
        }

        var isTls = e.Message.Contains("SSL", StringComparison.Ordinal);
        return FailureCatalog.Fail(isTls ? "TLS_FAILURE" : "CONNECTION_RESET", $"{where}: {e.Message}");
    }

    private static Failure OfServer(string where, PostgresException said)
    {
        // PgBouncer has one state for all that it refuses.
        var isUnknown = said.SqlState.StartsWith("28", StringComparison.Ordinal) || (said.SqlState == "08P01" && said.MessageText.Contains("authentication failed", StringComparison.Ordinal));
        var details = Json.Write(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("sqlstate", said.SqlState);
            writer.WriteString("reason", isUnknown ? "credentials" : said.SqlState switch { "3D000" => "database", "42501" => "privilege", _ => "server" });
            writer.WriteEndObject();
        });
        var code = said.SqlState switch
        {
            _ when isUnknown => "PERMISSION_DENIED",
            "42501" => "PERMISSION_DENIED",
            "3D000" => "NOT_FOUND",
            ['0', '8', ..] or ['5', '3', ..] or ['5', '7', 'P', ..] => "SERVICE_UNAVAILABLE",
            _ => "EXECUTION_ERROR",
        };
        return FailureCatalog.Fail(code, $"{where} refuses: {said.MessageText}", null, details);
    }

    private static SslMode Mode(string word) => word switch
    {
        "disable" => SslMode.Disable,
        "allow" => SslMode.Allow,
        "prefer" => SslMode.Prefer,
        "require" => SslMode.Require,
        "verify-ca" => SslMode.VerifyCA,
        _ => SslMode.VerifyFull,
    };

    private static string Word(SslMode mode) => mode switch
    {
        SslMode.Disable => "disable",
        SslMode.Allow => "allow",
        SslMode.Prefer => "prefer",
        SslMode.Require => "require",
        SslMode.VerifyCA => "verify-ca",
        _ => "verify-full",
    };
}
