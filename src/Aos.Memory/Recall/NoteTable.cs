using System.Data.Common;
using Aos.Contracts;
using Aos.Kernel;
using Dapper;

namespace Aos.Memory;

/// <summary>A note ready to be written: redacted, screened, with its built-in vector.</summary>
internal sealed record NoteDraft(NoteWish Wish, string Text, string? Meta, bool IsTrusted, string ContentHash, float[] Vector);

/// <summary>Writes and reads notes. All changes of a tenant's notes stand in line, so their numbers are in the order in which they can be seen.</summary>
internal sealed class NoteTable(IDatabase database, RecallOptions options, TimeProvider clock) : IKeepsBytes
{
    private long Now => clock.GetUtcNow().UtcTicks;

    public Task<long> BytesAsync(TenantId tenant, CancellationToken cancel) => database.For(tenant).ReadAsync(
        async (connection, token) => await connection.ExecuteScalarAsync<long?>(new CommandDefinition(
            database.Dialect == Dialect.Postgres
                ? """
                  SELECT CAST((SELECT coalesce(sum(octet_length(text) + coalesce(octet_length(meta), 0) + octet_length(embedding)), 0) FROM memories WHERE tenant_id = @tenant)
                    + (SELECT coalesce(sum(octet_length(vector)), 0) FROM memory_vectors WHERE tenant_id = @tenant) AS BIGINT)
                  """
                : """
                  SELECT (SELECT coalesce(sum(length(CAST(text AS BLOB)) + coalesce(length(CAST(meta AS BLOB)), 0) + length(embedding)), 0) FROM memories WHERE tenant_id = @tenant)
                    + (SELECT coalesce(sum(length(vector)), 0) FROM memory_vectors WHERE tenant_id = @tenant)
                  """,
            new { tenant = tenant.Value }, cancellationToken: token)) ?? 0,
        cancel);

    internal Task<(NoteMade? Made, Failure? Refusal)> AddAsync(TenantId tenant, NoteDraft draft, CancellationToken cancel) => database.For(tenant).WriteAsync<(NoteMade?, Failure?)>(
        (connection, transaction) =>
        {
            database.Lock(connection, transaction, LockOf(tenant));
            var now = Now;
            if (Known(connection, transaction, tenant, draft.ContentHash) is { } known)
            {
                if (!(known.ExpiresAt <= now)) return (new NoteMade(known.ToNote(), false), null);
                // What is over was no note any more: its place goes to the new one.
                Remove(connection, transaction, tenant, [known.Id]);
            }

            if (Change(connection, transaction, tenant, 1) is not { } change)
                return (null, FailureCatalog.Fail("QUOTA_EXHAUSTED", $"The tenant has {options.NotesMax} notes in its memory, more are not kept. Forget old ones: aos memory notes forget --before TIME."));
            var id = Guid.CreateVersion7(new DateTimeOffset(now, TimeSpan.Zero)).ToString("D");
            Insert(connection, transaction, tenant, id, change, draft, now);
            if (options.ModelName is { } model) Queue(connection, transaction, tenant, model, id, now);
            return (new NoteMade(Known(connection, transaction, tenant, draft.ContentHash)!.ToNote(), true), null);
        },
        cancel);

    internal Task<Note?> FindAsync(TenantId tenant, Guid id, CancellationToken cancel) => database.For(tenant).ReadAsync(
        async (connection, token) => (await connection.QuerySingleOrDefaultAsync<NoteColumns>(new CommandDefinition(
            $"{Select} WHERE m.tenant_id = @tenant AND m.id = @id AND {NoteColumns.IsAlive}",
            new { tenant = tenant.Value, id = id.ToString("D"), model = options.ModelName, now = Now }, cancellationToken: token)))?.ToNote(),
        cancel);

    /// <summary>Those that are still there, by id.</summary>
    internal Task<Dictionary<Guid, Note>> FindAsync(TenantId tenant, IReadOnlyCollection<Guid> ids, CancellationToken cancel) => database.For(tenant).ReadAsync(
        async (connection, token) => (await connection.QueryAsync<NoteColumns>(new CommandDefinition(
            $"{Select} WHERE m.tenant_id = @tenant AND m.id {(database.Dialect == Dialect.Postgres ? "= ANY(@ids)" : "IN @ids")} AND {NoteColumns.IsAlive}",
            new { tenant = tenant.Value, ids = ids.Select(id => id.ToString("D")).ToArray(), model = options.ModelName, now = Now }, cancellationToken: token)))
            .Select(row => row.ToNote()).ToDictionary(note => note.Id),
        cancel);

