using System.Data.Common;
using System.Globalization;
using System.Text.Json;
using Aos.Contracts;
using Npgsql;

namespace Aos.Skills.Tests;

/// <summary>
/// Connections to a real PostgreSQL, for the tests of a class: <c>db</c> as the owner of the room's own database, <c>root</c> as the superuser of the
/// server, who may do everything that a query must not. Through PgBouncer, where the tests run so.
/// </summary>
public sealed class DatabaseRoom : IAsyncLifetime
{
    private ConnectionRoom room = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    internal ConnectionRoom Room => room;

    /// <summary>Where the connections lead.</summary>
    internal Uri Url { get; private set; } = null!;

    internal string Password => Uri.UnescapeDataString(Url.UserInfo.Split(':')[1]);

    public async ValueTask InitializeAsync()
    {
        room = new ConnectionRoom("127.0.0.1");
        Url = new Uri(room.Room.Store.Url!);
        await room.SecretAsync("PW", Password);
        await PutAsync("db", Url.UserInfo.Split(':')[0]);
        await PutAsync("root", "postgres");
        await DoAsync(
            """
            CREATE TABLE IF NOT EXISTS items (id int PRIMARY KEY, name text NOT NULL, price numeric(10,2), made date);
            INSERT INTO items VALUES (1, 'hammer', 9.90, '2026-01-02'), (2, 'drop table', 1.10, NULL), (3, 'nail', 0.05, '2026-03-01') ON CONFLICT DO NOTHING;
            CREATE SEQUENCE IF NOT EXISTS numbers;
            """);
    }

    public async ValueTask DisposeAsync()
    {
        await EndSuperuserAsync();
        room.Dispose();
    }

    /// <summary>PgBouncer keeps sessions of the superuser, which the owner of the database may not end; and while there is one, it cannot be dropped.</summary>
    private async Task EndSuperuserAsync()
    {
        var direct = new Uri(room.Room.Store.Direct);
        await using var session = new NpgsqlConnection(new NpgsqlConnectionStringBuilder
        {
            Host = direct.Host, Port = direct.Port, Database = "postgres", Username = "postgres", Password = Password, SslMode = SslMode.Disable, Pooling = false,
        }.ConnectionString);
        await session.OpenAsync();
        await using var command = Command(session, $"SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity WHERE datname = '{direct.AbsolutePath.Trim('/')}' AND usename = 'postgres'");
        await command.ExecuteScalarAsync();
    }

    internal Task<Connection> PutAsync(string name, string user, string? host = null, int? port = null, string? database = null, string secret = "PW") =>
        room.PutAsync(name, "postgres", string.Create(
            CultureInfo.InvariantCulture,
            $$"""{"host":"{{host ?? "127.0.0.1"}}","port":{{port ?? Url.Port}},"database":"{{database ?? Url.AbsolutePath.Trim('/')}}","user":"{{user}}","password":"secret:{{secret}}","sslmode":"disable"}"""));

    /// <summary>A call as a plan writes it; <paramref name="more"/>: further members.</summary>
    internal Task<StructuredOutcome> AskAsync(string query, string more = "", string connection = "db", string tenant = "acme") =>
        room.CallAsync(Params(query, more, connection), "postgres_query", tenant: tenant);

    internal static string Params(string query, string more = "", string connection = "db") =>
        $$"""{"connection":"{{connection}}","query":{{Json.Of(query).GetRawText()}}{{(more.Length > 0 ? "," + more : "")}}}""";

    /// <summary>The result of a call that must succeed.</summary>
    internal async Task<JsonElement> RowsAsync(string query, string more = "", string connection = "db")
    {
        var outcome = await AskAsync(query, more, connection);
        Assert.True(outcome.Ok, outcome.Failure?.Message);
        return outcome.Result;
    }

    /// <summary>The only value of the only row.</summary>
    internal async Task<JsonElement> ValueAsync(string query, string more = "", string connection = "db") =>
        Assert.Single(Assert.Single((await RowsAsync(query, more, connection)).GetProperty("rows").EnumerateArray()).EnumerateObject()).Value;

    internal async Task<Failure> FailureAsync(string query, string more = "", string connection = "db")
    {
        var outcome = await AskAsync(query, more, connection);
        Assert.False(outcome.Ok, query);
        return outcome.Failure!;
    }

    /// <summary>Beside the product: statements as the owner, in the room's database.</summary>
    internal async Task<object?> DoAsync(string sql)
    {
        await using var session = room.Room.Store.Connect();
        await using var command = Command(session, sql);
        return await command.ExecuteScalarAsync(Cancel);
    }

    /// <summary>Asks until the answer is so.</summary>
    internal async Task UntilAsync(string sql, long wanted)
    {
        await using var session = room.Room.Store.Connect();
        while (true)
        {
            await using var command = Command(session, sql);
            if (Convert.ToInt64(await command.ExecuteScalarAsync(Cancel), CultureInfo.InvariantCulture) == wanted) return;
            await using var pause = Command(session, "SELECT pg_sleep(0.01)");
            await pause.ExecuteScalarAsync(Cancel);
        }
    }

    private static DbCommand Command(DbConnection session, string sql)
    {
        var command = session.CreateCommand();
        command.CommandText = sql;
        return command;
    }
}
