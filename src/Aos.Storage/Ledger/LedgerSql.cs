namespace Aos.Storage;

/// <summary>
/// What an append writes for shared budgets on PostgreSQL, behind it in the same transaction. Whether the append was accepted is read from the
/// journal itself: its event is there, with the chain hash that this very append gave it.
/// </summary>
internal static class LedgerSql
{
    internal const string Balances = "tenant_id, scope, name, period, reserved, spent, calls, input_tokens, output_tokens";

    internal const string AddUp = """
        ON CONFLICT (tenant_id, scope, name, period) DO UPDATE SET reserved = b.reserved + excluded.reserved, spent = b.spent + excluded.spent, calls = b.calls + excluded.calls,
          input_tokens = b.input_tokens + excluded.input_tokens, output_tokens = b.output_tokens + excluded.output_tokens
        """;

    private const string Stored = "EXISTS (SELECT 1 FROM journal j WHERE j.run_id = t.run_id AND j.seq = t.seq AND j.chain = t.chain)";

    private const string Lines = """
        unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
          AS t(run_id, seq, chain, call, tenant_id, attempt, agent_id, skill, model, day, hour, bound, actual, input_tokens, output_tokens, opened_at, closed_at, kind)
        """;

    /// <summary>Changes <c>c</c> of lines as changes of the balances they count in.</summary>
    private const string Spread = $"""
        INSERT INTO budget_balances AS b ({Balances})
        SELECT c.tenant_id, v.scope, v.name, v.period, sum(c.reserved), sum(c.spent), sum(c.calls), sum(c.input_tokens), sum(c.output_tokens)
        FROM c CROSS JOIN LATERAL (VALUES ('tenant', '', 'total'), ('tenant', '', c.day), ('hour', '', c.hour), ('agent', c.agent_id, 'total'), ('agent', c.agent_id, c.day),
          ('skill', c.skill, 'total'), ('skill', c.skill, c.day), ('model', c.model, 'total'), ('model', c.model, c.day)) AS v(scope, name, period)
        WHERE v.scope <> 'model' OR v.name <> ''
        GROUP BY c.tenant_id, v.scope, v.name, v.period ORDER BY c.tenant_id COLLATE "C", v.scope COLLATE "C", v.name COLLATE "C", v.period COLLATE "C"
        {AddUp}
        """;

    /// <summary>Holds the balances of a batch in their order before anything changes them, so that no two batches wait for one another.</summary>
    internal const string Lock = """
        SELECT 1 FROM unnest($1, $2, $3, $4) AS k(tenant_id, scope, name, period)
        JOIN budget_balances b ON b.tenant_id = k.tenant_id AND b.scope = k.scope AND b.name = k.name AND b.period = k.period
        ORDER BY b.tenant_id, b.scope, b.name, b.period FOR UPDATE OF b
        """;

    internal const string Open = $"""
        WITH n AS (
          INSERT INTO ledger (run_id, call, tenant_id, attempt, seq, state, agent_id, skill, model, day, hour, bound, actual, input_tokens, output_tokens, opened_at)
          SELECT t.run_id::text, t.call, t.tenant_id, t.attempt, t.seq, 0, t.agent_id, t.skill, t.model, t.day, t.hour, t.bound, 0, 0, 0, t.opened_at
          FROM {Lines} WHERE t.kind = 0 AND {Stored} ON CONFLICT (run_id, call) DO NOTHING
          RETURNING tenant_id, agent_id, skill, model, day, hour, bound
        ), c AS (SELECT n.*, n.bound AS reserved, 0 AS spent, 0 AS calls, 0 AS input_tokens, 0 AS output_tokens FROM n)
        {Spread}
        """;

