using System.Collections.Immutable;
using System.Data.Common;
using System.Globalization;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;
using Dapper;

namespace Aos.CostSim;

/// <summary>An incident with what its alert needs beside.</summary>
/// <param name="Instance">The node that opened the breaker: its alert is resolved under the same name.</param>
internal sealed record StoredIncident(BreakerIncident Incident, string Instance);

/// <summary>The breaker, its incidents and its changes as stored; times in ticks. All rows are the house's.</summary>
internal sealed class BreakerTable(IDatabase database)
{
    private const string Columns =
        "id, at, reason, severity, drift_score, sample_count, details, resolved_at, resolved_by, resolution_notes, alert_sent_at, alert_response, instance";

    /// <summary>Most probes of <see cref="BreakerOptions.Probes"/> fit into one row: they are read and written with it.</summary>
    internal static Migration Migration { get; } = new("costsim-breaker", 1, "breaker", """
        CREATE TABLE cost_breakers (
          name TEXT NOT NULL PRIMARY KEY, status BIGINT NOT NULL DEFAULT 0, opened_at BIGINT, reason TEXT, incident_id TEXT, failures BIGINT NOT NULL DEFAULT 0,
          last_failure_at BIGINT, disabled_until BIGINT, disabled_by TEXT, probes TEXT NOT NULL DEFAULT '[]'
        );
        CREATE TABLE cost_breaker_incidents (
          seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, breaker TEXT NOT NULL, at BIGINT NOT NULL, reason TEXT NOT NULL, severity TEXT NOT NULL, drift_score DOUBLE PRECISION NOT NULL,
          sample_count BIGINT NOT NULL, details TEXT NOT NULL, instance TEXT NOT NULL, resolved_at BIGINT, resolved_by TEXT, resolution_notes TEXT, alert_sent_at BIGINT,
          alert_response TEXT
        );
        CREATE INDEX cost_breaker_incidents_of ON cost_breaker_incidents (breaker, seq);
        CREATE TABLE cost_breaker_changes (
          seq INTEGER PRIMARY KEY AUTOINCREMENT, breaker TEXT NOT NULL, at BIGINT NOT NULL, actor_type TEXT NOT NULL, actor TEXT NOT NULL, from_status BIGINT NOT NULL,
          to_status BIGINT NOT NULL, reason TEXT NOT NULL, incident_id TEXT
        );
        CREATE INDEX cost_breaker_changes_of ON cost_breaker_changes (breaker, seq);
        INSERT INTO cost_breakers (name) VALUES ('costsim_v2') ON CONFLICT (name) DO NOTHING
        """);

    /// <summary>A plain read: it waits for nobody.</summary>
    internal Task<BreakerRow> ReadAsync(CancellationToken cancel) =>
        database.ForHouse.ReadAsync((connection, _) => Task.FromResult(Find(connection, null) ?? BreakerRow.Closed), cancel);

    /// <summary>One transaction over the row, held against every other node until its end.</summary>
    internal Task<T> WriteAsync<T>(Func<DbConnection, DbTransaction, BreakerRow, T> write, CancellationToken cancel) =>
        database.ForHouse.WriteAsync((connection, transaction) => write(connection, transaction, Hold(connection, transaction)), cancel);

    /// <summary>The row; made where it is missing.</summary>
    private BreakerRow Hold(DbConnection connection, DbTransaction transaction)
    {
        database.Lock(connection, transaction, $"cost-breaker:{BreakerMachine.Name}");
        if (Find(connection, transaction) is { } row) return row;
        connection.Execute("INSERT INTO cost_breakers (name) VALUES (@Name) ON CONFLICT (name) DO NOTHING", new { BreakerMachine.Name }, transaction);
        return BreakerRow.Closed;
    }

    internal static void Write(DbConnection connection, DbTransaction transaction, BreakerRow row) => connection.Execute(
        """
        UPDATE cost_breakers SET status = @status, opened_at = @opened, reason = @Reason, incident_id = @IncidentId, failures = @failures, last_failure_at = @failed,
          disabled_until = @until, disabled_by = @By, probes = @probes WHERE name = @Name
        """,
        new
        {
            BreakerMachine.Name, status = (long)row.Status, opened = row.OpenedAt?.UtcTicks, row.Reason, row.IncidentId, failures = (long)row.Failures, failed = row.LastFailureAt?.UtcTicks,
            until = row.Until?.UtcTicks, row.By, probes = Probes(row.Probes),
        },
        transaction);

