using Npgsql;

namespace Aos.Integration.Tests.Storage;

/// <summary>
/// Makes transactions overlap for certain: whoever writes a table stands still in the middle of its statement, with its locks,
/// until this is let go. What the others wait for then is in the server's own tables.
/// </summary>
internal sealed class HeldCommit : IAsyncDisposable
{
    private static readonly TimeSpan GivesUp = TimeSpan.FromSeconds(60);
    private readonly NpgsqlConnection connection;

    private HeldCommit(NpgsqlConnection connection) => this.connection = connection;

    /// <param name="url">The database, without PgBouncer.</param>
    /// <param name="after">Such as <c>INSERT ON journal</c>.</param>
    internal static async Task<HeldCommit> OpenAsync(string url, string after)
    {
        var held = new HeldCommit(await PostgresNodes.ConnectAsync(url));
        await held.AskAsync<object>(
            $"""
            CREATE FUNCTION stand_still() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_advisory_xact_lock_shared(1); RETURN NULL; END';
            CREATE TRIGGER stand_still AFTER {after} FOR EACH ROW EXECUTE FUNCTION stand_still();
            SELECT pg_advisory_lock(1);
            """);
        return held;
    }

    /// <summary>Ends when so many sessions wait here, with all their locks.</summary>
    internal Task UntilHeldAsync(int sessions) => UntilAsync("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'advisory'", sessions);

    /// <summary>Ends when so many sessions wait for one that waits here.</summary>
    internal Task UntilBehindAsync(int sessions) => UntilAsync(
        """
        SELECT count(*) FROM pg_stat_activity AS behind WHERE behind.datname = current_database() AND EXISTS (
          SELECT 1 FROM pg_stat_activity AS held WHERE held.pid = ANY(pg_blocking_pids(behind.pid)) AND held.wait_event = 'advisory')
        """, sessions);

    internal Task LetGoAsync() => AskAsync<object>("SELECT pg_advisory_unlock(1)");

    public ValueTask DisposeAsync() => connection.DisposeAsync();

    private async Task UntilAsync(string count, long sessions)
    {
        var since = TimeProvider.System.GetTimestamp();
        while (await AskAsync<long>(count) != sessions) Assert.True(TimeProvider.System.GetElapsedTime(since) < GivesUp, "They do not meet.");
    }

    private async Task<T?> AskAsync<T>(string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(TestContext.Current.CancellationToken) is T found ? found : default;
    }
}
