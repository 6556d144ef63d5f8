using System.Data.Common;
using System.Globalization;
using Aos.Contracts;
using Aos.Runs;
using Aos.Testing;
using Dapper;

namespace Aos.Integration.Tests.Budgets;

/// <summary>Holds the ledger against the journals: every line against the events it opened and ended with, every balance against its lines.</summary>
internal sealed class LedgerAudit(SpendingHouse house)
{
    private readonly List<string> wrong = [];

    internal async Task<IReadOnlyList<string>> WrongAsync(IReadOnlyList<RunId> runs)
    {
        await using var connection = house.Connect();
        foreach (var run in runs) await CheckAsync(connection, run);
        Balances(connection);
        return wrong;
    }

    private async Task CheckAsync(DbConnection connection, RunId run)
    {
        var events = (await house.Nodes[0].Get<IJournal>().ReadAsync(run, 0, 10_000, SpendingHouse.Cancel)).Select(entry => EventCodec.Decode(run, entry)).ToArray();
        var facts = PaidCalls.Of(RunState.Empty, events);
        var lines = Lines(connection, run);
        foreach (var opened in facts.Calls.Where(fact => fact.Kind == MoneyKind.Opened))
        {
            if (!lines.ContainsKey(opened.Call.Call)) wrong.Add($"{run} {opened.Call.Call} was ordered without a line.");
        }

        foreach (var line in lines.Values) Check(run, line, facts, events);
        var state = events.Aggregate(RunState.Empty, RunMachine.Evolve);
        var (spent, reserved) = (lines.Values.Where(line => line.State == 1).Sum(line => line.Actual), lines.Values.Where(line => line.State == 0).Sum(line => line.Bound));
        if (spent != state.Spent.ToMicros()) wrong.Add($"{run} has spent {state.Spent}, its lines say {Cents.FromMicros(spent)}.");
        if (reserved < state.Reserved.ToMicros()) wrong.Add($"{run} has reserved {state.Reserved}, its lines say {Cents.FromMicros(reserved)}.");
    }

    private static Dictionary<string, Line> Lines(DbConnection connection, RunId run)
    {
        var lines = new Dictionary<string, Line>(StringComparer.Ordinal);
        using var rows = (DbDataReader)connection.ExecuteReader("SELECT call, seq, state, bound, actual FROM ledger WHERE run_id = @run", new { run = run.ToString() });
        while (rows.Read()) lines[rows.GetString(0)] = new Line(rows.GetString(0), (int)rows.GetInt64(1), rows.GetInt64(2), rows.GetInt64(3), rows.GetInt64(4));
        return lines;
    }

    private void Check(RunId run, Line line, MoneyFacts facts, RunEvent[] events)
    {
        var ordered = facts.Calls.FirstOrDefault(fact => fact.Kind == MoneyKind.Opened && fact.Call.Call == line.Call);
        var settled = facts.Calls.FirstOrDefault(fact => fact.Kind == MoneyKind.Settled && fact.Call.Call == line.Call);
        var bad = line.State switch
        {
            0 => settled is not null ? "its outcome is on record" : events[^1] is RunEnded ? "its run is over" : null,
            1 => settled is null ? "no event settled it" : settled.Event + 1 != line.Seq || settled.Actual.ToMicros() != line.Actual ? $"its event says {settled.Actual} at {settled.Event + 1}" : null,
            _ => ordered is not null ? "it was ordered" : events[line.Seq - 1] is not RunEnded ? "no end of its run released it" : null,
        };
        if (bad is not null) wrong.Add(string.Create(CultureInfo.InvariantCulture, $"{run} {line.Call} is in state {line.State} at event {line.Seq} with {line.Actual} of {line.Bound}, but {bad}."));
    }

    private void Balances(DbConnection connection)
    {
        const string Sums = """
            SELECT coalesce(sum(CASE WHEN state = 0 THEN bound ELSE 0 END), 0) AS reserved, coalesce(sum(CASE WHEN state = 1 THEN actual ELSE 0 END), 0) AS spent, coalesce(sum(CASE WHEN state = 1 THEN 1 ELSE 0 END), 0) AS calls FROM ledger
            """;
        foreach (var (scope, column) in new[] { ("tenant", "''"), ("agent", "agent_id"), ("skill", "skill") })
        {
            foreach (var name in connection.Query<string>($"SELECT DISTINCT {column} FROM ledger"))
            {
                using var all = (DbDataReader)connection.ExecuteReader($"{Sums} WHERE {column} = @name", new { name });
                all.Read();
                var sums = $"{all.GetValue(0)} {all.GetValue(1)} {all.GetValue(2)}";
                all.Close();
                using var kept = (DbDataReader)connection.ExecuteReader("SELECT reserved, spent, calls FROM budget_balances WHERE scope = @scope AND name = @name AND period = 'total'", new { scope, name });
                var balance = kept.Read() ? $"{kept.GetInt64(0)} {kept.GetInt64(1)} {kept.GetInt64(2)}" : "nothing";
                if (sums != balance) wrong.Add($"The balance of {scope} {name} is {balance}, its lines add up to {sums}.");
                kept.Close();
                var days = connection.ExecuteScalar<decimal>("SELECT coalesce(sum(spent + reserved), 0) FROM budget_balances WHERE scope = @scope AND name = @name AND period <> 'total'", new { scope, name });
                var total = connection.ExecuteScalar<decimal>("SELECT coalesce(sum(spent + reserved), 0) FROM budget_balances WHERE scope = @scope AND name = @name AND period = 'total'", new { scope, name });
                if (days != total) wrong.Add($"The days of {scope} {name} add up to {days}, its total is {total}.");
            }
        }
    }

    private sealed record Line(string Call, int Seq, long State, long Bound, long Actual);
}
