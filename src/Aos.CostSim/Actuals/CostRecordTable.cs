using System.Data.Common;
using Aos.Contracts;
using Aos.Kernel;
using Dapper;

namespace Aos.CostSim;

/// <summary>Cost records as rows. Times are UTC ticks, money is 10⁻⁶ cent. A row is written once.</summary>
internal sealed class CostRecordTable(IDatabase database) : IForgetsRuns
{
    private const string Columns = "tenant_id, id, run_id, place, step, skill, model, simulated, actual, simulated_ms, duration_ms, ok, version, source, at";

    internal static Migration Migration { get; } = new("costsim-actuals", 1, "cost records", """
        CREATE TABLE costsim_cost_records (
          tenant_id TEXT NOT NULL, id TEXT NOT NULL, run_id TEXT, place TEXT NOT NULL, step TEXT NOT NULL, skill TEXT NOT NULL, model TEXT, simulated BIGINT NOT NULL, actual BIGINT NOT NULL,
          simulated_ms BIGINT, duration_ms BIGINT NOT NULL, ok BIGINT NOT NULL, version TEXT NOT NULL, source TEXT NOT NULL, at BIGINT NOT NULL, PRIMARY KEY (tenant_id, id)
        );
        CREATE INDEX costsim_cost_records_by_time ON costsim_cost_records (tenant_id, at, id);
        CREATE INDEX costsim_cost_records_of_skill ON costsim_cost_records (tenant_id, skill, at);
        CREATE INDEX costsim_cost_records_of_run ON costsim_cost_records (tenant_id, run_id) WHERE run_id IS NOT NULL;
        CREATE INDEX costsim_cost_records_by_age ON costsim_cost_records (at);
        CREATE TABLE costsim_cursors (name TEXT NOT NULL PRIMARY KEY, ended_at BIGINT NOT NULL, run TEXT NOT NULL);
        """);

    internal Task<int> WriteAsync(IReadOnlyList<CostRecord> records, CancellationToken cancel)
    {
        if (records.Count == 0) return Task.FromResult(0);
        var rows = records.OrderBy(record => record.Tenant.Value, StringComparer.Ordinal).ThenBy(record => record.Id, StringComparer.Ordinal).Select(Values).ToList();
        var isOfOne = records.All(record => record.Tenant == records[0].Tenant);
        return (isOfOne ? database.For(records[0].Tenant) : database.ForHouse).WriteAsync(
            (connection, transaction) => rows.Sum(row => connection.Execute(
                $"""
                INSERT INTO costsim_cost_records ({Columns})
                VALUES (@tenant, @id, @run, @place, @step, @skill, @model, @simulated, @actual, @simulatedMs, @durationMs, @ok, @version, @source, @at) ON CONFLICT (tenant_id, id) DO NOTHING
                """,
                row, transaction)),
            cancel);
    }

    /// <summary>Newest first.</summary>
    internal Task<IReadOnlyList<CostRecord>> ListAsync(CostRecordFilter filter, int limit, CancellationToken cancel)
    {
        var (text, values) = Where(filter);
        values.Add("limit", (long)limit);
        return database.For(filter.Tenant).ReadAsync(
            async (connection, token) =>
            {
                await using var rows = (DbDataReader)await connection.ExecuteReaderAsync(
                    new CommandDefinition($"SELECT {Columns} FROM costsim_cost_records WHERE tenant_id = @tenant{text} ORDER BY at DESC, id DESC LIMIT @limit", values, cancellationToken: token));
                var found = new List<CostRecord>();
                while (await rows.ReadAsync(token)) found.Add(Of(rows));
                return (IReadOnlyList<CostRecord>)found;
            },
            cancel);
    }

    /// <summary>Cents paid on each UTC day that has records, in the order of the days.</summary>
    internal Task<IReadOnlyList<(long Day, decimal Cents)>> DaysAsync(CostRecordFilter filter, CancellationToken cancel)
    {
        var (text, values) = Where(filter);
        values.Add("day", TimeSpan.TicksPerDay);
        return database.For(filter.Tenant).ReadAsync(
            async (connection, token) =>
            {
                await using var rows = (DbDataReader)await connection.ExecuteReaderAsync(new CommandDefinition(
                    $"SELECT at / @day, CAST(sum(actual) AS BIGINT) FROM costsim_cost_records WHERE tenant_id = @tenant{text} GROUP BY 1 ORDER BY 1", values, cancellationToken: token));
                var days = new List<(long, decimal)>();
                while (await rows.ReadAsync(token)) days.Add((rows.GetInt64(0), Cents.FromMicros(rows.GetInt64(1)).Value));
                return (IReadOnlyList<(long, decimal)>)days;
            },
            cancel);
    }

