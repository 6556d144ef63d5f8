using System.Data.Common;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;
using Dapper;

namespace Aos.CostSim;

/// <summary>
/// Alerts people of budgets through the outbox: each once, and once more when there is room again. A row stands for each alert from the transaction that lays
/// it into the outbox until the one that lays its end there. Alerts of one tenant go out in their order; none waits for those of another.
/// </summary>
internal sealed class BudgetAlertQueue(IDatabase database, IOutbox outbox, BreakerOptions options, ICluster cluster) : IBudgetAlertSink
{
    /// <summary>Rows of dear calls and runs: longer than they are looked at.</summary>
    private static readonly TimeSpan OnceKept = TimeSpan.FromDays(2);

    /// <summary>Tenants of one pass that spend nothing; the next ones are looked at when these are done with.</summary>
    private const int OpenMax = 1_000;

    internal static Migration Migration { get; } = new("costsim-budgets", 1, "budget alerts", """
        CREATE TABLE costsim_budget_alerts (
          tenant_id TEXT NOT NULL, subject TEXT NOT NULL, level TEXT NOT NULL, fired_at BIGINT NOT NULL, ends_at BIGINT, alert TEXT NOT NULL, PRIMARY KEY (tenant_id, subject, level)
        )
        """);

    public async Task SeenAsync(BudgetSight sight, CancellationToken cancel)
    {
        if (options.AlertsUrl is null) return;
        var known = await database.For(sight.Tenant).ReadAsync(async (connection, token) => Read(await connection.QueryAsync<Row>(new CommandDefinition(Select, new { tenant = sight.Tenant.Value }, cancellationToken: token))), cancel);
        if (Changes.Of(sight, known).IsNothing) return;
        var isAdded = await database.ForHouse.WriteAsync((connection, transaction) => Write(connection, transaction, sight), cancel);
        if (isAdded) outbox.Added();
    }

    public async Task<IReadOnlyList<TenantId>> OpenAsync(DateTimeOffset now, CancellationToken cancel) => options.AlertsUrl is null ? [] : await database.ForHouse.ReadAsync(
        async (connection, token) => (IReadOnlyList<TenantId>)[.. (await connection.QueryAsync<string>(new CommandDefinition(
            "SELECT DISTINCT tenant_id FROM costsim_budget_alerts WHERE ends_at IS NULL OR ends_at < @old ORDER BY tenant_id LIMIT @OpenMax",
            new { old = (now - OnceKept).UtcTicks, OpenMax }, cancellationToken: token))).Select(name => new TenantId(name))],
        cancel);

    private const string Select = "SELECT subject AS Subject, level AS Level, fired_at AS FiredAt, ends_at AS EndsAt, alert AS Alert FROM costsim_budget_alerts WHERE tenant_id = @tenant";

    /// <summary>True: something lies in the outbox.</summary>
    private bool Write(DbConnection connection, DbTransaction transaction, BudgetSight sight)
    {
        var tenant = sight.Tenant.Value;
        database.Lock(connection, transaction, $"budget-alerts:{tenant}");
        var changes = Changes.Of(sight, Read(connection.Query<Row>(Select, new { tenant }, transaction)));
        foreach (var (one, ends) in changes.New)
        {
            var alert = BudgetAlertPayload.Alert(one, options.RunbookUrl);
            connection.Execute(
                "INSERT INTO costsim_budget_alerts (tenant_id, subject, level, fired_at, ends_at, alert) VALUES (@tenant, @Subject, @Level, @at, @ends, @text)",
                new { tenant, one.Subject, one.Level, at = sight.At.UtcTicks, ends = ends?.UtcTicks, text = alert.GetRawText() }, transaction);
            Add(connection, transaction, tenant, BudgetAlertPayload.Item(alert, sight.At, ends ?? sight.At + AlertPayload.Lasting));
        }

        foreach (var row in changes.Over.Concat(changes.Old))
            connection.Execute("DELETE FROM costsim_budget_alerts WHERE tenant_id = @tenant AND subject = @Subject AND level = @Level", new { tenant, row.Subject, row.Level }, transaction);
        foreach (var row in changes.Over)
            Add(connection, transaction, tenant, BudgetAlertPayload.Item(Json.Parse(row.Alert), new DateTimeOffset(row.FiredAt, TimeSpan.Zero), sight.At));
        return changes.New.Count + changes.Over.Count > 0;
    }

    /// <summary>Of the default tenant, which is the house's own: the Alertmanager is its operators'.</summary>
    private void Add(DbConnection connection, DbTransaction transaction, string tenant, byte[] body) =>
        outbox.Add(connection, transaction, new OutboxItem(Guid.CreateVersion7(cluster.Now), TenantId.Default, null, $"{AlertQueue.Kind}:budgets:{tenant}", AlertQueue.Kind, body));

    private static List<Row> Read(IEnumerable<Row> rows) => [.. rows.OrderBy(row => row.FiredAt).ThenBy(row => row.Subject, StringComparer.Ordinal).ThenBy(row => row.Level, StringComparer.Ordinal)];

    private sealed record Row
    {
        public string Subject { get; init; } = "";

        public string Level { get; init; } = "";

        public long FiredAt { get; init; }

        /// <summary>Null: it stands until it is over.</summary>
        public long? EndsAt { get; init; }

        public string Alert { get; init; } = "";
    }

    /// <summary>What a look changes.</summary>
    /// <param name="New">With its end, where it has one from the start.</param>
    /// <param name="Old">Told long ago, and over by themselves.</param>
    private sealed record Changes(List<(BudgetEvent Event, DateTimeOffset? Ends)> New, List<Row> Over, List<Row> Old)
    {
        internal bool IsNothing => New.Count + Over.Count + Old.Count == 0;

        internal static Changes Of(BudgetSight sight, List<Row> known)
        {
            var told = known.Select(row => (row.Subject, row.Level)).ToHashSet();
            var stands = sight.Standing.Select(one => (one.Subject, one.Level)).ToHashSet();
            var standing = sight.Standing.Where(one => !told.Contains((one.Subject, one.Level))).DistinctBy(one => (one.Subject, one.Level)).Select(one => (one, (DateTimeOffset?)null));
            var once = sight.Once.Where(one => !told.Contains((one.Subject, one.Level))).DistinctBy(one => (one.Subject, one.Level)).Select(one => (one, (DateTimeOffset?)(sight.At + BudgetAlertPayload.OnceLasts)));
            return new Changes(
                [.. standing, .. once],
                [.. known.Where(row => row.EndsAt is null && !stands.Contains((row.Subject, row.Level)))],
                [.. known.Where(row => row.EndsAt < (sight.At - OnceKept).UtcTicks)]);
        }
    }
}
