using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;
using Dapper;

namespace Aos.Runs;

/// <summary>Orders for many runs as stored: the runs as they were found, and the outcomes page by page.</summary>
internal sealed class BulkTable(IDatabase database)
{
    internal static Migration Migration { get; } = new("bulk", 1, "orders for many runs", """
        CREATE TABLE bulk_operations (
          tenant_id TEXT NOT NULL, id TEXT NOT NULL, action TEXT NOT NULL, reason TEXT NOT NULL, principal TEXT NOT NULL, runs TEXT NOT NULL, total BIGINT NOT NULL,
          worked BIGINT NOT NULL, done BIGINT NOT NULL, created_at BIGINT NOT NULL, ended_at BIGINT, worker TEXT NOT NULL, worked_until BIGINT NOT NULL, PRIMARY KEY (tenant_id, id)
        );
        CREATE INDEX bulk_operations_open ON bulk_operations (worked_until) WHERE ended_at IS NULL;
        CREATE TABLE bulk_outcomes (
          tenant_id TEXT NOT NULL, operation TEXT NOT NULL, page BIGINT NOT NULL, outcomes TEXT NOT NULL, PRIMARY KEY (tenant_id, operation, page)
        );
        """);

    private const string Columns = "id, action, reason, total, worked, done, created_at AS CreatedAt, ended_at AS EndedAt, principal, runs, tenant_id AS Tenant";

    internal Task<int> InsertAsync(Caller caller, BulkOperation operation, IReadOnlyList<BulkRun> runs, string worker, DateTimeOffset until, CancellationToken cancel) =>
        database.For(caller.Tenant).WriteAsync((connection, transaction) => connection.Execute(
            """
            INSERT INTO bulk_operations (tenant_id, id, action, reason, principal, runs, total, worked, done, created_at, ended_at, worker, worked_until)
            VALUES (@tenant, @id, @action, @reason, @principal, @runs, @total, 0, 0, @at, @ended, @worker, @until)
            """,
            new
            {
                tenant = caller.Tenant.Value, id = operation.Id, action = operation.Action.ToString(), reason = operation.Reason, principal = caller.Principal, runs = Text(runs),
                total = runs.Count, at = operation.CreatedAt.UtcTicks, ended = operation.EndedAt?.UtcTicks, worker, until = until.UtcTicks,
            },
            transaction), cancel);

    /// <summary>Takes an operation that nobody works at; null: somebody does, or it has ended.</summary>
    internal Task<BulkWork?> ClaimAsync(TenantId tenant, string id, string worker, DateTimeOffset now, DateTimeOffset until, CancellationToken cancel) =>
        database.For(tenant).WriteAsync((connection, transaction) =>
        {
            var at = new { tenant = tenant.Value, id, worker, now = now.UtcTicks, until = until.UtcTicks };
            var taken = connection.Execute(
                "UPDATE bulk_operations SET worker = @worker, worked_until = @until WHERE tenant_id = @tenant AND id = @id AND ended_at IS NULL AND worked_until < @now", at, transaction);
            return taken == 0 ? null : connection.QuerySingle<BulkRow>($"SELECT {Columns} FROM bulk_operations WHERE tenant_id = @tenant AND id = @id", at, transaction).ToWork();
        }, cancel);

    /// <summary>Puts the outcomes of a page on record and holds the operation on. False: somebody else has it.</summary>
    internal Task<bool> WriteAsync(
        TenantId tenant, string id, string worker, int page, IReadOnlyList<BulkOutcome> outcomes, DateTimeOffset until, DateTimeOffset? ended, CancellationToken cancel) =>
        database.For(tenant).WriteAsync((connection, transaction) =>
        {
            var values = new
            {
                tenant = tenant.Value, id, worker, until = until.UtcTicks, worked = outcomes.Count, done = outcomes.Count(one => one.Code is null), ended = ended?.UtcTicks,
                page, outcomes = Text(outcomes),
            };
            var mine = connection.Execute(
                """
                UPDATE bulk_operations SET worked = worked + @worked, done = done + @done, worked_until = @until, ended_at = @ended
                WHERE tenant_id = @tenant AND id = @id AND worker = @worker AND ended_at IS NULL
                """,
                values, transaction);
            if (mine == 0) return false;
            connection.Execute("INSERT INTO bulk_outcomes (tenant_id, operation, page, outcomes) VALUES (@tenant, @id, @page, @outcomes)", values, transaction);
            return true;
        }, cancel);

    internal Task<BulkOperation?> FindAsync(TenantId tenant, string id, CancellationToken cancel) => database.For(tenant).ReadAsync(
        async (connection, token) => (await connection.QuerySingleOrDefaultAsync<BulkRow>(new CommandDefinition(
            $"SELECT {Columns} FROM bulk_operations WHERE tenant_id = @tenant AND id = @id", new { tenant = tenant.Value, id }, cancellationToken: token)))?.ToOperation(),
        cancel);

