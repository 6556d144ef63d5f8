using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary>What a run, an agent with a budget, or a label's runs that are not over, may still spend. Read from what the journal writes.</summary>
/// <param name="Runs">Runs it was read from; 0: nothing is known of the name.</param>
internal sealed record RuntimeBudget(Cents Total, Cents Spent, bool IsUnlimited, int Runs)
{
    /// <summary>Largest budget the API takes, in cents: what clients that need a number get for "unlimited".</summary>
    internal const decimal Max = 9_000_000_000m;

    /// <summary>Newest runs of an agent that are summed.</summary>
    private const int RunsMax = 1000;

    internal Cents Remaining => Total > Spent ? Total - Spent : Cents.Zero;

    /// <summary>Of the run; else of the agent's runs; else of the tenant, which has no budget of its own.</summary>
    internal static async Task<RuntimeBudget> OfAsync(HttpContext context, RunRow? run, string? agent)
    {
        if (run is not null) return Of([run]);
        if (agent is null) return new RuntimeBudget(new Cents(Max), Cents.Zero, true, 0);
        var agents = context.RequestServices.GetRequiredService<IAgents>();
        if (await agents.FindAsync(context.Caller().Tenant, agent, context.RequestAborted) is { Settings.BudgetCents: { } budget } known)
            return new RuntimeBudget(new Cents(budget), (await agents.SpendingAsync(known, context.RequestAborted)).Committed, false, 1);
        var filter = new RunFilter(context.Caller().Tenant, agent, Limit: RunsMax);
        var rows = await context.RequestServices.GetRequiredService<IRunRows>().ListAsync(filter, context.RequestAborted);
        var open = rows.Where(row => !row.Status.IsOver()).ToList();
        return open.Count > 0 ? Of(open) with { Runs = rows.Count } : new RuntimeBudget(new Cents(Max), Cents.Zero, true, rows.Count);
    }

    /// <summary><c>remaining_cents, spent_cents, total_cents, unlimited</c>.</summary>
    internal void Write(Utf8JsonWriter writer)
    {
        RunWire.WriteCents(writer, "remaining", Remaining);
        RunWire.WriteCents(writer, "spent", Spent);
        writer.WriteNumber("total_cents", Total.ToWholeCents());
        writer.WriteBoolean("unlimited", IsUnlimited);
    }

    internal void WriteNested(Utf8JsonWriter writer)
    {
        writer.WriteStartObject("budget");
        Write(writer);
        writer.WriteNumber("per_step_max_cents", Remaining.ToWholeCents());
        writer.WriteEndObject();
    }

    private static RuntimeBudget Of(IReadOnlyList<RunRow> rows)
    {
        var isUnlimited = rows.Any(row => row.Budget is null);
        var total = isUnlimited ? Max : Math.Min(Max, rows.Sum(row => row.Budget!.Value.Value));
        return new RuntimeBudget(new Cents(total), new Cents(rows.Sum(row => row.Spent.Value)), isUnlimited, rows.Count);
    }
}