    /// <summary>The newest successful calls of each skill since a time, of the runs of all tenants: estimate and cost, cents. What was told by hand is left out.</summary>
    internal Task<List<(string Skill, decimal Simulated, decimal Actual)>> NewestAsync(DateTimeOffset from, int maxOfSkill, CancellationToken cancel) => database.ForHouse.ReadAsync(
        async (connection, token) =>
        {
            const string Sql = """
                SELECT skill, simulated, actual FROM (
                  SELECT skill, simulated, actual, row_number() OVER (PARTITION BY skill ORDER BY at DESC, tenant_id, id) AS turn FROM costsim_cost_records
                  WHERE at >= @from AND ok = 1 AND source <> 'manual') AS r
                WHERE turn <= @max ORDER BY skill, turn LIMIT @all
                """;
            await using var rows = (DbDataReader)await connection.ExecuteReaderAsync(
                new CommandDefinition(Sql, new { from = from.UtcTicks, max = (long)maxOfSkill, all = (long)ICostRecords.ReadMax }, cancellationToken: token));
            var found = new List<(string, decimal, decimal)>();
            while (await rows.ReadAsync(token)) found.Add((rows.GetString(0), Cents.FromMicros(rows.GetInt64(1)).Value, Cents.FromMicros(rows.GetInt64(2)).Value));
            return found;
        },
        cancel);

    /// <summary>Deletes records of before a time, at most <paramref name="max"/>; replies how many.</summary>
    internal Task<int> ForgetBeforeAsync(DateTimeOffset before, int max, CancellationToken cancel) => database.ForHouse.WriteAsync(
        (connection, transaction) => connection.Execute(
            """
            DELETE FROM costsim_cost_records WHERE at < @before AND (tenant_id, id) IN (SELECT tenant_id, id FROM costsim_cost_records WHERE at < @before ORDER BY at LIMIT @max)
            """,
            new { before = before.UtcTicks, max = (long)max }, transaction),
        cancel);

    /// <summary>With a run that is deleted for good its records go.</summary>
    public void Forget(DbConnection connection, DbTransaction transaction, IReadOnlyList<(TenantId Tenant, RunId Run)> runs)
    {
        foreach (var (tenant, run) in runs)
            connection.Execute("DELETE FROM costsim_cost_records WHERE tenant_id = @tenant AND run_id = @run", new { tenant = tenant.Value, run = run.ToString() }, transaction);
    }

    /// <summary>Stands behind the condition on the tenant.</summary>
    private static (string Text, DynamicParameters Values) Where(CostRecordFilter filter)
    {
        var (text, values) = ("", new DynamicParameters(new { tenant = filter.Tenant.Value }));
        Add("skill = @skill", "skill", filter.Skill);
        Add("version = @version", "version", filter.Version);
        Add("at >= @from", "from", filter.From?.UtcTicks);
        Add("at < @until", "until", filter.Until?.UtcTicks);
        return (filter.OkOnly ? text + " AND ok = 1" : text, values);

        void Add(string part, string name, object? value)
        {
            if (value is null) return;
            text += " AND " + part;
            values.Add(name, value);
        }
    }

    private static object Values(CostRecord record) => new
    {
        tenant = record.Tenant.Value, id = record.Id, run = record.Run?.ToString(), place = record.Place, step = record.Step, skill = record.Skill, model = record.Model,
        simulated = record.Simulated.ToMicros(), actual = record.Actual.ToMicros(), simulatedMs = (long?)record.SimulatedMs, durationMs = (long)record.DurationMs, ok = record.Ok ? 1L : 0L,
        version = record.Version, source = record.Source, at = record.At.UtcTicks,
    };

    private static CostRecord Of(DbDataReader row) => new(
        new TenantId(row.GetString(0)), row.GetString(1), row.IsDBNull(2) ? null : new RunId(Guid.ParseExact(row.GetString(2), "D")), row.GetString(3), row.GetString(4), row.GetString(5),
        row.IsDBNull(6) ? null : row.GetString(6), Cents.FromMicros(row.GetInt64(7)), Cents.FromMicros(row.GetInt64(8)), row.IsDBNull(9) ? null : (int)row.GetInt64(9), (int)row.GetInt64(10),
        row.GetInt64(11) == 1, row.GetString(12), row.GetString(13), new DateTimeOffset(row.GetInt64(14), TimeSpan.Zero));
}
