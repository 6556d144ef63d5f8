using System.Globalization;
using Npgsql;

namespace Aos.Storage;

/// <summary>
/// Reads <c>postgres://user:password@host:port/database?sslmode=...</c> into what the driver takes. What must hold behind
/// PgBouncer in transaction mode is always set: no reset on close, nothing prepared by name, no parameter at the start of a
/// connection that it refuses.
/// </summary>
internal static class PostgresUrl
{
    /// <summary>Connections of one node at most, when the URL does not say <c>pool_size</c>.</summary>
    internal const int PoolSizeDefault = 20;

    private const string Example = "Example: postgres://aos:PASSWORD@db.example:5432/aos?sslmode=verify-full";

    /// <summary>What is wrong with the URL, without its password; null: nothing.</summary>
    internal static string? Problem(string url)
    {
        try
        {
            Read(url);
            return null;
        }
        catch (FormatException e)
        {
            return e.Message;
        }
    }

    /// <summary>Throws <see cref="FormatException"/> with a message that holds no password.</summary>
    internal static NpgsqlConnectionStringBuilder Read(string url)
    {
        var rest = url.Trim();
        if (TakeScheme(ref rest) is false) throw Wrong($"'{Masked(url)}' is no address of a PostgreSQL database: it must begin with postgres:// or postgresql://");
        var builder = Safe();
        var (query, fragment) = (rest.IndexOf('?', StringComparison.Ordinal), rest.IndexOf('#', StringComparison.Ordinal));
        if (fragment >= 0) throw Wrong($"'{Masked(url)}' holds a '#'; in a name or a password write %23");
        var parameters = query < 0 ? "" : rest[(query + 1)..];
        ReadPlace(builder, query < 0 ? rest : rest[..query], url);
        try
        {
            PostgresUrlParameters.Read(builder, parameters);
        }
        catch (Exception e) when (e is FormatException or ArgumentException)
        {
            throw Wrong(e.Message.TrimEnd('.'));
        }

        if (string.IsNullOrEmpty(builder.Host)) throw Wrong($"'{Masked(url)}' names no host");
        return builder;
    }

    /// <summary>The URL with **** where a password stands or may stand.</summary>
    internal static string Masked(string url)
    {
        var scheme = url.IndexOf("://", StringComparison.Ordinal);
        if (scheme < 0) return "****";
        var start = scheme + 3;
        // A password with a bare '/' or '?' in it makes no valid URL, and must not show for that: up to the last '@' all is masked.
        var at = url.LastIndexOf('@');
        if (at < start)
        {
            var colon = url.IndexOf(':', start);
            return colon < 0 ? url.Split('?')[0] : url[..colon] + ":****";
        }

        return url[..start] + "****" + url[at..].Split('?')[0];
    }

    private static bool TakeScheme(ref string rest)
    {
        foreach (var scheme in new[] { "postgres://", "postgresql://" })
        {
            if (!rest.StartsWith(scheme, StringComparison.OrdinalIgnoreCase)) continue;
            rest = rest[scheme.Length..];
            return true;
        }

        return false;
    }

    private static NpgsqlConnectionStringBuilder Safe() => new()
    {
        NoResetOnClose = true,
        MaxAutoPrepare = 0,
        Multiplexing = false,
        Enlist = false,
        ApplicationName = "aos",
        MaxPoolSize = PoolSizeDefault,
        ConnectionIdleLifetime = 60,
        ConnectionPruningInterval = 10,
        Timeout = 5,
        CommandTimeout = 30,
        CancellationTimeout = 2000,
        // In the kernel, not by queries: a node at rest asks the database nothing.
        TcpKeepAlive = true,
        TcpKeepAliveTime = 15,
        TcpKeepAliveInterval = 5,
        GssEncryptionMode = GssEncryptionMode.Disable,
        Options = "",
    };

    private static void ReadPlace(NpgsqlConnectionStringBuilder builder, string place, string url)
    {
        var slash = place.IndexOf('/', StringComparison.Ordinal);
        var authority = slash < 0 ? place : place[..slash];
        var at = authority.LastIndexOf('@');
        if (at >= 0)
        {
            var colon = authority.IndexOf(':', StringComparison.Ordinal);
            var named = colon >= 0 && colon < at;
            builder.Username = Decoded(named ? authority[..colon] : authority[..at], url);
            if (named) builder.Password = Decoded(authority[(colon + 1)..at], url);
        }

        ReadHosts(builder, authority[(at + 1)..], url);
        var database = slash < 0 ? "" : place[(slash + 1)..];
        if (database.Contains('/', StringComparison.Ordinal)) throw Wrong($"'{Masked(url)}' has more than a database name behind the host; '/' in a name or a password is written %2F");
        builder.Database = database.Length > 0 ? Decoded(database, url) : builder.Username;
    }

    /// <summary>One or several, with commas: the one that takes writes is used.</summary>
    private static void ReadHosts(NpgsqlConnectionStringBuilder builder, string hosts, string url)
    {
        if (hosts.Length == 0) return; // A parameter may name it.
        var all = hosts.Split(',').Select(host => Host(host, url)).ToArray();
        builder.Host = all.Length == 1 ? all[0].Name : string.Join(',', all.Select(host => $"{host.Name}:{host.Port.ToString(CultureInfo.InvariantCulture)}"));
        if (all.Length == 1) builder.Port = all[0].Port;
    }

    private static (string Name, int Port) Host(string host, string url)
    {
        var colon = host.LastIndexOf(':');
        var bracket = host.LastIndexOf(']');
        var hasPort = colon > bracket && colon >= 0;
        var port = 5432;
        if (hasPort && (!int.TryParse(host[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out port) || port is < 1 or > 65535))
            throw Wrong($"'{Masked(url)}' has no valid port: 1 to 65535; '@', ':' and '/' in a password are written %40, %3A and %2F");
        var name = Decoded(hasPort ? host[..colon] : host, url);
        if (name.Length == 0) throw Wrong($"'{Masked(url)}' names no host");
        return (name, port);
    }

    private static string Decoded(string text, string url)
    {
        for (var i = text.IndexOf('%', StringComparison.Ordinal); i >= 0; i = text.IndexOf('%', i + 1))
        {
            if (i + 2 >= text.Length || !char.IsAsciiHexDigit(text[i + 1]) || !char.IsAsciiHexDigit(text[i + 2]))
                throw Wrong($"'{Masked(url)}' holds a '%' that begins no percent-encoding; a '%' itself is written %25");
        }

        return Uri.UnescapeDataString(text);
    }

    private static FormatException Wrong(string what) => new($"{what}. {Example}");
}
