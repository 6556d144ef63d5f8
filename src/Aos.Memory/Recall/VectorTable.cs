using Aos.Contracts;
using Aos.Kernel;
using Dapper;

namespace Aos.Memory;

/// <summary>A note that waits for its vector.</summary>
internal sealed record WaitingNote(string Id, string Text, long Attempts);

/// <summary>What the configured model is to give, gave and will not give.</summary>
internal sealed class VectorTable(IDatabase database, NoteTable notes, TimeProvider clock)
{
    private const int ErrorMax = 300;

    private long Now => clock.GetUtcNow().UtcTicks;

    /// <summary>Tenants with notes that are due.</summary>
    internal Task<List<TenantId>> DueAsync(string model, CancellationToken cancel) => TenantsAsync(
        "SELECT DISTINCT tenant_id FROM memory_vectors WHERE model = @model AND state = 0 AND due_at <= @now ORDER BY tenant_id LIMIT 1000", model, cancel);

    /// <summary>Tenants with notes that were written when another model, or none, was configured.</summary>
    internal Task<List<TenantId>> UnknownAsync(string model, CancellationToken cancel) => TenantsAsync(
        """
        SELECT DISTINCT m.tenant_id FROM memories m
        WHERE NOT EXISTS (SELECT 1 FROM memory_vectors v WHERE v.tenant_id = m.tenant_id AND v.model = @model AND v.memory_id = m.id) ORDER BY m.tenant_id LIMIT 1000
        """, model, cancel);

    /// <summary>Lets at most so many of those wait for their vectors; replies how many.</summary>
    internal Task<int> QueueAsync(TenantId tenant, string model, int most, CancellationToken cancel) => database.For(tenant).WriteAsync(
        (connection, transaction) =>
        {
            database.Lock(connection, transaction, NoteTable.LockOf(tenant));
            return connection.Execute(
                """
                INSERT INTO memory_vectors (tenant_id, model, memory_id, state, attempts, due_at)
                SELECT m.tenant_id, @model, m.id, 0, 0, @now FROM memories m
                WHERE m.tenant_id = @tenant AND NOT EXISTS (SELECT 1 FROM memory_vectors v WHERE v.tenant_id = m.tenant_id AND v.model = @model AND v.memory_id = m.id)
                ORDER BY m.created_at, m.id LIMIT @most
                """,
                new { tenant = tenant.Value, model, now = Now, most }, transaction);
        },
        cancel);

    /// <summary>The longest due ones first.</summary>
    internal Task<List<WaitingNote>> WaitingAsync(TenantId tenant, string model, int most, CancellationToken cancel) => database.For(tenant).ReadAsync(
        async (connection, token) => (await connection.QueryAsync<WaitingNote>(new CommandDefinition(
            """
            SELECT m.id AS Id, m.text AS Text, v.attempts AS Attempts FROM memory_vectors v JOIN memories m ON m.tenant_id = v.tenant_id AND m.id = v.memory_id
            WHERE v.tenant_id = @tenant AND v.model = @model AND v.state = 0 AND v.due_at <= @now ORDER BY v.due_at, m.id LIMIT @most
            """,
            new { tenant = tenant.Value, model, now = Now, most }, cancellationToken: token))).ToList(),
        cancel);

    /// <summary>Keeps vectors. False: the model gave vectors of another length before, and none of these was kept.</summary>
    internal Task<bool> KeepAsync(TenantId tenant, string model, IReadOnlyList<(string Id, float[] Vector)> made, CancellationToken cancel) => database.For(tenant).WriteAsync(
        (connection, transaction) =>
        {
            database.Lock(connection, transaction, NoteTable.LockOf(tenant));
            var dims = (long)made[0].Vector.Length;
            var other = connection.ExecuteScalar<long?>(
                "SELECT dims FROM memory_vectors WHERE tenant_id = @tenant AND model = @model AND state = 1 AND dims <> @dims LIMIT 1", new { tenant = tenant.Value, model, dims }, transaction);
            if (other is not null) return false;
            var change = notes.Change(connection, transaction, tenant, 0);
            foreach (var (id, vector) in made)
            {
                var one = new { tenant = tenant.Value, model, id, vector = NoteColumns.Bytes(vector), dims, change };
                var isThere = connection.Execute(
                    "UPDATE memory_vectors SET state = 1, vector = @vector, dims = @dims, attempts = attempts + 1, error = NULL WHERE tenant_id = @tenant AND model = @model AND memory_id = @id", one, transaction);
                if (isThere == 1) connection.Execute("UPDATE memories SET change = @change WHERE tenant_id = @tenant AND id = @id", one, transaction);
            }

            return true;
        },
        cancel);

