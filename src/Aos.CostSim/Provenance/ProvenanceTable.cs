using System.Data.Common;
using System.Text;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;
using Dapper;

namespace Aos.CostSim;

/// <summary>What models said and runs cost, as rows. Times are UTC ticks, money is 10⁻⁶ cent, drift millionths; payloads are compressed canonical JSON.</summary>
internal sealed class ProvenanceTable(IDatabase database, ProvenanceOptions options, ProvenanceMeter meter) : IProvenance, IForgetsRuns
{
    private const string Columns =
        "id, tenant_id, run_id, variant, source, model_version, input_hash, output_hash, v1, v2, actual, drift, verdict, status, runtime_ms, at, payload";

    internal static Migration Migration { get; } = new("costsim-provenance", 1, "provenance", """
        CREATE TABLE costsim_provenance (
          tenant_id TEXT NOT NULL, id TEXT NOT NULL, run_id TEXT, variant TEXT NOT NULL, source TEXT NOT NULL, model_version TEXT NOT NULL, input_hash TEXT NOT NULL, output_hash TEXT NOT NULL,
          v1 BIGINT, v2 BIGINT, actual BIGINT, drift BIGINT, verdict TEXT, status TEXT NOT NULL, runtime_ms BIGINT NOT NULL, at BIGINT NOT NULL, payload BLOB NOT NULL, PRIMARY KEY (tenant_id, id)
        );
        CREATE INDEX costsim_provenance_by_time ON costsim_provenance (tenant_id, at, id);
        CREATE INDEX costsim_provenance_of_run ON costsim_provenance (tenant_id, run_id) WHERE run_id IS NOT NULL;
        CREATE INDEX costsim_provenance_of_input ON costsim_provenance (tenant_id, input_hash);
        CREATE INDEX costsim_provenance_by_age ON costsim_provenance (at);
        """);

    public async Task<int> WriteAsync(IReadOnlyList<ProvenanceRecord> records, CancellationToken cancel)
    {
        if (records.Count == 0) return 0;
        // One order for all who write, so that two with the same records wait for each other and never in a circle.
        var rows = records.Select(record => (Id: IdOf(record), Record: record)).DistinctBy(row => (row.Record.Tenant, row.Id))
            .OrderBy(row => row.Record.Tenant.Value, StringComparer.Ordinal).ThenBy(row => row.Id, StringComparer.Ordinal)
            .Select(row => (row.Record.Tenant, Values: Values(row.Id, row.Record, Payload.Pack(row.Record.Payload, options.Compress)))).ToList();
        var isOfOne = records.All(record => record.Tenant == records[0].Tenant);
        var written = await (isOfOne ? database.For(records[0].Tenant) : database.ForHouse).WriteAsync(
            (connection, transaction) => rows.Where(row => Insert(connection, transaction, row.Values) > 0).Select(row => row.Tenant).ToList(), cancel);
        foreach (var (tenant, count) in written.CountBy(tenant => tenant)) meter.Wrote(tenant, count);
        return written.Count;
    }

    public Task<IReadOnlyList<ProvenanceRecord>> QueryAsync(ProvenanceFilter filter, int limit, int offset, CancellationToken cancel)
    {
        var where = new ProvenanceWhere(filter);
        where.Values.Add("limit", (long)limit);
        where.Values.Add("offset", (long)offset);
        return Scope(filter).ReadAsync(
            async (connection, token) =>
            {
                await using var rows = (DbDataReader)await connection.ExecuteReaderAsync(new CommandDefinition(
                    $"SELECT {Columns} FROM costsim_provenance WHERE {where.Text} ORDER BY at DESC, id LIMIT @limit OFFSET @offset", where.Values, cancellationToken: token));
                var found = new List<ProvenanceRecord>();
                while (await rows.ReadAsync(token)) found.Add(Of(rows));
                return (IReadOnlyList<ProvenanceRecord>)found;
            },
            cancel);
    }

    public Task<long> CountAsync(ProvenanceFilter filter, CancellationToken cancel)
    {
        var where = new ProvenanceWhere(filter);
        return Scope(filter).ReadAsync(
            (connection, token) => connection.ExecuteScalarAsync<long>(new CommandDefinition($"SELECT count(*) FROM costsim_provenance WHERE {where.Text}", where.Values, cancellationToken: token)), cancel);
    }

    public Task<ProvenanceStats> StatsAsync(ProvenanceFilter filter, CancellationToken cancel)
    {
        var where = new ProvenanceWhere(filter with { Paired = true });
        const string Delta = "CAST(v2 - v1 AS DOUBLE PRECISION)";
        return Scope(filter).ReadAsync(
            async (connection, token) =>
            {
                // The mean of squares less the square of the mean: both stores know these sums alone.
                await using var row = (DbDataReader)await connection.ExecuteReaderAsync(new CommandDefinition(
                    $"SELECT count(*), avg({Delta}), min({Delta}), max({Delta}), avg({Delta} * {Delta}) FROM costsim_provenance WHERE {where.Text}", where.Values, cancellationToken: token));
                await row.ReadAsync(token);
                if (row.GetInt64(0) is var total && total == 0) return new ProvenanceStats(0, 0, 0, 0, 0);
                var mean = row.GetDouble(1);
                return new ProvenanceStats(total, Cents(mean), Cents(row.GetDouble(2)), Cents(row.GetDouble(3)), Cents(Math.Sqrt(Math.Max(row.GetDouble(4) - (mean * mean), 0))));
            },
            cancel);
    }

