using Aos.Contracts;
using NpgsqlTypes;

namespace Aos.Storage;

/// <summary>Failed steps of a batch, in the order of <see cref="FailureRows.PostgresInsert"/>.</summary>
internal sealed class FailureColumns : BatchColumns
{
    private readonly BatchColumn<string> id, tenant;
    private readonly BatchColumn<Guid> run;
    private readonly BatchColumn<int> seq;
    private readonly BatchColumn<byte[]> chain;
    private readonly BatchColumn<string> place, step, agent;
    private readonly BatchColumn<string?> skill;
    private readonly BatchColumn<string> code, message;
    private readonly BatchColumn<string?> entry;
    private readonly BatchColumn<long> match, retryable;
    private readonly BatchColumn<string> signature;
    private readonly BatchColumn<long> at, attempted;

    internal FailureColumns()
    {
        (id, tenant) = (Column<string>(NpgsqlDbType.Text), Column<string>(NpgsqlDbType.Text));
        run = Column<Guid>(NpgsqlDbType.Uuid);
        seq = Column<int>(NpgsqlDbType.Integer);
        chain = Column<byte[]>(NpgsqlDbType.Bytea);
        (place, step, agent) = (Column<string>(NpgsqlDbType.Text), Column<string>(NpgsqlDbType.Text), Column<string>(NpgsqlDbType.Text));
        skill = Column<string?>(NpgsqlDbType.Text);
        (code, message) = (Column<string>(NpgsqlDbType.Text), Column<string>(NpgsqlDbType.Text));
        entry = Column<string?>(NpgsqlDbType.Text);
        (match, retryable) = (Column<long>(NpgsqlDbType.Bigint), Column<long>(NpgsqlDbType.Bigint));
        signature = Column<string>(NpgsqlDbType.Text);
        (at, attempted) = (Column<long>(NpgsqlDbType.Bigint), Column<long>(NpgsqlDbType.Bigint));
    }

    internal void Add(FailedStep failed, byte[] of)
    {
        Begin();
        id.Add(FailedStep.Text(FailedStep.IdOf(failed.Run, failed.Place)));
        tenant.Add(failed.Tenant.Value);
        run.Add(failed.Run.Value);
        seq.Add(failed.Seq);
        chain.Add(of);
        place.Add(failed.Place);
        step.Add(failed.Step);
        agent.Add(failed.AgentId);
        skill.Add(failed.Skill);
        code.Add(failed.Code);
        message.Add(failed.Message);
        entry.Add(failed.Entry);
        match.Add((long)failed.Match);
        retryable.Add(failed.Retryable ? 1 : 0);
        signature.Add(failed.Signature);
        at.Add(failed.At.UtcTicks);
        attempted.Add(failed.Retried ? 1 : 0);
    }
}

/// <summary>Recovered steps of a batch, in the order of <see cref="FailureRows.PostgresRecover"/>.</summary>
internal sealed class RecoveryColumns : BatchColumns
{
    private readonly BatchColumn<string> id;
    private readonly BatchColumn<Guid> run;
    private readonly BatchColumn<int> seq;
    private readonly BatchColumn<byte[]> chain;
    private readonly BatchColumn<long> at;
    private readonly BatchColumn<string> by;

    internal RecoveryColumns()
    {
        id = Column<string>(NpgsqlDbType.Text);
        run = Column<Guid>(NpgsqlDbType.Uuid);
        seq = Column<int>(NpgsqlDbType.Integer);
        chain = Column<byte[]>(NpgsqlDbType.Bytea);
        at = Column<long>(NpgsqlDbType.Bigint);
        by = Column<string>(NpgsqlDbType.Text);
    }

    internal void Add(RecoveredStep recovered, byte[] of)
    {
        Begin();
        id.Add(FailedStep.Text(FailedStep.IdOf(recovered.Run, recovered.Place)));
        run.Add(recovered.Run.Value);
        seq.Add(recovered.Seq);
        chain.Add(of);
        at.Add(recovered.At.UtcTicks);
        by.Add(recovered.By);
    }
}
