using System.Text;
using Aos.Contracts;
using Aos.Kernel;
using Npgsql;
using NpgsqlTypes;

namespace Aos.Storage;

/// <summary>Idempotency keys that new runs of a batch claim.</summary>
internal sealed class KeyColumns
{
    private readonly BatchColumn<string> tenant = new(NpgsqlDbType.Text);
    private readonly BatchColumn<string> scope = new(NpgsqlDbType.Text);
    private readonly BatchColumn<string> key = new(NpgsqlDbType.Text);
    private readonly BatchColumn<Guid> run = new(NpgsqlDbType.Uuid);
    private readonly BatchColumn<byte[]> fingerprint = new(NpgsqlDbType.Bytea);
    private readonly BatchColumn<long> expires = new(NpgsqlDbType.Bigint);

    internal int Count { get; private set; }

    internal void Add(IdempotencyClaim claim, RunId by)
    {
        Count++;
        tenant.Add(claim.Tenant.Value);
        scope.Add(claim.Scope);
        key.Add(claim.Key);
        run.Add(by.Value);
        fingerprint.Add(claim.Fingerprint);
        expires.Add(claim.ExpiresAt.UtcTicks);
    }

    internal int AddTo(NpgsqlBatchCommand command) => Places.Add(
        command, [tenant.Parameter(), scope.Parameter(), key.Parameter(), run.Parameter(), fingerprint.Parameter(), expires.Parameter()]);

    internal void Clear()
    {
        Count = 0;
        tenant.Clear();
        scope.Clear();
        key.Clear();
        run.Clear();
        fingerprint.Clear();
        expires.Clear();
    }
}

/// <summary>Events of a batch.</summary>
internal sealed class EventColumns
{
    private readonly BatchColumn<Guid> run = new(NpgsqlDbType.Uuid);
    private readonly BatchColumn<int> seq = new(NpgsqlDbType.Integer);
    private readonly BatchColumn<string> kind = new(NpgsqlDbType.Text);
    private readonly BatchColumn<long> at = new(NpgsqlDbType.Bigint);
    private readonly BatchColumn<ReadOnlyMemory<byte>> body = new(NpgsqlDbType.Bytea);
    private readonly BatchColumn<byte[]> chain = new(NpgsqlDbType.Bytea);

    internal int Count { get; private set; }

    internal void Add(RunId of, JournalEntry entry)
    {
        Count++;
        run.Add(of.Value);
        seq.Add(entry.Seq);
        kind.Add(entry.Kind);
        at.Add(entry.At.UtcTicks);
        body.Add(entry.Body);
        chain.Add(entry.Chain);
    }

    internal void AddTo(StringBuilder sql, NpgsqlBatchCommand command)
    {
        var first = Places.Add(command, [run.Parameter(), seq.Parameter(), kind.Parameter(), at.Parameter(), body.Parameter(), chain.Parameter()]);
        sql.Append($"""
            , j AS (
              INSERT INTO journal (run_id, seq, kind, at, body, chain)
              SELECT t.* FROM unnest({Places.From(first, 6)}) AS t(run_id, seq, kind, at, body, chain) JOIN a ON a.id = t.run_id)
            """);
    }

    internal void Clear()
    {
        Count = 0;
        run.Clear();
        seq.Clear();
        kind.Clear();
        at.Clear();
        body.Clear();
        chain.Clear();
    }
}

/// <summary>Answers to inbox items in a batch.</summary>
internal sealed class AnswerColumns
{
    private readonly BatchColumn<Guid> run = new(NpgsqlDbType.Uuid);
    private readonly BatchColumn<long> seq = new(NpgsqlDbType.Bigint);
    private readonly BatchColumn<ReadOnlyMemory<byte>> body = new(NpgsqlDbType.Bytea);

    internal int Count { get; private set; }

    internal void Add(RunId of, InboxAnswer answer)
    {
        Count++;
        run.Add(of.Value);
        seq.Add(answer.Seq);
        body.Add(answer.Body);
    }

    internal void AddTo(StringBuilder sql, NpgsqlBatchCommand command)
    {
        var first = Places.Add(command, [run.Parameter(), seq.Parameter(), body.Parameter()]);
        sql.Append($"""
            , w AS (
              UPDATE inbox AS i SET answer = t.body FROM unnest({Places.From(first, 3)}) AS t(run_id, seq, body) JOIN a ON a.id = t.run_id
              WHERE i.run_id = t.run_id AND i.seq = t.seq)
            """);
    }

    internal void Clear()
    {
        Count = 0;
        run.Clear();
        seq.Clear();
        body.Clear();
    }
}

/// <summary>Outbox items of a batch.</summary>
internal sealed class OutboxColumns
{
    private readonly BatchColumn<Guid> of = new(NpgsqlDbType.Uuid);
    private readonly BatchColumn<Guid> id = new(NpgsqlDbType.Uuid);
    private readonly BatchColumn<string> tenant = new(NpgsqlDbType.Text);
    private readonly BatchColumn<Guid> run = new(NpgsqlDbType.Uuid);
    private readonly BatchColumn<string> endpoint = new(NpgsqlDbType.Text);
    private readonly BatchColumn<string> kind = new(NpgsqlDbType.Text);
    private readonly BatchColumn<ReadOnlyMemory<byte>> body = new(NpgsqlDbType.Bytea);
    private readonly BatchColumn<long> now = new(NpgsqlDbType.Bigint);

    internal int Count { get; private set; }

    internal void Add(RunId sender, OutboxItem item, DateTimeOffset at)
    {
        Count++;
        of.Add(sender.Value);
        id.Add(item.Id);
        tenant.Add(item.Tenant.Value);
        run.Add(item.Run?.Value ?? Guid.Empty);
        endpoint.Add(item.Endpoint);
        kind.Add(item.Kind);
        body.Add(item.Body);
        now.Add(at.UtcTicks);
    }

    internal void AddTo(StringBuilder sql, NpgsqlBatchCommand command)
    {
        var first = Places.Add(
            command, [of.Parameter(), id.Parameter(), tenant.Parameter(), run.Parameter(), endpoint.Parameter(), kind.Parameter(), body.Parameter(), now.Parameter()]);
        sql.Append($"""
            , o AS (
              INSERT INTO outbox (id, tenant_id, run_id, endpoint, kind, body, due_at, created_at)
              SELECT t.id, t.tenant_id, t.run_id, t.endpoint, t.kind, t.body, t.now, t.now
              FROM unnest({Places.From(first, 8)}) WITH ORDINALITY AS t(sender, id, tenant_id, run_id, endpoint, kind, body, now, place) JOIN a ON a.id = t.sender
              ORDER BY t.place)
            """);
    }

    internal void Clear()
    {
        Count = 0;
        of.Clear();
        id.Clear();
        tenant.Clear();
        run.Clear();
        endpoint.Clear();
        kind.Clear();
        body.Clear();
        now.Clear();
    }
}
