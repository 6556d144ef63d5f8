using System.Data.Common;
using System.Text;
using Aos.Contracts;
using Aos.Kernel;
using Dapper;

namespace Aos.Approvals;

/// <summary>Deliveries as stored: of each endpoint one of an id, whichever node takes it.</summary>
internal sealed class DeliveryTable(IDatabase database, IOutbox outbox) : IKeepsBytes
{
    internal static Migration Migration { get; } = new("webhooks", 2, "webhook-deliveries", """
        CREATE TABLE webhook_deliveries (
          tenant_id TEXT NOT NULL, id TEXT NOT NULL, endpoint_id TEXT NOT NULL, delivery_id TEXT NOT NULL, received_at BIGINT NOT NULL, content_type TEXT,
          headers TEXT NOT NULL, body BLOB NOT NULL, body_size BIGINT NOT NULL, body_hash TEXT NOT NULL, address TEXT, alertname TEXT, severity TEXT, status TEXT, key_version BIGINT NOT NULL,
          forwarding TEXT NOT NULL, to_run TEXT, signal TEXT, problem TEXT, forwarded_at BIGINT, replays BIGINT NOT NULL, PRIMARY KEY (tenant_id, id)
        );
        CREATE UNIQUE INDEX webhook_deliveries_once ON webhook_deliveries (tenant_id, endpoint_id, delivery_id);
        CREATE INDEX webhook_deliveries_alerts ON webhook_deliveries (tenant_id, alertname, id);
        CREATE INDEX webhook_deliveries_received ON webhook_deliveries (received_at);
        """);

    private const string Columns =
        "tenant_id, id, endpoint_id, delivery_id, received_at, content_type, headers, body_size, body_hash, address, alertname, severity, status, key_version, forwarding, to_run, "
        + "signal, problem, forwarded_at, replays";

    /// <summary>Where the body stands where it is read.</summary>
    private const int BodyAt = 20;

    /// <summary>Keeps a delivery and, where a run is to hear of it, lays that into the outbox: both or neither.</summary>
    internal async Task<WebhookReceipt> KeepAsync(StoredDelivery delivery, CancellationToken cancel)
    {
        var receipt = await database.For(delivery.Tenant).WriteAsync((connection, transaction) => Keep(connection, transaction, delivery), cancel);
        if (receipt.Result == WebhookResult.Stored && delivery.Run is not null) outbox.Added();
        return receipt;
    }

    internal async Task<StoredDelivery?> FindAsync(TenantId tenant, string id, CancellationToken cancel) => await ReadAsync(
        tenant, $"SELECT {Columns}, body FROM webhook_deliveries WHERE tenant_id = @tenant AND id = @id", new { tenant = tenant.Value, id }, cancel) is [var found] ? found : null;

    /// <summary>Newest first, in the order of their ids, without bodies: a page of those could be more than memory holds.</summary>
    internal Task<List<StoredDelivery>> ListAsync(WebhookFilter filter, string? before, int limit, CancellationToken cancel)
    {
        var sql = new StringBuilder($"SELECT {Columns} FROM webhook_deliveries WHERE tenant_id = @tenant");
        var values = new DynamicParameters(new { tenant = filter.Tenant.Value, limit });
        void Where(string condition, string name, object? value)
        {
            if (value is null) return;
            sql.Append(" AND ").Append(condition);
            values.Add(name, value);
        }

        Where("id < @before", "before", before);
        Where("endpoint_id = @endpoint", "endpoint", filter.Endpoint);
        Where("delivery_id = @delivery", "delivery", filter.DeliveryId);
        Where("alertname = @alert", "alert", filter.AlertName);
        Where("severity = @severity", "severity", filter.Severity);
        Where("forwarding = @forwarding", "forwarding", filter.Forwarding is { } one ? Word(one) : null);
        Where("received_at >= @since", "since", filter.Since?.UtcTicks);
        Where("received_at < @until", "until", filter.Until?.UtcTicks);
        return ReadAsync(filter.Tenant, sql.Append(" ORDER BY id DESC LIMIT @limit").ToString(), values, cancel);
    }

    /// <summary>Has it forwarded once more; replies as what replay, null: it is gone.</summary>
    internal async Task<int?> ReplayAsync(StoredDelivery delivery, RunId run, string signal, CancellationToken cancel)
    {
        var item = Guid.CreateVersion7(delivery.ReceivedAt);
        var number = await database.For(delivery.Tenant).WriteAsync(
            (connection, transaction) =>
            {
                var values = new { tenant = delivery.Tenant.Value, id = delivery.Id, run = run.ToString(), signal, waiting = Word(WebhookForwarding.Waiting) };
                var changed = connection.Execute(
                    "UPDATE webhook_deliveries SET replays = replays + 1, forwarding = @waiting, to_run = @run, signal = @signal, problem = NULL WHERE tenant_id = @tenant AND id = @id",
                    values, transaction);
                if (changed == 0) return (int?)null;
                var replay = (int)connection.ExecuteScalar<long>("SELECT replays FROM webhook_deliveries WHERE tenant_id = @tenant AND id = @id", values, transaction);
                outbox.Add(connection, transaction, SignalDelivery.Item(item, delivery, run, replay));
                return replay;
            },
            cancel);
        if (number is not null) outbox.Added();
        return number;
    }