    /// <summary>Lets notes wait for another try, or gives them up when it was their last.</summary>
    /// <param name="wait">By the number of tries so far; null: no further one.</param>
    internal Task<int> FailAsync(TenantId tenant, string model, IReadOnlyList<WaitingNote> failed, Func<long, TimeSpan?> wait, string error, CancellationToken cancel) => database.For(tenant).WriteAsync(
        (connection, transaction) => failed.Sum(note =>
        {
            var pause = wait(note.Attempts + 1);
            return connection.Execute(
                "UPDATE memory_vectors SET state = @state, attempts = attempts + 1, due_at = @due, error = @error WHERE tenant_id = @tenant AND model = @model AND memory_id = @id AND state = 0",
                new { tenant = tenant.Value, model, id = note.Id, state = pause is null ? 2L : 0L, due = Now + (pause?.Ticks ?? 0), error = error.Length > ErrorMax ? error[..ErrorMax] : error }, transaction);
        }),
        cancel);

    /// <summary>Nothing of the tenant is due before then.</summary>
    internal Task<int> PostponeAsync(TenantId tenant, string model, DateTimeOffset until, CancellationToken cancel) => database.For(tenant).WriteAsync(
        (connection, transaction) => connection.Execute(
            "UPDATE memory_vectors SET due_at = @due WHERE tenant_id = @tenant AND model = @model AND state = 0 AND due_at < @due", new { tenant = tenant.Value, model, due = until.UtcTicks }, transaction),
        cancel);

    internal Task<EmbeddingProgress> ProgressAsync(TenantId tenant, string? model, CancellationToken cancel) => database.For(tenant).ReadAsync(
        async (connection, token) =>
        {
            var total = await connection.ExecuteScalarAsync<long?>(new CommandDefinition("SELECT notes FROM memory_changes WHERE tenant_id = @tenant", new { tenant = tenant.Value }, cancellationToken: token)) ?? 0;
            if (model is null) return new EmbeddingProgress(null, total, 0, 0, 0, null);
            var counts = (await connection.QueryAsync<(long State, long Count)>(new CommandDefinition(
                "SELECT state, count(*) FROM memory_vectors WHERE tenant_id = @tenant AND model = @model GROUP BY state", new { tenant = tenant.Value, model }, cancellationToken: token)))
                .ToDictionary(row => row.State, row => row.Count);
            var error = await connection.ExecuteScalarAsync<string?>(new CommandDefinition(
                "SELECT error FROM memory_vectors WHERE tenant_id = @tenant AND model = @model AND error IS NOT NULL ORDER BY due_at DESC LIMIT 1", new { tenant = tenant.Value, model }, cancellationToken: token));
            var (done, dead) = (counts.GetValueOrDefault(1), counts.GetValueOrDefault(2));
            return new EmbeddingProgress(model, total, done, total - done - dead, dead, error);
        },
        cancel);

    /// <summary>Of all tenants: notes with the model's vector, waiting for it and given up, and texts asked about on a day.</summary>
    internal Task<(long Done, long Waiting, long Dead, long Calls)> StandAsync(string model, CancellationToken cancel) => database.ForHouse.ReadAsync(
        async (connection, token) =>
        {
            var counts = (await connection.QueryAsync<(long State, long Count)>(new CommandDefinition(
                "SELECT state, count(*) FROM memory_vectors WHERE model = @model GROUP BY state", new { model }, cancellationToken: token))).ToDictionary(row => row.State, row => row.Count);
            var calls = await connection.ExecuteScalarAsync<long?>(new CommandDefinition(
                "SELECT CAST(sum(calls) AS BIGINT) FROM embedding_usage WHERE day = @day", new { day = Now / TimeSpan.TicksPerDay }, cancellationToken: token)) ?? 0;
            return (counts.GetValueOrDefault(1), counts.GetValueOrDefault(0), counts.GetValueOrDefault(2), calls);
        },
        cancel);

    private Task<List<TenantId>> TenantsAsync(string sql, string model, CancellationToken cancel) => database.ForHouse.ReadAsync(
        async (connection, token) => (await connection.QueryAsync<string>(new CommandDefinition(sql, new { model, now = Now }, cancellationToken: token))).Select(id => new TenantId(id)).ToList(),
        cancel);
}