    internal Task<IReadOnlyList<Note>> ListAsync(TenantId tenant, NoteFilter filter, Guid? before, int limit, CancellationToken cancel) => database.For(tenant).ReadAsync<IReadOnlyList<Note>>(
        async (connection, token) =>
        {
            var values = new DynamicParameters(new { tenant = tenant.Value, model = options.ModelName, now = Now, limit });
            var where = NoteColumns.Where(filter, values);
            if (before is { } behind)
            {
                where += " AND (m.created_at, m.id) < (SELECT b.created_at, b.id FROM memories b WHERE b.tenant_id = @tenant AND b.id = @before)";
                values.Add("before", behind.ToString("D"));
            }

            var rows = await connection.QueryAsync<NoteColumns>(new CommandDefinition(
                $"{Select} WHERE m.tenant_id = @tenant AND {NoteColumns.IsAlive}{where} ORDER BY m.created_at DESC, m.id DESC LIMIT @limit", values, cancellationToken: token));
            return [.. rows.Select(row => row.ToNote())];
        },
        cancel);

    internal Task<Note?> DeleteAsync(TenantId tenant, Guid id, CancellationToken cancel) => database.For(tenant).WriteAsync(
        (connection, transaction) =>
        {
            database.Lock(connection, transaction, LockOf(tenant));
            var row = connection.QuerySingleOrDefault<NoteColumns>(
                $"{Select} WHERE m.tenant_id = @tenant AND m.id = @id", new { tenant = tenant.Value, id = id.ToString("D"), model = options.ModelName }, transaction);
            if (row is null) return null;
            Remove(connection, transaction, tenant, [row.Id]);
            return row.ToNote();
        },
        cancel);

    /// <summary>Removes at most <paramref name="most"/> notes that all of what is given holds for.</summary>
    internal Task<int> ForgetAsync(TenantId tenant, ForgetWish wish, int most, CancellationToken cancel) => database.For(tenant).WriteAsync(
        (connection, transaction) =>
        {
            database.Lock(connection, transaction, LockOf(tenant));
            var where = (wish.Agent is null ? "" : " AND agent_id = @agent") + (wish.Run is null ? "" : " AND run_id = @run") + (wish.Before is null ? "" : " AND created_at < @before");
            var ids = connection.Query<string>(
                $"SELECT id FROM memories WHERE tenant_id = @tenant{where} ORDER BY created_at, id LIMIT @most",
                new { tenant = tenant.Value, agent = wish.Agent, run = wish.Run?.ToString(), before = wish.Before?.UtcTicks ?? 0, most }, transaction).ToList();
            Remove(connection, transaction, tenant, ids);
            return ids.Count;
        },
        cancel);

    /// <summary>Removes what is over by <paramref name="now"/>, or older than the house keeps notes; at most so many.</summary>
    internal Task<int> ExpireAsync(TenantId tenant, long now, long keptFrom, int most, CancellationToken cancel) => database.For(tenant).WriteAsync(
        (connection, transaction) =>
        {
            database.Lock(connection, transaction, LockOf(tenant));
            var ids = connection.Query<string>(
                "SELECT id FROM memories WHERE tenant_id = @tenant AND (expires_at <= @now OR created_at < @keptFrom) ORDER BY id LIMIT @most", new { tenant = tenant.Value, now, keptFrom, most }, transaction).ToList();
            Remove(connection, transaction, tenant, ids);
            return ids.Count;
        },
        cancel);

    /// <summary>Forgets removals that every node has seen long ago, and says so to one that has not.</summary>
    internal Task<int> ForgetRemovalsAsync(TenantId tenant, long before, CancellationToken cancel) => database.For(tenant).WriteAsync(
        (connection, transaction) =>
        {
            database.Lock(connection, transaction, LockOf(tenant));
            connection.Execute(
                "UPDATE memory_changes SET floor = coalesce((SELECT max(change) FROM memory_gone WHERE tenant_id = @tenant AND at < @before), floor) WHERE tenant_id = @tenant",
                new { tenant = tenant.Value, before }, transaction);
            return connection.Execute(
                "DELETE FROM memory_gone WHERE tenant_id = @tenant AND change <= (SELECT floor FROM memory_changes WHERE tenant_id = @tenant)", new { tenant = tenant.Value }, transaction);
        },
        cancel);