    /// <summary>Outcomes of the pages from this one on.</summary>
    internal Task<List<BulkOutcome>> OutcomesAsync(TenantId tenant, string id, int page, int pages, CancellationToken cancel) => database.For(tenant).ReadAsync(
        async (connection, token) => (await connection.QueryAsync<string>(new CommandDefinition(
            "SELECT outcomes FROM bulk_outcomes WHERE tenant_id = @tenant AND operation = @id AND page >= @page ORDER BY page LIMIT @pages",
            new { tenant = tenant.Value, id, page, pages }, cancellationToken: token))).SelectMany(Outcomes).ToList(),
        cancel);

    /// <summary>Operations of all tenants that have not ended and that nobody works at, and those that ended before <paramref name="old"/>.</summary>
    internal Task<IReadOnlyList<(TenantId Tenant, string Id, bool HasEnded)>> LeftAsync(DateTimeOffset now, DateTimeOffset old, int max, CancellationToken cancel) => database.ForHouse.ReadAsync(
        async (connection, token) => (IReadOnlyList<(TenantId, string, bool)>)[.. (await connection.QueryAsync<(string Tenant, string Id, long? EndedAt)>(new CommandDefinition(
            """
            SELECT tenant_id, id, ended_at FROM bulk_operations WHERE (ended_at IS NULL AND worked_until < @now) OR ended_at < @old
            ORDER BY CASE WHEN ended_at IS NULL THEN 0 ELSE 1 END, worked_until LIMIT @max
            """,
            new { now = now.UtcTicks, old = old.UtcTicks, max }, cancellationToken: token))).Select(one => (new TenantId(one.Tenant), one.Id, one.EndedAt is not null))],
        cancel);

    /// <summary>Deletes what ended before; replies how many.</summary>
    internal Task<int> ForgetAsync(DateTimeOffset before, CancellationToken cancel) => database.ForHouse.WriteAsync(
        (connection, transaction) =>
        {
            connection.Execute(
                """
                DELETE FROM bulk_outcomes WHERE EXISTS (
                  SELECT 1 FROM bulk_operations o WHERE o.tenant_id = bulk_outcomes.tenant_id AND o.id = bulk_outcomes.operation AND o.ended_at < @before)
                """,
                new { before = before.UtcTicks }, transaction);
            return connection.Execute("DELETE FROM bulk_operations WHERE ended_at < @before", new { before = before.UtcTicks }, transaction);
        },
        cancel);

    private static string Text(IReadOnlyList<BulkRun> runs) => Json.Write(writer =>
    {
        writer.WriteStartArray();
        foreach (var run in runs)
        {
            writer.WriteStartArray();
            writer.WriteStringValue(run.Run.Value);
            writer.WriteNumberValue(run.Attempt);
            writer.WriteNumberValue(run.Seq);
            writer.WriteEndArray();
        }

        writer.WriteEndArray();
    }).GetRawText();

    private static string Text(IReadOnlyList<BulkOutcome> outcomes) => Json.Write(writer =>
    {
        writer.WriteStartArray();
        foreach (var outcome in outcomes)
        {
            writer.WriteStartArray();
            writer.WriteStringValue(outcome.Run.Value);
            writer.WriteStringValue(outcome.Code);
            writer.WriteStringValue(outcome.Message);
            writer.WriteEndArray();
        }

        writer.WriteEndArray();
    }).GetRawText();

    private static IEnumerable<BulkOutcome> Outcomes(string text) => Json.Parse(text).EnumerateArray().Select(one => new BulkOutcome(Run(one[0]), one[1].GetString(), one[2].GetString()));

    private static RunId Run(JsonElement text) => RunId.TryParse(text.GetString(), out var run) ? run : throw new InvariantBrokenException("A bulk operation names no run.");

    /// <summary>A row of <c>bulk_operations</c>.</summary>
    private sealed class BulkRow
    {
        public string Id { get; set; } = "";
        public string Action { get; set; } = "";
        public string Reason { get; set; } = "";
        public long Total { get; set; }
        public long Worked { get; set; }
        public long Done { get; set; }
        public long CreatedAt { get; set; }
        public long? EndedAt { get; set; }
        public string Principal { get; set; } = "";
        public string Runs { get; set; } = "[]";
        public string Tenant { get; set; } = "";

        internal BulkOperation ToOperation() => new(
            Id, Enum.Parse<BulkAction>(Action), Reason, (int)Total, (int)Worked, (int)Done, new DateTimeOffset(CreatedAt, TimeSpan.Zero),
            EndedAt is { } at ? new DateTimeOffset(at, TimeSpan.Zero) : null);

        internal BulkWork ToWork() => new(
            new Caller(new TenantId(Tenant), Principal, []), ToOperation(),
            [.. Json.Parse(Runs).EnumerateArray().Select(one => new BulkRun(Run(one[0]), one[1].GetInt32(), one[2].GetInt32()))]);
    }
}

/// <summary>An operation with what is needed to work at it.</summary>
internal sealed record BulkWork(Caller Caller, BulkOperation Operation, IReadOnlyList<BulkRun> Runs);
