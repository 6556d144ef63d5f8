using System.Diagnostics;
using System.Globalization;
using Npgsql;

namespace Aos.Chaos;

/// <summary>
/// What befalls all nodes at once, one after another: the database is killed and started again, its disk is full, PgBouncer is killed and
/// started again; and one node's clock jumps.
/// </summary>
internal sealed class Outages(Settings settings, string servers, NpgsqlDataSource source)
{
    private static readonly string Programs = Path.Combine(Settings.Root(), "tests", "servers");

    /// <summary>What PostgreSQL says when it cannot extend a file.</summary>
    private const string FillDisk = """
        CREATE FUNCTION chaos_full() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION USING ERRCODE = 'disk_full', MESSAGE = 'could not extend file "base/1/2": No space left on device'; END $$;
        CREATE TRIGGER chaos_full BEFORE INSERT ON journal FOR EACH STATEMENT EXECUTE FUNCTION chaos_full();
        """;

    private const string FreeDisk = "DROP TRIGGER chaos_full ON journal; DROP FUNCTION chaos_full()";

    internal async Task<string> StrikeAsync(int number, Node node, TimeSpan lasts)
    {
        var kinds = settings.Bouncer ? 4 : 3;
        switch (number % kinds)
        {
            case 0:
                return await RestartAsync("postgres", lasts);
            case 1:
                await ExecuteAsync(FillDisk);
                await Task.Delay(lasts);
                await ExecuteAsync(FreeDisk);
                return Said("the disk of the database was full", lasts);
            case 2:
                var by = TimeSpan.FromSeconds((number / kinds) % 2 == 0 ? 45 : -45);
                await node.JumpAsync(by);
                await Task.Delay(lasts);
                await node.JumpAsync(TimeSpan.Zero);
                return Said($"the clock of node {node.Number} went {by.TotalSeconds.ToString("+0;-0", CultureInfo.InvariantCulture)} s off", lasts);
            default:
                return await RestartAsync("pgbouncer", lasts);
        }
    }

    private static string Said(string what, TimeSpan lasts) => string.Create(CultureInfo.InvariantCulture, $"{what} for {lasts.TotalSeconds:0.0} s");

    private async Task<string> RestartAsync(string name, TimeSpan lasts)
    {
        await ControlAsync("kill", name);
        await Task.Delay(lasts);
        await ControlAsync("start", name);
        source.Clear();
        return Said($"{name} was killed, and away", lasts);
    }

    private async Task ControlAsync(string verb, string name)
    {
        using var process = Process.Start(new ProcessStartInfo(Programs, [verb, servers, name]) { RedirectStandardOutput = true })!;
        await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0) throw new InvalidOperationException($"{Programs} {verb} {servers} {name} ended with {process.ExitCode}.");
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
