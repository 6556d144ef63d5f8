using Aos.Contracts;
using NpgsqlTypes;

namespace Aos.Storage;

/// <summary>What every append says of a run's row.</summary>
internal abstract class RunColumns : BatchColumns
{
    private readonly BatchColumn<Guid> id;
    private readonly BatchColumn<string> tenant;
    private readonly BatchColumn<short> status;
    private readonly BatchColumn<int> seq;
    private readonly BatchColumn<long?> wake;
    private readonly BatchColumn<Guid?> owner;
    private readonly BatchColumn<int> attempt;
    private readonly BatchColumn<long> spent;
    private readonly BatchColumn<long> updated;
    private readonly BatchColumn<long?> ended;
    private readonly BatchColumn<string?> failure;
    private readonly BatchColumn<string?> root;
    private readonly BatchColumn<short?> lane;

    protected RunColumns()
    {
        id = Column<Guid>(NpgsqlDbType.Uuid);
        tenant = Column<string>(NpgsqlDbType.Text);
        status = Column<short>(NpgsqlDbType.Smallint);
        seq = Column<int>(NpgsqlDbType.Integer);
        wake = Column<long?>(NpgsqlDbType.Bigint);
        owner = Column<Guid?>(NpgsqlDbType.Uuid);
        attempt = Column<int>(NpgsqlDbType.Integer);
        spent = Column<long>(NpgsqlDbType.Bigint);
        updated = Column<long>(NpgsqlDbType.Bigint);
        ended = Column<long?>(NpgsqlDbType.Bigint);
        failure = Column<string?>(NpgsqlDbType.Text);
        root = Column<string?>(NpgsqlDbType.Text);
        lane = Column<short?>(NpgsqlDbType.Smallint);
    }

    protected void Begin(RunRow row)
    {
        Begin();
        id.Add(row.Id.Value);
        tenant.Add(row.Tenant.Value);
        status.Add((short)row.Status);
        seq.Add(row.Seq);
        wake.Add(row.WakeAt?.UtcTicks);
        owner.Add(row.Owner?.Value);
        attempt.Add(row.Attempt);
        spent.Add(row.Spent.ToMicros());
        updated.Add(row.UpdatedAt.UtcTicks);
        ended.Add(row.EndedAt?.UtcTicks);
        failure.Add(row.FailureCode);
        root.Add(row.RootHash);
        lane.Add((short?)row.Lane);
    }
}

/// <summary>Runs that begin in a batch.</summary>
internal sealed class FreshColumns : RunColumns
{
    private readonly BatchColumn<string> agent;
    private readonly BatchColumn<string?> workflow;
    private readonly BatchColumn<string?> goal;
    private readonly BatchColumn<string> labels;
    private readonly BatchColumn<Guid?> parent;
    private readonly BatchColumn<long?> budget;
    private readonly BatchColumn<long> created;
    private readonly BatchColumn<int> rule;
    private readonly BatchColumn<short> priority;
    private readonly BatchColumn<string?> scope;
    private readonly BatchColumn<bool> claims;

    internal FreshColumns()
    {
        agent = Column<string>(NpgsqlDbType.Text);
        workflow = Column<string?>(NpgsqlDbType.Text);
        goal = Column<string?>(NpgsqlDbType.Text);
        labels = Column<string>(NpgsqlDbType.Jsonb);
        parent = Column<Guid?>(NpgsqlDbType.Uuid);
        budget = Column<long?>(NpgsqlDbType.Bigint);
        created = Column<long>(NpgsqlDbType.Bigint);
        rule = Column<int>(NpgsqlDbType.Integer);
        priority = Column<short>(NpgsqlDbType.Smallint);
        scope = Column<string?>(NpgsqlDbType.Text);
        claims = Column<bool>(NpgsqlDbType.Boolean);
    }

    internal void Add(RunRow row, bool claimsKey)
    {
        Begin(row);
        agent.Add(row.AgentId);
        workflow.Add(row.Workflow);
        goal.Add(row.Goal);
        labels.Add(Columns.Labels(row.Labels));
        parent.Add(row.Parent?.Value);
        budget.Add(row.Budget?.ToMicros());
        created.Add(row.CreatedAt.UtcTicks);
        rule.Add(row.MinRule);
        priority.Add((short)row.Priority);
        scope.Add(row.Scope);
        claims.Add(claimsKey);
    }
}

/// <summary>Runs that go on in a batch.</summary>
internal sealed class KnownColumns : RunColumns
{
    private readonly BatchColumn<int> expected;
    private readonly BatchColumn<bool> park;
    private readonly BatchColumn<long> inboxRead;
    private readonly BatchColumn<int> adoptions;

    internal KnownColumns()
    {
        expected = Column<int>(NpgsqlDbType.Integer);
        park = Column<bool>(NpgsqlDbType.Boolean);
        inboxRead = Column<long>(NpgsqlDbType.Bigint);
        adoptions = Column<int>(NpgsqlDbType.Integer);
    }

    internal void Add(JournalAppend append)
    {
        Begin(append.Row);
        expected.Add(append.ExpectedSeq);
        park.Add(append.Park);
        inboxRead.Add(append.Row.InboxRead);
        adoptions.Add(append.Row.Adoptions);
    }
}