    internal static string LockOf(TenantId tenant) => $"recall:{tenant.Value}";

    /// <summary>The number of a change that the transaction makes; null: there is no room for so many more notes.</summary>
    internal long? Change(DbConnection connection, DbTransaction transaction, TenantId tenant, int more)
    {
        connection.Execute("INSERT INTO memory_changes (tenant_id, changes, notes, floor) VALUES (@tenant, 0, 0, 0) ON CONFLICT (tenant_id) DO NOTHING", new { tenant = tenant.Value }, transaction);
        var changed = connection.Execute(
            "UPDATE memory_changes SET changes = changes + 1, notes = notes + @more WHERE tenant_id = @tenant AND (@more <= 0 OR notes + @more <= @most)",
            new { tenant = tenant.Value, more, most = options.NotesMax }, transaction);
        return changed == 0 ? null : connection.ExecuteScalar<long>("SELECT changes FROM memory_changes WHERE tenant_id = @tenant", new { tenant = tenant.Value }, transaction);
    }

    private void Remove(DbConnection connection, DbTransaction transaction, TenantId tenant, IReadOnlyList<string> ids)
    {
        if (ids.Count == 0) return;
        var change = Change(connection, transaction, tenant, -ids.Count);
        foreach (var id in ids)
        {
            var one = new { tenant = tenant.Value, id, change, now = Now };
            connection.Execute("DELETE FROM memories WHERE tenant_id = @tenant AND id = @id", one, transaction);
            connection.Execute("DELETE FROM memory_vectors WHERE tenant_id = @tenant AND memory_id = @id", one, transaction);
            connection.Execute("INSERT INTO memory_gone (tenant_id, change, id, at) VALUES (@tenant, @change, @id, @now)", one, transaction);
        }
    }

    private NoteColumns? Known(DbConnection connection, DbTransaction transaction, TenantId tenant, string hash) => connection.QuerySingleOrDefault<NoteColumns>(
        $"{Select} WHERE m.tenant_id = @tenant AND m.content_hash = @hash", new { tenant = tenant.Value, hash, model = options.ModelName }, transaction);

    private static void Insert(DbConnection connection, DbTransaction transaction, TenantId tenant, string id, long change, NoteDraft draft, long now) => connection.Execute(
        """
        INSERT INTO memories (tenant_id, id, change, scope, agent_id, workflow, memory_type, text, meta, importance, source, trusted, run_id, step, content_hash, created_at, expires_at, embedding, embedding_model, dims)
        VALUES (@tenant, @id, @change, @scope, @agent, @workflow, @type, @text, @meta, @importance, @source, @trusted, @run, @step, @hash, @now, @expires, @vector, @name, @dims)
        """,
        new
        {
            tenant = tenant.Value, id, change, scope = NoteColumns.TextOf(draft.Wish.Scope), agent = draft.Wish.Agent, workflow = draft.Wish.Workflow, type = draft.Wish.Type, text = draft.Text,
            meta = draft.Meta, importance = draft.Wish.Importance, source = draft.Wish.Source, trusted = draft.IsTrusted ? 1L : 0L, run = draft.Wish.Run?.ToString(), step = draft.Wish.Step,
            hash = draft.ContentHash, now, expires = draft.Wish.TtlSeconds is { } seconds ? now + (seconds * TimeSpan.TicksPerSecond) : (long?)null,
            vector = NoteColumns.Bytes(draft.Vector), name = HashEmbedding.Name, dims = (long)draft.Vector.Length,
        },
        transaction);

    private static void Queue(DbConnection connection, DbTransaction transaction, TenantId tenant, string model, string id, long now) => connection.Execute(
        "INSERT INTO memory_vectors (tenant_id, model, memory_id, state, attempts, due_at) VALUES (@tenant, @model, @id, 0, 0, @now)", new { tenant = tenant.Value, model, id, now }, transaction);

    private const string Select =
        $"SELECT {NoteColumns.Names}, v.model AS Model FROM memories m LEFT JOIN memory_vectors v ON v.tenant_id = m.tenant_id AND v.model = @model AND v.memory_id = m.id AND v.state = 1";
}
