using Aos.Contracts;
using Aos.Kernel;
using NpgsqlTypes;

namespace Aos.Storage;

/// <summary>Idempotency keys that new runs of a batch claim.</summary>
internal sealed class KeyColumns : BatchColumns
{
    private readonly BatchColumn<string> tenant;
    private readonly BatchColumn<string> scope;
    private readonly BatchColumn<string> key;
    private readonly BatchColumn<Guid> run;
    private readonly BatchColumn<byte[]> fingerprint;
    private readonly BatchColumn<long> expires;

    internal KeyColumns()
    {
        tenant = Column<string>(NpgsqlDbType.Text);
        scope = Column<string>(NpgsqlDbType.Text);
        key = Column<string>(NpgsqlDbType.Text);
        run = Column<Guid>(NpgsqlDbType.Uuid);
        fingerprint = Column<byte[]>(NpgsqlDbType.Bytea);
        expires = Column<long>(NpgsqlDbType.Bigint);
    }

    internal void Add(IdempotencyClaim claim, RunId by)
    {
        Begin();
        tenant.Add(claim.Tenant.Value);
        scope.Add(claim.Scope);
        key.Add(claim.Key);
        run.Add(by.Value);
        fingerprint.Add(claim.Fingerprint);
        expires.Add(claim.ExpiresAt.UtcTicks);
    }
}

/// <summary>Events of a batch.</summary>
internal sealed class EventColumns : BatchColumns
{
    private readonly BatchColumn<Guid> run;
    private readonly BatchColumn<int> seq;
    private readonly BatchColumn<string> kind;
    private readonly BatchColumn<long> at;
    private readonly BatchColumn<ReadOnlyMemory<byte>> body;
    private readonly BatchColumn<byte[]> chain;

    internal EventColumns()
    {
        run = Column<Guid>(NpgsqlDbType.Uuid);
        seq = Column<int>(NpgsqlDbType.Integer);
        kind = Column<string>(NpgsqlDbType.Text);
        at = Column<long>(NpgsqlDbType.Bigint);
        body = Column<ReadOnlyMemory<byte>>(NpgsqlDbType.Bytea);
        chain = Column<byte[]>(NpgsqlDbType.Bytea);
    }

    internal void Add(RunId of, JournalEntry entry)
    {
        Begin();
        run.Add(of.Value);
        seq.Add(entry.Seq);
        kind.Add(entry.Kind);
        at.Add(entry.At.UtcTicks);
        body.Add(entry.Body);
        chain.Add(entry.Chain);
    }
}

/// <summary>Answers to inbox items in a batch.</summary>
internal sealed class AnswerColumns : BatchColumns
{
    private readonly BatchColumn<Guid> run;
    private readonly BatchColumn<long> seq;
    private readonly BatchColumn<ReadOnlyMemory<byte>> body;

    internal AnswerColumns()
    {
        run = Column<Guid>(NpgsqlDbType.Uuid);
        seq = Column<long>(NpgsqlDbType.Bigint);
        body = Column<ReadOnlyMemory<byte>>(NpgsqlDbType.Bytea);
    }

    internal void Add(RunId of, InboxAnswer answer)
    {
        Begin();
        run.Add(of.Value);
        seq.Add(answer.Seq);
        body.Add(answer.Body);
    }
}

/// <summary>Outbox items of a batch.</summary>
internal sealed class OutboxColumns : BatchColumns
{
    private readonly BatchColumn<Guid> by;
    private readonly BatchColumn<Guid> id;
    private readonly BatchColumn<string> tenant;
    private readonly BatchColumn<Guid> run;
    private readonly BatchColumn<string> endpoint;
    private readonly BatchColumn<string> kind;
    private readonly BatchColumn<ReadOnlyMemory<byte>> body;

    internal OutboxColumns()
    {
        by = Column<Guid>(NpgsqlDbType.Uuid);
        id = Column<Guid>(NpgsqlDbType.Uuid);
        tenant = Column<string>(NpgsqlDbType.Text);
        run = Column<Guid>(NpgsqlDbType.Uuid);
        endpoint = Column<string>(NpgsqlDbType.Text);
        kind = Column<string>(NpgsqlDbType.Text);
        body = Column<ReadOnlyMemory<byte>>(NpgsqlDbType.Bytea);
    }

    internal void Add(RunId sender, OutboxItem item)
    {
        Begin();
        by.Add(sender.Value);
        id.Add(item.Id);
        tenant.Add(item.Tenant.Value);
        run.Add(item.Run?.Value ?? Guid.Empty);
        endpoint.Add(item.Endpoint);
        kind.Add(item.Kind);
        body.Add(item.Body);
    }
}

/// <summary>Letters to runs in a batch; one that belongs to an append is sent only when that is written.</summary>
internal sealed class SendColumns : BatchColumns
{
    private readonly BatchColumn<Guid> run;
    private readonly BatchColumn<string> id;
    private readonly BatchColumn<string> kind;
    private readonly BatchColumn<ReadOnlyMemory<byte>> body;
    private readonly BatchColumn<Guid?> by;

    internal SendColumns()
    {
        run = Column<Guid>(NpgsqlDbType.Uuid);
        id = Column<string>(NpgsqlDbType.Text);
        kind = Column<string>(NpgsqlDbType.Text);
        body = Column<ReadOnlyMemory<byte>>(NpgsqlDbType.Bytea);
        by = Column<Guid?>(NpgsqlDbType.Uuid);
    }

    internal void Add(InboxItem item, JournalAppend? of)
    {
        Begin();
        run.Add(item.Run.Value);
        id.Add(item.Id);
        kind.Add(item.Kind);
        body.Add(item.Body);
        by.Add(of?.Row.Id.Value);
    }
}
