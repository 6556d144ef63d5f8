using Npgsql;

namespace Aos.Testing;

/// <summary>Plain sessions on a PostgreSQL server, beside everything the product does to its own.</summary>
internal static class ServerAddress
{
    /// <summary>A session that is gone when it is closed, unless it is pooled.</summary>
    /// <param name="url">Such as <c>postgres://user:password@127.0.0.1:5432/database</c>.</param>
    internal static NpgsqlConnection Connect(string url, bool isPooled = false)
    {
        var address = new Uri(url, UriKind.Absolute);
        var user = address.UserInfo.Split(':', 2);
        var settings = new NpgsqlConnectionStringBuilder
        {
            Host = address.Host,
            Port = address.Port > 0 ? address.Port : 5432,
            Database = Uri.UnescapeDataString(address.AbsolutePath.TrimStart('/')),
            Username = Uri.UnescapeDataString(user[0]),
            Password = user.Length > 1 ? Uri.UnescapeDataString(user[1]) : null,
            Pooling = isPooled,
            Enlist = false,
            CommandTimeout = 120,
            ApplicationName = "aos-tests",
        };
        var connection = new NpgsqlConnection(settings.ConnectionString);
        connection.Open();
        return connection;
    }

    internal static void Run(this NpgsqlConnection connection, string sql)
    {
        using var command = new NpgsqlCommand(sql, connection);
        command.ExecuteNonQuery();
    }

    internal static T? Ask<T>(this NpgsqlConnection connection, string sql, params object[] values)
    {
        using var command = new NpgsqlCommand(sql, connection);
        foreach (var value in values) command.Parameters.Add(new NpgsqlParameter { Value = value });
        return command.ExecuteScalar() is T found ? found : default;
    }

    internal static List<string> List(this NpgsqlConnection connection, string sql)
    {
        using var command = new NpgsqlCommand(sql, connection);
        using var reader = command.ExecuteReader();
        var found = new List<string>();
        while (reader.Read()) found.Add(reader.GetString(0));
        return found;
    }
}