    internal static void Insert(DbConnection connection, DbTransaction transaction, BreakerIncident incident, string instance, string? response) => connection.Execute(
        """
        INSERT INTO cost_breaker_incidents (id, breaker, at, reason, severity, drift_score, sample_count, details, instance, alert_response)
        VALUES (@Id, @Name, @at, @Reason, @Severity, @DriftScore, @samples, @details, @instance, @response)
        """,
        new
        {
            incident.Id, BreakerMachine.Name, at = incident.At.UtcTicks, incident.Reason, incident.Severity, incident.DriftScore, samples = (long)incident.SampleCount,
            details = incident.Details.ValueKind == JsonValueKind.Undefined ? "{}" : incident.Details.GetRawText(), instance, response,
        },
        transaction);

    /// <summary>The incident as it stood; null: there is none, or it is resolved.</summary>
    internal static StoredIncident? Resolve(DbConnection connection, DbTransaction transaction, string id, string by, string notes, DateTimeOffset at)
    {
        StoredIncident? standing;
        using (var row = (DbDataReader)connection.ExecuteReader($"SELECT {Columns} FROM cost_breaker_incidents WHERE id = @id AND resolved_at IS NULL", new { id }, transaction))
        {
            standing = row.Read() ? Of(row) : null;
        }

        connection.Execute(
            "UPDATE cost_breaker_incidents SET resolved_at = @at, resolved_by = @by, resolution_notes = @notes WHERE id = @id AND resolved_at IS NULL", new { id, at = at.UtcTicks, by, notes }, transaction);
        return standing;
    }

    internal static void Insert(DbConnection connection, DbTransaction transaction, BreakerChange change) => connection.Execute(
        """
        INSERT INTO cost_breaker_changes (breaker, at, actor_type, actor, from_status, to_status, reason, incident_id)
        VALUES (@Name, @at, @ActorType, @Actor, @old, @new, @Reason, @IncidentId)
        """,
        new { BreakerMachine.Name, at = change.At.UtcTicks, change.ActorType, change.Actor, old = (long)change.From, @new = (long)change.To, change.Reason, change.IncidentId },
        transaction);

    /// <summary>The receiver has taken the alert of an incident. Said twice, the first time stays.</summary>
    internal Task SentAsync(string id, DateTimeOffset at, string response, CancellationToken cancel) => database.ForHouse.WriteAsync(
        (connection, transaction) => connection.Execute(
            "UPDATE cost_breaker_incidents SET alert_sent_at = @at, alert_response = @response WHERE id = @id AND alert_sent_at IS NULL", new { id, at = at.UtcTicks, response }, transaction),
        cancel);

    /// <summary>The alert of an incident was given up.</summary>
    internal Task UnsentAsync(string id, string why, CancellationToken cancel) => database.ForHouse.WriteAsync(
        (connection, transaction) => connection.Execute("UPDATE cost_breaker_incidents SET alert_response = @why WHERE id = @id AND alert_sent_at IS NULL", new { id, why }, transaction), cancel);

    /// <summary>Newest first, by their number: clocks of nodes differ.</summary>
    internal Task<List<BreakerIncident>> IncidentsAsync(bool withResolved, int limit, CancellationToken cancel) => database.ForHouse.ReadAsync(
        async (connection, token) =>
        {
            var sql = $"SELECT {Columns} FROM cost_breaker_incidents WHERE breaker = @Name {(withResolved ? "" : "AND resolved_at IS NULL ")}ORDER BY seq DESC LIMIT @limit";
            await using var rows = (DbDataReader)await connection.ExecuteReaderAsync(new CommandDefinition(sql, new { BreakerMachine.Name, limit }, cancellationToken: token));
            var found = new List<BreakerIncident>();
            while (await rows.ReadAsync(token)) found.Add(Of(rows).Incident);
            return found;
        },
        cancel);

