namespace Aos.Kernel;

/// <summary>An account that has no room for a call.</summary>
/// <param name="Used">Spent and reserved.</param>
public sealed record BudgetBreach(BudgetAccount Account, TenantId Tenant, string Period, Cents Used, PaidCall Call)
{
    /// <summary>As a refusal: account, limit, what is used and what was needed.</summary>
    public Failure Why => FailureCatalog.Fail(Account.IsAgents ? SharedBudgets.AgentCode : SharedBudgets.Code, Sentence, null, Json.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("breach_type", Account.Key.Type);
        writer.WriteString("scope", AccountKey.Wire(Account.Key.Scope));
        if (Account.Key.Name.Length > 0) writer.WriteString("name", Account.Key.Name);
        writer.WriteString("period", Period);
        if (Account.Hard is { } hard) writer.WriteNumber("limit_cents", hard.Value);
        writer.WriteNumber("current_cents", Used.Value);
        writer.WriteNumber("needed_cents", Call.Bound.Value);
        writer.WriteEndObject();
    }));

    private string Sentence
    {
        get
        {
            var budget = $"The budget of {(Account.Key.Scope == AccountScope.Tenant ? $"tenant {Tenant}" : $"{AccountKey.Wire(Account.Key.Scope)} {Account.Key.Name}")}{(Account.Key.Period == AccountPeriod.Total ? "" : $" for {Period}")}";
            return Account.Halted is { } halted
                ? $"{budget} is halted: {halted}"
                : $"{budget} is {Account.Hard} cents, of which {Used} are spent or reserved: a call of {Call.Skill}, which may cost up to {Call.Bound}, has no room.";
        }
    }
}

/// <summary>Rules of budgets that runs share.</summary>
public static class SharedBudgets
{
    /// <summary>Code of a refusal by an account.</summary>
    public const string Code = "ACCOUNT_BUDGET_EXCEEDED";

    /// <summary>Code of a refusal by an agent's own budget.</summary>
    public const string AgentCode = "AGENT_BUDGET_EXCEEDED";

    /// <summary>Whether a failure is the word of a shared budget about a call.</summary>
    public static bool IsRefusal(Failure why) => why.Code is Code or AgentCode;
}

/// <summary>
/// The balances that some calls are held against, as they were read under their locks. Each call that fits is added at once, so that the next one
/// sees it. For one thread.
/// </summary>
public sealed class BudgetSheet(IReadOnlyDictionary<BalanceKey, Cents> used)
{
    private readonly Dictionary<BalanceKey, Cents> used = new(used);

    /// <summary>Reserves the call's bound in all of these accounts that cover it, or in none: then the first that has no room.</summary>
    public BudgetBreach? Take(TenantId tenant, PaidCall call, IReadOnlyList<BudgetAccount> accounts)
    {
        foreach (var account in accounts)
        {
            if (!account.Key.Covers(call)) continue;
            var key = BalanceKey.Of(tenant, account.Key, call.At);
            var before = used.GetValueOrDefault(key);
            if (account.Halted is not null || (account.Hard is { } hard && before + call.Bound > hard)) return new BudgetBreach(account, tenant, key.Period, before, call);
        }

        foreach (var key in BalanceKey.Of(tenant, call)) Add(key, call.Bound);
        foreach (var key in accounts.Where(account => account.Key.Period == AccountPeriod.Month && account.Key.Covers(call)).Select(account => BalanceKey.Of(tenant, account.Key, call.At)).Distinct()) Add(key, call.Bound);
        return null;
    }

    private void Add(BalanceKey key, Cents bound) => used[key] = used.GetValueOrDefault(key) + bound;
}
