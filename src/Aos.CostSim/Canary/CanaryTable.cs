using System.Collections.Immutable;
using System.Data.Common;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;
using Dapper;

namespace Aos.CostSim;

/// <summary>Reports and their artifacts as stored; times in ticks. All rows are the house's: <c>run_id</c> is a run of the canary, no tenant's.</summary>
internal sealed class CanaryTable(IDatabase database)
{
    private const string Columns =
        "run_id, at, status, trigger, instance, v1_version, v2_version, recent_samples, failed_samples, total_samples, matching_samples, minor_drift_samples, major_drift_samples, outlier_count, median_cost_diff, "
        + "p90_cost_diff, kl_divergence, by_design_json, drift_score, failure_reasons_json, artifacts_json, golden_comparison_json";

    internal static Migration Migration { get; } = new("costsim-canary", 1, "canary", """
        CREATE TABLE costsim_canary_reports (
          seq INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT NOT NULL UNIQUE, at BIGINT NOT NULL, status TEXT NOT NULL, trigger TEXT NOT NULL, instance TEXT NOT NULL, v1_version TEXT NOT NULL,
          v2_version TEXT NOT NULL, recent_samples BIGINT NOT NULL DEFAULT 0, failed_samples BIGINT NOT NULL DEFAULT 0, total_samples BIGINT NOT NULL DEFAULT 0, matching_samples BIGINT NOT NULL DEFAULT 0,
          minor_drift_samples BIGINT NOT NULL DEFAULT 0, major_drift_samples BIGINT NOT NULL DEFAULT 0, outlier_count BIGINT NOT NULL DEFAULT 0, median_cost_diff DOUBLE PRECISION NOT NULL DEFAULT 0,
          p90_cost_diff DOUBLE PRECISION NOT NULL DEFAULT 0, kl_divergence DOUBLE PRECISION NOT NULL DEFAULT 0, by_design_json TEXT NOT NULL, drift_score DOUBLE PRECISION NOT NULL DEFAULT 0,
          failure_reasons_json TEXT NOT NULL, artifacts_json TEXT NOT NULL, golden_comparison_json TEXT NOT NULL, told_at BIGINT
        );
        CREATE INDEX costsim_canary_reports_by_status ON costsim_canary_reports (status, seq);
        CREATE INDEX costsim_canary_reports_by_age ON costsim_canary_reports (at);
        CREATE TABLE costsim_canary_artifacts (run_id TEXT NOT NULL, name TEXT NOT NULL, body BLOB NOT NULL, PRIMARY KEY (run_id, name));
        CREATE TABLE costsim_canary_leases (name TEXT NOT NULL PRIMARY KEY, fence BIGINT NOT NULL, holder TEXT, canary TEXT NOT NULL, until BIGINT NOT NULL)
        """) { HouseTables = ["costsim_canary_reports", "costsim_canary_artifacts"] };

    /// <summary>Writes the report and what stands beside it.</summary>
    internal static void Insert(DbConnection connection, DbTransaction transaction, CanaryReport report, ImmutableArray<(string Name, byte[] Text)> artifacts)
    {
        connection.Execute(
            $"""
            INSERT INTO costsim_canary_reports ({Columns})
            VALUES (@RunId, @at, @Wire, @Trigger, @Instance, @ProductionVersion, @SecondVersion, @recent, @failed, @total, @matching, @minor, @major, @outliers, @median, @p90, @Kl, @design, @DriftScore, @reasons, @artifacts, @golden)
            """,
            new
            {
                report.RunId, at = report.At.UtcTicks, report.Wire, report.Trigger, report.Instance, report.ProductionVersion, report.SecondVersion, recent = (long)report.Recent, failed = (long)report.Failed,
                total = (long)report.Figures.Samples, matching = (long)report.Figures.Matching, minor = (long)report.Figures.MinorDrift, major = (long)report.Figures.MajorDrift,
                outliers = (long)report.Figures.Outliers, median = (double)report.Figures.MedianCostDiff, p90 = (double)report.Figures.P90CostDiff, report.Figures.Kl, design = Figures(report.ByDesign),
                report.DriftScore, reasons = List(report.FailureReasons), artifacts = List(report.Artifacts), golden = report.Golden.GetRawText(),
            },
            transaction);
        foreach (var (name, text) in artifacts)
            connection.Execute("INSERT INTO costsim_canary_artifacts (run_id, name, body) VALUES (@RunId, @name, @body)", new { report.RunId, name, body = Payload.Pack(text, compress: true) }, transaction);
    }

    /// <summary>A report that no run stands behind.</summary>
    internal Task InsertAsync(CanaryReport report, CancellationToken cancel) => database.ForHouse.WriteAsync(
        (connection, transaction) =>
        {
            Insert(connection, transaction, report, []);
            return true;
        },
        cancel);

    /// <summary>Newest first, by their number: clocks of nodes differ.</summary>
    internal Task<(IReadOnlyList<CanaryReport> Reports, long Total)> ListAsync(CanaryStatus? status, int limit, int offset, CancellationToken cancel) => database.ForHouse.ReadAsync(
        async (connection, token) =>
        {
            var values = new { status = status?.ToString().ToLowerInvariant(), limit = (long)limit, offset = (long)offset };
            var where = status is null ? "" : "WHERE status = @status ";
            var found = await ReadAsync(connection, $"{where}ORDER BY seq DESC LIMIT @limit OFFSET @offset", values, token);
            return ((IReadOnlyList<CanaryReport>)found, await connection.ExecuteScalarAsync<long>(new CommandDefinition($"SELECT count(*) FROM costsim_canary_reports {where}", values, cancellationToken: token)));
        },
        cancel);

