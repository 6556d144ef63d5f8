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

/// <summary>The check of an agent's money: pure, first breach first.</summary>
public static class AgentBudget
{
    public static BudgetVerdict Check(Cents estimate, string? model, AgentBudgetLimits limits, AgentAccount account)
    {
        if (estimate.Value > limits.PerRun)
            return Breach("per_run", $"{estimate} cents are more than the per-run limit of {new Cents(limits.PerRun)}.", limits.PerRun, estimate);
        if (model is not null && limits.PerModel.TryGetValue(model, out var ofModel) && estimate.Value > ofModel)
            return Breach("per_model", $"{estimate} cents are more than the limit of {new Cents(ofModel)} for the model {model}.", ofModel, estimate);
        if (account.Paused) return Breach("paused", "the agent is paused.", 0, account.Committed);
        if (account.Today.Value + estimate.Value > limits.PerDay)
            return Breach("per_day", $"{estimate} cents on top of today's {account.Today} are more than the per-day limit of {new Cents(limits.PerDay)}.", limits.PerDay, account.Today);
        var left = limits.PerDay - account.Today.Value;
        if (account.Budget is { } budget)
        {
            left = Math.Min(left, budget.Value - account.Committed.Value);
            if (left < estimate.Value)
                return Breach("total_budget", $"{estimate} cents are more than what is left of the agent's budget of {budget}.", budget.Value, account.Committed);
        }

        return new BudgetVerdict(true, null, null, account.Budget ?? Cents.Zero, account.Committed, new Cents(left));
    }

    private static BudgetVerdict Breach(string type, string reason, decimal limit, Cents current) => new(false, reason, type, new Cents(limit), current, Cents.Zero);
}
