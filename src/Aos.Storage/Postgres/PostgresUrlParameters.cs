using System.Globalization;
using Npgsql;

namespace Aos.Storage;

/// <summary>What may stand behind the '?' of a database URL: the names are those of libpq, and <c>pool_size</c>.</summary>
internal static class PostgresUrlParameters
{
    private const string Known =
        "sslmode, sslrootcert, sslcert, sslkey, sslpassword, channel_binding, gssencmode, application_name, connect_timeout, command_timeout, pool_size, host, port, user, password";

    /// <summary>Names that change a session: PgBouncer refuses them, or gives them to others with the connection.</summary>
    private static readonly string[] OfSessions = ["options", "search_path", "schema", "currentschema", "timezone", "role", "statement_timeout", "default_transaction_isolation"];

    /// <summary>Throws <see cref="FormatException"/> without any value that may be secret.</summary>
    internal static void Read(NpgsqlConnectionStringBuilder builder, string query)
    {
        var seen = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var part in query.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = part.IndexOf('=', StringComparison.Ordinal);
            var name = Uri.UnescapeDataString(equals < 0 ? part : part[..equals]);
            if (equals < 0) throw new FormatException($"The parameter '{name}' of the database URL has no value");
            if (!seen.Add(name)) throw new FormatException($"The parameter '{name}' stands twice in the database URL");
            Set(builder, name.ToLowerInvariant(), Uri.UnescapeDataString(part[(equals + 1)..]));
        }
    }

    private static void Set(NpgsqlConnectionStringBuilder builder, string name, string value)
    {
        switch (name)
        {
            case "sslmode": builder.SslMode = Ssl(value); break;
            case "sslrootcert": builder.RootCertificate = value; break;
            case "sslcert": builder.SslCertificate = value; break;
            case "sslkey": builder.SslKey = value; break;
            case "sslpassword": builder.SslPassword = value; break;
            case "channel_binding": builder.ChannelBinding = Word<ChannelBinding>(name, value); break;
            case "gssencmode": builder.GssEncryptionMode = Word<GssEncryptionMode>(name, value); break;
            case "application_name": builder.ApplicationName = value; break;
            case "connect_timeout": builder.Timeout = Whole(name, value, 1, 300); break;
            case "command_timeout": builder.CommandTimeout = Whole(name, value, 1, 3600); break;
            case "pool_size": builder.MaxPoolSize = Whole(name, value, 4, 1000); break;
            case "host": builder.Host = value; break;
            case "port": builder.Port = Whole(name, value, 1, 65535); break;
            case "user": builder.Username = value; builder.Database ??= value; break;
            case "password": builder.Password = value; break;
            case "pgbouncer" or "target_session_attrs": break; // Everybody is treated so: safe behind PgBouncer, and only a server that takes writes.
            case var session when OfSessions.Contains(session):
                throw new FormatException($"'{name}' in the database URL would change a session, which PgBouncer does not allow; set it on the role instead (ALTER ROLE ... SET ...)");
            default: throw new FormatException($"'{name}' is no parameter of a database URL; there are {Known}");
        }
    }

    private static SslMode Ssl(string value) => value switch
    {
        "disable" => SslMode.Disable,
        "allow" => SslMode.Allow,
        "prefer" => SslMode.Prefer,
        "require" => SslMode.Require,
        "verify-ca" => SslMode.VerifyCA,
        "verify-full" => SslMode.VerifyFull,
        _ => throw new FormatException($"sslmode in the database URL is '{value}'; it must be disable, allow, prefer, require, verify-ca or verify-full"),
    };

    private static T Word<T>(string name, string value)
        where T : struct, Enum => Enum.TryParse<T>(value, ignoreCase: true, out var word) && !char.IsAsciiDigit(value[0])
        ? word
        : throw new FormatException($"{name} in the database URL is '{value}'; it must be {string.Join(", ", Enum.GetNames<T>()).ToLowerInvariant()}");

    private static int Whole(string name, string value, int min, int max) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= min && number <= max
            ? number
            : throw new FormatException($"{name} in the database URL is '{value}'; it must be a whole number from {min.ToString(CultureInfo.InvariantCulture)} to {max.ToString(CultureInfo.InvariantCulture)}");
}