    internal Task<CanaryReport?> FindAsync(string runId, CancellationToken cancel) => database.ForHouse.ReadAsync(
        async (connection, token) => (await ReadAsync(connection, "WHERE run_id = @runId", new { runId }, token)).FirstOrDefault(), cancel);

    internal Task<byte[]?> ArtifactAsync(string runId, string name, CancellationToken cancel) => database.ForHouse.ReadAsync(
        async (connection, token) =>
        {
            await using var row = (DbDataReader)await connection.ExecuteReaderAsync(
                new CommandDefinition("SELECT body FROM costsim_canary_artifacts WHERE run_id = @runId AND name = @name", new { runId, name }, cancellationToken: token));
            return await row.ReadAsync(token) ? Payload.Bytes(row.GetFieldValue<byte[]>(0)) : null;
        },
        cancel);

    /// <summary>Whether a run of the schedule has begun since, whatever came of it.</summary>
    internal Task<bool> WasScheduledAsync(DateTimeOffset since, CancellationToken cancel) => database.ForHouse.ReadAsync(
        async (connection, token) => await connection.ExecuteScalarAsync<long>(new CommandDefinition(
            "SELECT count(*) FROM costsim_canary_reports WHERE at >= @since AND trigger = 'schedule' AND status <> 'skipped'", new { since = since.UtcTicks }, cancellationToken: token)) > 0,
        cancel);

    /// <summary>Failed runs that the breaker has not been told of, the oldest first.</summary>
    internal Task<List<CanaryReport>> UntoldAsync(DateTimeOffset since, CancellationToken cancel) => database.ForHouse.ReadAsync(
        (connection, token) => ReadAsync(connection, "WHERE status = 'fail' AND told_at IS NULL AND at >= @since ORDER BY seq", new { since = since.UtcTicks }, token), cancel);

    /// <summary>True once for each run: whoever gets it tells the breaker, and nobody else does.</summary>
    internal async Task<bool> ClaimTellingAsync(string runId, DateTimeOffset at, CancellationToken cancel) => await database.ForHouse.WriteAsync(
        (connection, transaction) => connection.Execute("UPDATE costsim_canary_reports SET told_at = @at WHERE run_id = @runId AND told_at IS NULL", new { at = at.UtcTicks, runId }, transaction), cancel) == 1;

    /// <summary>Deletes reports of before a time with their artifacts, at most <paramref name="max"/>; replies how many.</summary>
    internal Task<int> ForgetBeforeAsync(DateTimeOffset before, int max, CancellationToken cancel) => database.ForHouse.WriteAsync(
        (connection, transaction) =>
        {
            const string Old = "SELECT run_id FROM costsim_canary_reports WHERE at < @before ORDER BY seq LIMIT @max";
            var values = new { before = before.UtcTicks, max = (long)max };
            if (connection.ExecuteScalar<string?>(Old, values, transaction) is null) return 0;
            connection.Execute($"DELETE FROM costsim_canary_artifacts WHERE run_id IN ({Old})", values, transaction);
            return connection.Execute($"DELETE FROM costsim_canary_reports WHERE run_id IN ({Old})", values, transaction);
        },
        cancel);

    private static async Task<List<CanaryReport>> ReadAsync(DbConnection connection, string where, object values, CancellationToken cancel)
    {
        await using var rows = (DbDataReader)await connection.ExecuteReaderAsync(new CommandDefinition($"SELECT {Columns} FROM costsim_canary_reports {where}", values, cancellationToken: cancel));
        var found = new List<CanaryReport>();
        while (await rows.ReadAsync(cancel)) found.Add(Of(rows));
        return found;
    }

    private static CanaryReport Of(DbDataReader row)
    {
        int Count(int column) => (int)row.GetInt64(column);
        return new CanaryReport(
            row.GetString(0), new DateTimeOffset(row.GetInt64(1), TimeSpan.Zero), Enum.Parse<CanaryStatus>(row.GetString(2), ignoreCase: true), row.GetString(3), row.GetString(4), row.GetString(5), row.GetString(6),
            Count(7), Count(8), new CanaryFigures(Count(9), Count(10), Count(11), Count(12), Count(13), (decimal)row.GetDouble(14), (decimal)row.GetDouble(15), row.GetDouble(16)), Figures(row.GetString(17)),
            row.GetDouble(18), List(row.GetString(19)), List(row.GetString(20)), Json.Parse(row.GetString(21)));
    }

    private static string List(ImmutableArray<string> texts) => Json.Write(writer =>
    {
        writer.WriteStartArray();
        foreach (var text in texts) writer.WriteStringValue(text);
        writer.WriteEndArray();
    }).GetRawText();

    private static ImmutableArray<string> List(string json) => [.. Json.Parse(json).EnumerateArray().Select(text => text.GetString()!)];

    private static string Figures(CanaryFigures figures) => Json.Write(writer =>
    {
        writer.WriteStartArray();
        foreach (var count in new[] { figures.Samples, figures.Matching, figures.MinorDrift, figures.MajorDrift, figures.Outliers }) writer.WriteNumberValue(count);
        writer.WriteNumberValue(figures.MedianCostDiff);
        writer.WriteNumberValue(figures.P90CostDiff);
        writer.WriteNumberValue(figures.Kl);
        writer.WriteEndArray();
    }).GetRawText();

    private static CanaryFigures Figures(string json)
    {
        var of = Json.Parse(json);
        return new CanaryFigures(of[0].GetInt32(), of[1].GetInt32(), of[2].GetInt32(), of[3].GetInt32(), of[4].GetInt32(), of[5].GetDecimal(), of[6].GetDecimal(), of[7].GetDouble());
    }
}
