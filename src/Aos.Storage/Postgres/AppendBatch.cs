using System.Text;
using Aos.Contracts;
using Aos.Kernel;
using Npgsql;
using NpgsqlTypes;

namespace Aos.Storage;

/// <summary>
/// The appends of a batch as one statement: the fence first, then what may collide with another node (idempotency keys, ids of new
/// runs), then everything else for the runs that were accepted. Runs that are refused write nothing, and the rest goes on.
/// Buffers are kept from batch to batch.
/// </summary>
internal sealed class AppendBatch
{
    private readonly RunColumns fresh = new();
    private readonly BatchColumn<string> agent = new(NpgsqlDbType.Text);
    private readonly BatchColumn<string?> workflow = new(NpgsqlDbType.Text);
    private readonly BatchColumn<string?> goal = new(NpgsqlDbType.Text);
    private readonly BatchColumn<string> labels = new(NpgsqlDbType.Jsonb);
    private readonly BatchColumn<Guid?> parent = new(NpgsqlDbType.Uuid);
    private readonly BatchColumn<long?> budget = new(NpgsqlDbType.Bigint);
    private readonly BatchColumn<long> created = new(NpgsqlDbType.Bigint);
    private readonly BatchColumn<int> rule = new(NpgsqlDbType.Integer);
    private readonly BatchColumn<short> priority = new(NpgsqlDbType.Smallint);
    private readonly BatchColumn<string?> scope = new(NpgsqlDbType.Text);
    private readonly BatchColumn<bool> claims = new(NpgsqlDbType.Boolean);

    private readonly RunColumns known = new();
    private readonly BatchColumn<int> expected = new(NpgsqlDbType.Integer);
    private readonly BatchColumn<bool> park = new(NpgsqlDbType.Boolean);
    private readonly BatchColumn<long> inboxRead = new(NpgsqlDbType.Bigint);
    private readonly BatchColumn<int> adoptions = new(NpgsqlDbType.Integer);

    private readonly KeyColumns keys = new();
    private readonly EventColumns events = new();
    private readonly AnswerColumns answers = new();
    private readonly OutboxColumns outbox = new();
    private int ofKeys;

    internal bool IsEmpty => fresh.Count + known.Count == 0;

    internal void Add(JournalAppend append, DateTimeOffset now)
    {
        if (append.ExpectedSeq == 0) AddFresh(append);
        else AddKnown(append);
        foreach (var entry in append.Entries) events.Add(append.Row.Id, entry);
        foreach (var answer in append.Answers) answers.Add(append.Row.Id, answer);
        foreach (var item in append.Outbox) outbox.Add(append.Row.Id, item, now);
    }

    internal void Clear()
    {
        fresh.Clear();
        agent.Clear();
        workflow.Clear();
        goal.Clear();
        labels.Clear();
        parent.Clear();
        budget.Clear();
        created.Clear();
        rule.Clear();
        priority.Clear();
        scope.Clear();
        claims.Clear();
        known.Clear();
        expected.Clear();
        park.Clear();
        inboxRead.Clear();
        adoptions.Clear();
        keys.Clear();
        events.Clear();
        answers.Clear();
        outbox.Clear();
    }