    /// <summary>Notes how its forwarding stands.</summary>
    internal Task ForwardedAsync(TenantId tenant, string id, WebhookForwarding forwarding, string? problem, DateTimeOffset now, CancellationToken cancel) => database.For(tenant).WriteAsync(
        (connection, transaction) => connection.Execute(
            "UPDATE webhook_deliveries SET forwarding = @forwarding, problem = @problem, forwarded_at = coalesce(@done, forwarded_at) WHERE tenant_id = @tenant AND id = @id",
            new { tenant = tenant.Value, id, forwarding = Word(forwarding), problem, done = forwarding == WebhookForwarding.Done ? now.UtcTicks : (long?)null }, transaction),
        cancel);

    /// <summary>Deletes some of those that came before; replies how many.</summary>
    internal Task<int> ForgetAsync(DateTimeOffset before, int max, CancellationToken cancel) => database.ForHouse.WriteAsync(
        (connection, transaction) => connection.Execute(
            """
            DELETE FROM webhook_deliveries WHERE received_at < @before AND (tenant_id, id) IN (
              SELECT tenant_id, id FROM webhook_deliveries WHERE received_at < @before LIMIT @max)
            """,
            new { before = before.UtcTicks, max }, transaction),
        cancel);

    public Task<long> BytesAsync(TenantId tenant, CancellationToken cancel) => database.For(tenant).ReadAsync(
        async (connection, token) => await connection.ExecuteScalarAsync<long?>(new CommandDefinition(
            "SELECT CAST(sum(body_size + length(headers)) AS BIGINT) FROM webhook_deliveries WHERE tenant_id = @tenant", new { tenant = tenant.Value }, cancellationToken: token)) ?? 0,
        cancel);

    private WebhookReceipt Keep(DbConnection connection, DbTransaction transaction, StoredDelivery delivery)
    {
        var inserted = connection.Execute(
            $"""
            INSERT INTO webhook_deliveries ({Columns}, body)
            VALUES (@tenant, @id, @endpoint, @delivery, @received, @type, @headers, @size, @hash, @address, @alert, @severity, @status, @version, @forwarding, @run,
              @signal, @problem, NULL, 0, @body)
            ON CONFLICT (tenant_id, endpoint_id, delivery_id) DO NOTHING
            """,
            new
            {
                tenant = delivery.Tenant.Value, id = delivery.Id, endpoint = delivery.EndpointId, delivery = delivery.DeliveryId, received = delivery.ReceivedAt.UtcTicks,
                type = delivery.ContentType, headers = KeptHeaders.Write(delivery.Headers), body = delivery.Body.ToArray(), size = (long)delivery.BodySize, hash = delivery.BodyHash, address = delivery.Address,
                alert = delivery.AlertName, severity = delivery.Severity, status = delivery.Status, version = delivery.KeyVersion, forwarding = Word(delivery.Forwarding),
                run = delivery.Run?.ToString(), signal = delivery.Signal, problem = delivery.Problem,
            },
            transaction);
        if (inserted == 0) return Repeated(connection, transaction, delivery);
        if (delivery.Run is { } run) outbox.Add(connection, transaction, SignalDelivery.Item(Guid.Parse(delivery.Id), delivery, run, replay: 0));
        return new WebhookReceipt(WebhookResult.Stored, delivery.Id);
    }

    private static WebhookReceipt Repeated(DbConnection connection, DbTransaction transaction, StoredDelivery delivery)
    {
        var (id, hash) = connection.QuerySingleOrDefault<(string? Id, string? Hash)>(
            "SELECT id, body_hash FROM webhook_deliveries WHERE tenant_id = @tenant AND endpoint_id = @endpoint AND delivery_id = @delivery",
            new { tenant = delivery.Tenant.Value, endpoint = delivery.EndpointId, delivery = delivery.DeliveryId }, transaction);
        return new WebhookReceipt(hash is null || hash == delivery.BodyHash ? WebhookResult.Duplicate : WebhookResult.Conflict, id);
    }

    private Task<List<StoredDelivery>> ReadAsync(TenantId tenant, string sql, object values, CancellationToken cancel) => database.For(tenant).ReadAsync(
        async (connection, token) =>
        {
            await using var rows = (DbDataReader)await connection.ExecuteReaderAsync(new CommandDefinition(sql, values, cancellationToken: token));
            var found = new List<StoredDelivery>();
            while (await rows.ReadAsync(token)) found.Add(Of(rows));
            return found;
        },
        cancel);

    private static StoredDelivery Of(DbDataReader row) => new(
        new TenantId(row.GetString(0)), row.GetString(1), row.GetString(2), row.GetString(3), Time(row.GetInt64(4)))
    {
        ContentType = Text(row, 5), Headers = KeptHeaders.Read(row.GetString(6)), Body = row.FieldCount > BodyAt ? row.GetFieldValue<byte[]>(BodyAt) : [], BodySize = (int)row.GetInt64(7), BodyHash = row.GetString(8), Address = Text(row, 9),
        AlertName = Text(row, 10), Severity = Text(row, 11), Status = Text(row, 12), KeyVersion = row.GetInt64(13),
        Forwarding = Enum.Parse<WebhookForwarding>(row.GetString(14), ignoreCase: true), Run = Text(row, 15) is { } run && RunId.TryParse(run, out var id) ? id : null,
        Signal = Text(row, 16), Problem = Text(row, 17), ForwardedAt = row.IsDBNull(18) ? null : Time(row.GetInt64(18)), Replays = (int)row.GetInt64(19),
    };

    private static string Word(WebhookForwarding forwarding) => forwarding.ToString().ToLowerInvariant();

    private static string? Text(DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    private static DateTimeOffset Time(long ticks) => new(ticks, TimeSpan.Zero);
}