    /// <summary>A line that is not there was ordered by a node that kept no ledger: it is there from now on.</summary>
    internal const string Settle = $"""
        WITH ok AS MATERIALIZED (SELECT t.* FROM {Lines} WHERE t.kind = 1 AND {Stored}), u AS (
          UPDATE ledger AS l SET state = 1, seq = ok.seq, actual = ok.actual, input_tokens = ok.input_tokens, output_tokens = ok.output_tokens, closed_at = ok.closed_at
          FROM ok WHERE l.run_id = ok.run_id::text AND l.call = ok.call AND l.state = 0
          RETURNING l.tenant_id, l.agent_id, l.skill, l.model, l.day, l.hour, l.bound, l.actual, l.input_tokens, l.output_tokens
        ), i AS (
          INSERT INTO ledger (run_id, call, tenant_id, attempt, seq, state, agent_id, skill, model, day, hour, bound, actual, input_tokens, output_tokens, opened_at, closed_at)
          SELECT ok.run_id::text, ok.call, ok.tenant_id, ok.attempt, ok.seq, 1, ok.agent_id, ok.skill, ok.model, ok.day, ok.hour, ok.bound, ok.actual, ok.input_tokens, ok.output_tokens, ok.opened_at, ok.closed_at
          FROM ok WHERE NOT EXISTS (SELECT 1 FROM ledger l WHERE l.run_id = ok.run_id::text AND l.call = ok.call) ON CONFLICT (run_id, call) DO NOTHING
          RETURNING tenant_id, agent_id, skill, model, day, hour, 0::bigint AS bound, actual, input_tokens, output_tokens
        ), c AS (
          SELECT x.tenant_id, x.agent_id, x.skill, x.model, x.day, x.hour, -x.bound AS reserved, x.actual AS spent, 1 AS calls, x.input_tokens, x.output_tokens FROM (SELECT * FROM u UNION ALL SELECT * FROM i) x
        )
        {Spread}
        """;

    internal const string End = $"""
        WITH e AS (
          UPDATE ledger AS l SET state = 2, seq = t.seq, closed_at = t.closed_at
          FROM unnest($1, $2, $3, $4, $5) AS t(run_id, seq, chain, attempt, closed_at)
          WHERE l.run_id = t.run_id::text AND l.state = 0 AND l.attempt <= t.attempt AND {Stored}
          RETURNING l.tenant_id, l.agent_id, l.skill, l.model, l.day, l.hour, l.bound
        ), c AS (SELECT e.*, -e.bound AS reserved, 0 AS spent, 0 AS calls, 0 AS input_tokens, 0 AS output_tokens FROM e)
        {Spread}
        """;

    /// <summary>A call cost more than its bound: what was promised of the accounts it counts in does not hold, until a person looks.</summary>
    internal const string Halt = $"""
        UPDATE budget_accounts AS a SET halted = t.why, halted_at = t.at
        FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9) AS t(run_id, seq, chain, tenant_id, agent_id, skill, model, why, at)
        WHERE a.tenant_id = t.tenant_id AND a.hard IS NOT NULL AND a.halted IS NULL AND {Stored}
          AND (a.scope = 'tenant' OR (a.scope = 'agent' AND a.name = t.agent_id) OR (a.scope = 'skill' AND a.name = t.skill) OR (a.scope = 'model' AND a.name = t.model))
        """;

    internal const string Tell = $"""
        INSERT INTO budget_events (tenant_id, subject, level, scope, name, period, run_id, spent, most, message, at)
        SELECT t.tenant_id, 'call:' || t.run_id::text || ':' || t.call, 'overrun', 'skill', t.skill, 'call', t.run_id::text, t.actual, t.bound, t.why, t.at
        FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) AS t(run_id, seq, chain, tenant_id, call, skill, actual, bound, why, at)
        WHERE {Stored} ON CONFLICT (tenant_id, subject, level) DO NOTHING
        """;

    internal const string Wait = $"""
        INSERT INTO budget_waits AS w (run_id, tenant_id, scope, name, period, call, attempt, agent_id, skill, model, bound, since)
        SELECT t.run_id::text, t.tenant_id, t.scope, t.name, t.period, t.call, t.attempt, t.agent_id, t.skill, t.model, t.bound, t.since
        FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) AS t(run_id, seq, chain, tenant_id, scope, name, period, call, attempt, agent_id, skill, model, bound, since)
        WHERE {Stored} ORDER BY 1
        ON CONFLICT (run_id) DO UPDATE SET scope = excluded.scope, name = excluded.name, period = excluded.period, call = excluded.call, attempt = excluded.attempt,
          agent_id = excluded.agent_id, skill = excluded.skill, model = excluded.model, bound = excluded.bound, since = excluded.since
        """;

    internal const string GoOn = $"""
        DELETE FROM budget_waits w USING unnest($1, $2, $3) AS t(run_id, seq, chain) WHERE w.run_id = t.run_id::text AND {Stored}
        """;

    internal const string Raise = $"""
        UPDATE runs AS r SET budget = t.budget, min_rule = greatest(r.min_rule, t.rule)
        FROM unnest($1, $2, $3, $4, $5) AS t(run_id, seq, chain, budget, rule) WHERE r.id = t.run_id AND {Stored}
        """;
}