    /// <summary>Replies the ids of accepted runs, and one null when the fence held: no row at all means that the node is fenced.</summary>
    internal NpgsqlBatchCommand Command(NodeId node, DateTimeOffset now)
    {
        var command = new NpgsqlBatchCommand();
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = node.Value });
        var sql = new StringBuilder("WITH f AS MATERIALIZED (SELECT 1 AS held FROM nodes WHERE id = $1 AND epoch = 1 FOR SHARE)");
        if (keys.Count > 0) AddKeys(sql, command, now);
        if (fresh.Count > 0) AddRuns(sql, command);
        if (known.Count > 0) AddUpdates(sql, command);
        sql.Append(", a AS (").Append((fresh.Count > 0, known.Count > 0) switch
        {
            (true, true) => "SELECT id FROM n UNION ALL SELECT id FROM u",
            (true, false) => "SELECT id FROM n",
            _ => "SELECT id FROM u",
        }).Append(')');
        if (events.Count > 0) events.AddTo(sql, command);
        if (answers.Count > 0) answers.AddTo(sql, command);
        if (outbox.Count > 0) outbox.AddTo(sql, command);
        sql.Append(" SELECT id FROM a UNION ALL SELECT NULL FROM f");
        command.CommandText = sql.ToString();
        return command;
    }

    private void AddFresh(JournalAppend append)
    {
        var row = append.Row;
        fresh.Add(row);
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
        claims.Add(append.Claim is not null);
        if (append.Claim is { } claim) keys.Add(claim, row.Id);
    }

    private void AddKnown(JournalAppend append)
    {
        known.Add(append.Row);
        expected.Add(append.ExpectedSeq);
        park.Add(append.Park);
        inboxRead.Add(append.Row.InboxRead);
        adoptions.Add(append.Row.Adoptions);
    }

    private void AddKeys(StringBuilder sql, NpgsqlBatchCommand command, DateTimeOffset now)
    {
        var at = keys.AddTo(command);
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = now.UtcTicks });
        ofKeys = command.Parameters.Count;
        sql.Append($"""
            , k AS (
              INSERT INTO idempotency AS i (tenant_id, scope, key, run_id, fingerprint, expires_at)
              SELECT t.* FROM unnest({Places.From(at, 6)}) AS t(tenant_id, scope, key, run_id, fingerprint, expires_at), f ORDER BY 1, 2, 3
              ON CONFLICT (tenant_id, scope, key) DO UPDATE
              SET run_id = excluded.run_id, fingerprint = excluded.fingerprint, expires_at = excluded.expires_at WHERE i.expires_at <= ${ofKeys}
              RETURNING i.run_id)
            """);
    }

    private void AddRuns(StringBuilder sql, NpgsqlBatchCommand command)
    {
        var at = Places.Add(command, [.. fresh.Parameters(), agent.Parameter(), workflow.Parameter(), goal.Parameter(), labels.Parameter(), parent.Parameter(),
            budget.Parameter(), created.Parameter(), rule.Parameter(), priority.Parameter(), scope.Parameter(), claims.Parameter()]);
        var claimed = keys.Count > 0 ? "WHERE NOT t.claims OR EXISTS (SELECT 1 FROM k WHERE k.run_id = t.id)" : "";
        sql.Append($"""
            , n AS (
              INSERT INTO runs (id, tenant_id, status, last_seq, wake_at, owner, attempt, spent, updated_at, ended_at, failure_code, root_hash, lane,
                agent_id, workflow, goal, labels, parent, budget, created_at, min_rule, priority, scope)
              SELECT t.id, t.tenant_id, t.status, t.last_seq, t.wake_at, t.owner, t.attempt, t.spent, t.updated_at, t.ended_at, t.failure_code, t.root_hash, t.lane,
                t.agent_id, t.workflow, t.goal, t.labels, t.parent, t.budget, t.created_at, t.min_rule, t.priority, t.scope
              FROM unnest({Places.From(at, 24)}) AS t(id, tenant_id, status, last_seq, wake_at, owner, attempt, spent, updated_at, ended_at, failure_code, root_hash, lane,
                agent_id, workflow, goal, labels, parent, budget, created_at, min_rule, priority, scope, claims), f {claimed}
              ON CONFLICT (id) DO NOTHING RETURNING id)
            """);
    }

    /// <summary>
    /// The row's own condition is read again when a sender held its lock: a park that missed a letter is refused, because the
    /// number of letters stands in the same row.
    /// </summary>
    private void AddUpdates(StringBuilder sql, NpgsqlBatchCommand command)
    {
        var at = Places.Add(command, [.. known.Parameters(), expected.Parameter(), park.Parameter(), inboxRead.Parameter(), adoptions.Parameter()]);
        sql.Append($"""
            , u AS (
              UPDATE runs AS r SET status = t.status, last_seq = t.last_seq, wake_at = t.wake_at, owner = t.owner, attempt = t.attempt, spent = t.spent,
                updated_at = t.updated_at, ended_at = t.ended_at, failure_code = t.failure_code, root_hash = t.root_hash, lane = t.lane,
                inbox_read = t.inbox_read, adoptions = t.adoptions
              FROM unnest({Places.From(at, 17)}) AS t(id, tenant_id, status, last_seq, wake_at, owner, attempt, spent, updated_at, ended_at, failure_code, root_hash, lane,
                expected, park, inbox_read, adoptions), f
              WHERE r.id = t.id AND r.tenant_id = t.tenant_id AND r.last_seq = t.expected AND r.owner = $1 AND (NOT t.park OR r.inbox_head <= t.inbox_read)
              RETURNING r.id)
            """);
    }
}
