using System.Globalization;
using Aos.Contracts;
using Npgsql;

namespace Aos.Storage;

/// <summary>Looks at a PostgreSQL database and the way to it, beside the nodes that work on it.</summary>
internal sealed class PostgresDoctor(StorageOptions options, IEnumerable<Migration> migrations, TimeProvider clock) : IDoctor
{
    private static readonly TimeSpan SlowAnswer = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan SkewWarn = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan SkewProblem = TimeSpan.FromSeconds(30);

    public async Task<IReadOnlyList<Finding>> LookAsync(CancellationToken cancel)
    {
        var looks = new Looks();
        await using var pool = new PostgresPool(options);
        try
        {
            await using var connection = await pool.OpenAsync(cancel);
            await LookAsync(looks, pool, connection, cancel);
        }
        catch (Exception e) when (PostgresRefusal.Of(e, pool.Address) is { } refusal)
        {
            looks.Problem("reachable", refusal.Message, "Nothing works before this does.");
        }

        await looks.TryAsync("disk", () => Task.Run(() => NodeLooks.Disk(looks, "disk", options.Data), cancel));
        await NodeLooks.RedisAsync(looks, options, cancel);
        return looks.Findings;
    }

    private async Task LookAsync(Looks looks, PostgresPool pool, NpgsqlConnection connection, CancellationToken cancel)
    {
        await looks.TryAsync("reachable", () => AnswersAsync(looks, pool, connection, cancel));
        Version(looks, connection);
        await looks.TryAsync("pooler", () => PoolerLook.AtAsync(looks, pool, cancel));
        var server = new ServerLooks(looks, connection, pool.Size);
        await looks.TryAsync("role", () => server.RoleAsync(cancel));
        await looks.TryAsync("durability", () => server.DurabilityAsync(cancel));
        await looks.TryAsync("connections", () => server.ConnectionsAsync(cancel));
        await looks.TryAsync("server_disk", () => server.DiskAsync(cancel));
        await looks.TryAsync("migrations", async () =>
        {
            var plan = await new PostgresMigrator(pool.Source, [.. migrations], TimeProvider.System).LookAsync(cancel);
            NodeLooks.Migrations(looks, plan.Lines);
            await new TableLooks(looks, connection, options).LookAsync(Applied(plan), cancel);
        });
    }

    private List<Migration> Applied(MigrationPlan plan)
    {
        var done = plan.Lines.Where(line => line.State == MigrationState.Applied).Select(line => (line.Room, line.Number)).ToHashSet();
        return [.. migrations.Where(one => done.Contains((one.Room, one.Number)))];
    }

    /// <summary>The quickest of a few round trips, and the clocks on both ends of it.</summary>
    private async Task AnswersAsync(Looks looks, PostgresPool pool, NpgsqlConnection connection, CancellationToken cancel)
    {
        var (best, skew) = (TimeSpan.MaxValue, TimeSpan.Zero);
        for (var i = 0; i < 5; i++)
        {
            var (before, started) = (clock.GetUtcNow(), TimeProvider.System.GetTimestamp());
            var there = new DateTimeOffset(await ServerLooks.ScalarAsync<DateTime>(connection, "SELECT clock_timestamp()", cancel));
            var took = TimeProvider.System.GetElapsedTime(started);
            if (took < best) (best, skew) = (took, there - before - (took / 2));
        }

        var text = string.Create(CultureInfo.InvariantCulture, $"{pool.Address} answers in {best.TotalMilliseconds:0.0} ms");
        if (best < SlowAnswer) looks.Ok("reachable", text + ".");
        else looks.Warn("reachable", text + ": every step of a run waits for it.", "Run nodes and database in one region.");
        text = string.Create(CultureInfo.InvariantCulture, $"The clocks of node and database differ by {skew.TotalMilliseconds:0} ms");
        if (skew.Duration() > SkewProblem) looks.Problem("clock", text + ": times of events and due times are wrong by as much.", "Synchronise both (chrony, systemd-timesyncd).");
        else if (skew.Duration() > SkewWarn) looks.Warn("clock", text + ". Leases hold: they live by the database's clock.", "Synchronise both (chrony, systemd-timesyncd).");
        else looks.Ok("clock", text + ".");
    }

    private static void Version(Looks looks, NpgsqlConnection connection)
    {
        if (connection.PostgreSqlVersion.Major < PostgresStart.VersionMin)
            looks.Problem("version", $"PostgreSQL {connection.PostgreSqlVersion}: nodes do not start on it.", $"Upgrade to {PostgresStart.VersionMin} or newer.");
        else looks.Ok("version", $"PostgreSQL {connection.PostgreSqlVersion}; {PostgresStart.VersionMin} and newer are supported.");
    }
}
