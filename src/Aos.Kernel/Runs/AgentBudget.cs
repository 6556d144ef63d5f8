namespace Aos.Kernel;

/// <summary>Limits of the house, in cents.</summary>
public sealed record AgentBudgetLimits(decimal PerRun, decimal PerDay, IReadOnlyDictionary<string, decimal> PerModel);

/// <summary>What an agent has and has spent; runs under way count with their whole budget.</summary>
/// <param name="Budget">Null: unlimited; zero means zero.</param>
public sealed record AgentAccount(bool Paused, Cents? Budget, Cents Committed, Cents Today);

/// <summary>Whether something may be spent.</summary>
/// <param name="BreachType">per_run, per_model, paused, per_day, total_budget; null when allowed.</param>
/// <param name="Left">What may still be spent by one run.</param>
public sealed record BudgetVerdict(bool Allowed, string? Reason, string? BreachType, Cents Limit, Cents Current, Cents Left)
{
    public System.Text.Json.JsonElement ToJson() => Json.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteBoolean("allowed", Allowed);
        if (Reason is not null) writer.WriteString("reason", Reason);
        if (BreachType is not null) writer.WriteString("breach_type", BreachType);
        writer.WriteNumber("limit_cents", Limit.Value);
        writer.WriteNumber("current_cents", Current.Value);
        writer.WriteEndObject();
    });
}

/// <summary>One limit of an agent's money.</summary>
/// <param name="Type">per_run, per_model, paused, per_day, total_budget.</param>
/// <param name="Current">What counts against it: the estimate itself for what limits one run, else what was spent.</param>
/// <param name="Left">Of it for one run, before the estimate.</param>
/// <param name="Reason">Null: the estimate fits.</param>
public readonly record struct BudgetWall(string Type, decimal Limit, Cents Current, decimal Left, string? Reason);

/// <summary>The check of an agent's money: pure, first breach first.</summary>
public static class AgentBudget
{
    /// <summary>Whether the estimate may be spent: the first of <see cref="Walls"/> that it breaches decides.</summary>
    public static BudgetVerdict Check(Cents estimate, string? model, AgentBudgetLimits limits, AgentAccount account)
    {
        var left = limits.PerDay - account.Today.Value;
        foreach (var wall in Walls(estimate, model, limits, account))
        {
            if (wall.Reason is { } reason) return new BudgetVerdict(false, reason, wall.Type, new Cents(wall.Limit), wall.Current, Cents.Zero);
            if (wall.Type == "total_budget") left = Math.Min(left, wall.Left);
        }

        return new BudgetVerdict(true, null, null, account.Budget ?? Cents.Zero, account.Committed, new Cents(left));
    }

    /// <summary>All limits, in the order in which they are asked.</summary>
    public static IEnumerable<BudgetWall> Walls(Cents estimate, string? model, AgentBudgetLimits limits, AgentAccount account)
    {
        var cents = estimate.Value;
        yield return new BudgetWall(
            "per_run", limits.PerRun, estimate, limits.PerRun,
            cents > limits.PerRun ? $"{estimate} cents are more than the per-run limit of {new Cents(limits.PerRun)}." : null);
        if (model is not null && limits.PerModel.TryGetValue(model, out var ofModel))
        {
            yield return new BudgetWall(
                "per_model", ofModel, estimate, ofModel,
                cents > ofModel ? $"{estimate} cents are more than the limit of {new Cents(ofModel)} for the model {model}." : null);
        }

        if (account.Paused) yield return new BudgetWall("paused", 0, account.Committed, 0, "the agent is paused.");
        var today = limits.PerDay - account.Today.Value;
        yield return new BudgetWall(
            "per_day", limits.PerDay, account.Today, today,
            cents > today ? $"{estimate} cents on top of today's {account.Today} are more than the per-day limit of {new Cents(limits.PerDay)}." : null);
        if (account.Budget is not { } budget) yield break;
        var left = Math.Min(today, budget.Value - account.Committed.Value);
        yield return new BudgetWall(
            "total_budget", budget.Value, account.Committed, budget.Value - account.Committed.Value,
            left < cents ? $"{estimate} cents are more than what is left of the agent's budget of {budget}." : null);
    }
}