    internal Task<BreakerIncident?> FindAsync(string id, CancellationToken cancel) => database.ForHouse.ReadAsync(
        async (connection, token) =>
        {
            await using var row = (DbDataReader)await connection.ExecuteReaderAsync(
                new CommandDefinition($"SELECT {Columns} FROM cost_breaker_incidents WHERE id = @id", new { id }, cancellationToken: token));
            return await row.ReadAsync(token) ? Of(row).Incident : null;
        },
        cancel);

    /// <summary>Newest first.</summary>
    internal Task<List<BreakerChange>> ChangesAsync(int limit, CancellationToken cancel) => database.ForHouse.ReadAsync(
        async (connection, token) =>
        {
            const string Sql = "SELECT at, actor_type, actor, from_status, to_status, reason, incident_id FROM cost_breaker_changes WHERE breaker = @Name ORDER BY seq DESC LIMIT @limit";
            await using var rows = (DbDataReader)await connection.ExecuteReaderAsync(new CommandDefinition(Sql, new { BreakerMachine.Name, limit }, cancellationToken: token));
            var found = new List<BreakerChange>();
            while (await rows.ReadAsync(token))
            {
                found.Add(new BreakerChange(
                    At(rows, 0)!.Value, rows.GetString(1), rows.GetString(2), (BreakerStatus)rows.GetInt64(3), (BreakerStatus)rows.GetInt64(4), rows.GetString(5), Text(rows, 6)));
            }

            return found;
        },
        cancel);

    internal Task<long> SentCountAsync(CancellationToken cancel) => database.ForHouse.ReadAsync(
        (connection, token) => connection.ExecuteScalarAsync<long>(new CommandDefinition(
            "SELECT count(*) FROM cost_breaker_incidents WHERE breaker = @Name AND alert_sent_at IS NOT NULL", new { BreakerMachine.Name }, cancellationToken: token)),
        cancel);

    private static BreakerRow? Find(DbConnection connection, DbTransaction? transaction)
    {
        const string Sql =
            "SELECT status, opened_at, reason, incident_id, failures, last_failure_at, disabled_until, disabled_by, probes FROM cost_breakers WHERE name = @Name";
        using var row = (DbDataReader)connection.ExecuteReader(Sql, new { BreakerMachine.Name }, transaction);
        if (!row.Read()) return null;
        return new BreakerRow(
            (BreakerStatus)row.GetInt64(0), At(row, 1), Text(row, 2), Text(row, 3), (int)row.GetInt64(4), At(row, 5), At(row, 6), Text(row, 7), Probes(row.GetString(8)));
    }

    private static StoredIncident Of(DbDataReader row) => new(
        new BreakerIncident(
            row.GetString(0), At(row, 1)!.Value, row.GetString(2), row.GetString(3), row.GetDouble(4), (int)row.GetInt64(5), Json.Parse(row.GetString(6)), !row.IsDBNull(7), At(row, 7), Text(row, 8),
            Text(row, 9), !row.IsDBNull(10), At(row, 10)) { AlertResponse = Text(row, 11) },
        row.GetString(12));

    private static string Probes(ImmutableArray<BreakerProbe> probes) => Json.Write(writer =>
    {
        writer.WriteStartArray();
        foreach (var probe in probes) writer.WriteStringValue(string.Create(CultureInfo.InvariantCulture, $"{probe.Id:D} {probe.GivenAt.UtcTicks} {(probe.IsGood ? 1 : 0)}"));
        writer.WriteEndArray();
    }).GetRawText();

    private static ImmutableArray<BreakerProbe> Probes(string text) => [.. Json.Parse(text).EnumerateArray().Select(one =>
    {
        var parts = one.GetString()!.Split(' ');
        return new BreakerProbe(Guid.Parse(parts[0]), new DateTimeOffset(long.Parse(parts[1], CultureInfo.InvariantCulture), TimeSpan.Zero), parts[2] == "1");
    })];

    private static string? Text(DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    private static DateTimeOffset? At(DbDataReader row, int column) => row.IsDBNull(column) ? null : new DateTimeOffset(row.GetInt64(column), TimeSpan.Zero);
}