    /// <summary>
    /// What models were asked beside each other since a time and answered in good order, for the canary: the newest of each tenant in turn, so that none crowds out the others. Payloads are as
    /// they are stored.
    /// </summary>
    internal Task<List<StoredSimulation>> RecentAsync(DateTimeOffset from, int max, CancellationToken cancel) => database.ForHouse.ReadAsync(
        async (connection, token) =>
        {
            const string Sql = """
                SELECT p.id, p.variant, p.input_hash, p.output_hash, p.at, p.payload FROM (
                  SELECT tenant_id, id, at, row_number() OVER (PARTITION BY tenant_id ORDER BY at DESC, id) AS turn FROM costsim_provenance
                  WHERE at >= @from AND source IN ('shadow', 'manual') AND status IN ('success', 'feasible')) AS r
                JOIN costsim_provenance AS p ON p.tenant_id = r.tenant_id AND p.id = r.id ORDER BY r.turn, r.at DESC, r.id LIMIT @max
                """;
            await using var rows = (DbDataReader)await connection.ExecuteReaderAsync(new CommandDefinition(Sql, new { from = from.UtcTicks, max = (long)max }, cancellationToken: token));
            var found = new List<StoredSimulation>();
            while (await rows.ReadAsync(token))
                found.Add(new StoredSimulation(rows.GetString(0), rows.GetString(1), rows.GetString(2), rows.GetString(3), new DateTimeOffset(rows.GetInt64(4), TimeSpan.Zero), rows.GetFieldValue<byte[]>(5)));
            return found;
        },
        cancel);

    /// <summary>Deletes records of before a time, at most <paramref name="max"/>; replies how many.</summary>
    internal Task<int> ForgetBeforeAsync(DateTimeOffset before, int max, CancellationToken cancel) => database.ForHouse.WriteAsync(
        (connection, transaction) => connection.Execute(
            """
            DELETE FROM costsim_provenance WHERE at < @before AND (tenant_id, id) IN (SELECT tenant_id, id FROM costsim_provenance WHERE at < @before ORDER BY at LIMIT @max)
            """,
            new { before = before.UtcTicks, max = (long)max }, transaction),
        cancel);

    /// <summary>With a run that is deleted for good goes what is recorded of it.</summary>
    public void Forget(DbConnection connection, DbTransaction transaction, IReadOnlyList<(TenantId Tenant, RunId Run)> runs)
    {
        foreach (var (tenant, run) in runs)
            connection.Execute("DELETE FROM costsim_provenance WHERE tenant_id = @tenant AND run_id = @run", new { tenant = tenant.Value, run = run.ToString() }, transaction);
    }

    internal static string IdOf(ProvenanceRecord record) => ContentHash.Hex(Encoding.UTF8.GetBytes(string.Join(
        '\n', record.Tenant.Value, record.Variant, record.Source, record.ModelVersion, record.InputHash, record.OutputHash,
        record.Run?.ToString() ?? record.At.UtcDateTime.ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture))));

    private ITables Scope(ProvenanceFilter filter) => filter.Tenant is { } tenant ? database.For(tenant) : database.ForHouse;

    private static int Insert(DbConnection connection, DbTransaction transaction, object row) => connection.Execute(
        $"""
        INSERT INTO costsim_provenance ({Columns})
        VALUES (@id, @tenant, @run, @variant, @source, @version, @input, @output, @v1, @v2, @actual, @drift, @verdict, @status, @runtime, @at, @payload) ON CONFLICT (tenant_id, id) DO NOTHING
        """,
        row, transaction);

    private static object Values(string id, ProvenanceRecord record, byte[] payload) => new
    {
        id, tenant = record.Tenant.Value, run = record.Run?.ToString(), variant = record.Variant, source = record.Source, version = record.ModelVersion, input = record.InputHash,
        output = record.OutputHash, v1 = Micros(record.V1Cents), v2 = Micros(record.V2Cents), actual = Micros(record.ActualCents),
        drift = record.DriftScore is { } drift ? (long)Math.Round(drift * 1e6) : (long?)null, verdict = record.Verdict, status = record.Status, runtime = (long)record.RuntimeMs,
        at = record.At.UtcTicks, payload,
    };

    private static ProvenanceRecord Of(DbDataReader row)
    {
        string? Optional(int column) => row.IsDBNull(column) ? null : row.GetString(column);
        decimal? Money(int column) => row.IsDBNull(column) ? null : Kernel.Cents.FromMicros(row.GetInt64(column)).Value;
        return new ProvenanceRecord(
            new TenantId(row.GetString(1)), Optional(2) is { } run ? new RunId(Guid.ParseExact(run, "D")) : null, row.GetString(3), row.GetString(4), row.GetString(5), row.GetString(6), row.GetString(7),
            Money(8), Money(9), Money(10), row.IsDBNull(11) ? null : row.GetInt64(11) / 1e6, Optional(12), row.GetString(13), (int)row.GetInt64(14), new DateTimeOffset(row.GetInt64(15), TimeSpan.Zero),
            Payload.Unpack(row.GetFieldValue<byte[]>(16))) { Id = row.GetString(0) };
    }

    private static long? Micros(decimal? cents) => cents is { } value ? new Cents(value).ToMicros() : null;

    private static double Cents(double micros) => Math.Round(micros / 1e6, 6);
}
