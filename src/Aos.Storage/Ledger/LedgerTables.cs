using Aos.Contracts;

namespace Aos.Storage;

/// <summary>Tables of shared budgets. Money in 10⁻⁶ cents, times UTC ticks, days and hours as text of UTC.</summary>
internal static class LedgerTables
{
    /// <summary>Reserved: the call is ordered, or about to be.</summary>
    internal const int Reserved = 0;

    /// <summary>Settled: its cost is known.</summary>
    internal const int Settled = 1;

    /// <summary>Released: its run ended without ever ordering it.</summary>
    internal const int Released = 2;

    /// <summary>
    /// A balance is what the lines of a scope add up to in a period, kept beside them, so that neither a reservation nor a question reads lines.
    /// What agents and tenants spent before there was a ledger is in their totals: their runs say it.
    /// </summary>
    internal static Migration Migration { get; } = new("storage-ledger", 1, "ledger of shared budgets", """
        CREATE TABLE ledger (
          run_id TEXT NOT NULL, call TEXT NOT NULL, tenant_id TEXT NOT NULL, attempt BIGINT NOT NULL, seq BIGINT NOT NULL, state BIGINT NOT NULL,
          agent_id TEXT NOT NULL, skill TEXT NOT NULL, model TEXT NOT NULL, day TEXT NOT NULL, hour TEXT NOT NULL,
          bound BIGINT NOT NULL, actual BIGINT NOT NULL, input_tokens BIGINT NOT NULL, output_tokens BIGINT NOT NULL, opened_at BIGINT NOT NULL, closed_at BIGINT,
          PRIMARY KEY (run_id, call)
        );
        CREATE INDEX ledger_of_tenant ON ledger (tenant_id, day, run_id);
        CREATE INDEX ledger_open ON ledger (tenant_id, opened_at) WHERE state = 0;
        CREATE TABLE budget_balances (
          tenant_id TEXT NOT NULL, scope TEXT NOT NULL, name TEXT NOT NULL, period TEXT NOT NULL, reserved BIGINT NOT NULL, spent BIGINT NOT NULL,
          calls BIGINT NOT NULL, input_tokens BIGINT NOT NULL, output_tokens BIGINT NOT NULL, PRIMARY KEY (tenant_id, scope, name, period)
        );
        CREATE INDEX budget_balances_by_period ON budget_balances (tenant_id, scope, period);
        CREATE INDEX budget_hours ON budget_balances (period, tenant_id) WHERE scope = 'hour';
        CREATE TABLE budget_accounts (
          tenant_id TEXT NOT NULL, scope TEXT NOT NULL, name TEXT NOT NULL, period TEXT NOT NULL, hard BIGINT, soft BIGINT, warn_at BIGINT NOT NULL, fails BIGINT NOT NULL,
          halted TEXT, halted_at BIGINT, set_by TEXT NOT NULL, set_at BIGINT NOT NULL, PRIMARY KEY (tenant_id, scope, name, period)
        );
        CREATE TABLE budget_waits (
          run_id TEXT NOT NULL PRIMARY KEY, tenant_id TEXT NOT NULL, scope TEXT NOT NULL, name TEXT NOT NULL, period TEXT NOT NULL,
          call TEXT NOT NULL, attempt BIGINT NOT NULL, agent_id TEXT NOT NULL, skill TEXT NOT NULL, model TEXT NOT NULL, bound BIGINT NOT NULL, since BIGINT NOT NULL
        );
        CREATE INDEX budget_waits_by_age ON budget_waits (since, run_id);
        CREATE TABLE budget_events (
          tenant_id TEXT NOT NULL, subject TEXT NOT NULL, level TEXT NOT NULL, scope TEXT NOT NULL, name TEXT NOT NULL, period TEXT NOT NULL, run_id TEXT,
          spent BIGINT NOT NULL, most BIGINT NOT NULL, message TEXT NOT NULL, at BIGINT NOT NULL, PRIMARY KEY (tenant_id, subject, level)
        );
        CREATE INDEX budget_events_by_age ON budget_events (tenant_id, at);
        INSERT INTO budget_balances (tenant_id, scope, name, period, reserved, spent, calls, input_tokens, output_tokens)
        SELECT tenant_id, 'agent', agent_id, 'total', 0, sum(spent), 0, 0, 0 FROM runs WHERE parent IS NULL AND spent > 0 GROUP BY tenant_id, agent_id;
        INSERT INTO budget_balances (tenant_id, scope, name, period, reserved, spent, calls, input_tokens, output_tokens)
        SELECT tenant_id, 'tenant', '', 'total', 0, sum(spent), 0, 0, 0 FROM runs WHERE parent IS NULL AND spent > 0 GROUP BY tenant_id
        """);
}
