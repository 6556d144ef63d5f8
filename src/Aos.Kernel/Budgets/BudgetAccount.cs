using System.Globalization;

namespace Aos.Kernel;

/// <summary>Whose money an account limits. On the wire in lower case.</summary>
public enum AccountScope
{
    /// <summary>All calls of the tenant.</summary>
    Tenant,

    /// <summary>Those of runs of one agent.</summary>
    Agent,

    /// <summary>Those that ask for one model.</summary>
    Model,

    /// <summary>Those of one skill.</summary>
    Skill,
}

/// <summary>What an account's limit is for. Days, hours and months are those of UTC. On the wire in lower case.</summary>
public enum AccountPeriod
{
    /// <summary>For ever.</summary>
    Total,
    Month,
    Day,

    /// <summary>Of the tenant alone.</summary>
    Hour,
}

/// <summary>Names an account of a tenant.</summary>
/// <param name="Name">The agent's id, the model, the skill; empty for the tenant.</param>
public sealed record AccountKey(AccountScope Scope, string Name, AccountPeriod Period)
{
    /// <summary>As <c>tenant_day</c>.</summary>
    public string Type => $"{Wire(Scope)}_{Wire(Period)}";

    public bool Covers(PaidCall call) => Scope switch
    {
        AccountScope.Tenant => true,
        AccountScope.Agent => Name == call.Agent,
        AccountScope.Model => Name == call.Model,
        _ => Name == call.Skill,
    };

    /// <summary>As texts of the wire and of the store have it.</summary>
    public static string Wire(AccountScope scope) => scope switch
    {
        AccountScope.Tenant => "tenant",
        AccountScope.Agent => "agent",
        AccountScope.Model => "model",
        _ => "skill",
    };

    /// <inheritdoc cref="Wire(AccountScope)"/>
    public static string Wire(AccountPeriod period) => period switch
    {
        AccountPeriod.Total => "total",
        AccountPeriod.Month => "month",
        AccountPeriod.Day => "day",
        _ => "hour",
    };

    /// <summary>The period that a time lies in, as balances name it: <c>total</c>, <c>2026-11</c>, <c>2026-11-27</c>, <c>2026-11-27T13</c>.</summary>
    public string PeriodOf(DateTimeOffset at) => Period switch
    {
        AccountPeriod.Total => "total",
        AccountPeriod.Month => at.ToUniversalTime().ToString("yyyy-MM", CultureInfo.InvariantCulture),
        AccountPeriod.Day => at.ToUniversalTime().ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        _ => at.ToUniversalTime().ToString("yyyy-MM-dd'T'HH", CultureInfo.InvariantCulture),
    };

    public override string ToString() => Scope == AccountScope.Tenant ? Wire(Period) : $"{Wire(Scope)} {Name}, {Wire(Period)}";
}

/// <summary>A limit that people set.</summary>
public sealed record BudgetAccount(AccountKey Key)
{
    public const decimal WarnAtDefault = 0.8m;

    /// <summary>Never exceeded; null: none.</summary>
    public Cents? Hard { get; init; }

    /// <summary>Said when it is reached; nothing stops. Null: none.</summary>
    public Cents? Soft { get; init; }

    /// <summary>Share of the lower limit from which on a warning is given, 0 to 1.</summary>
    public decimal WarnAt { get; init; } = WarnAtDefault;

    /// <summary>True: a step whose call finds no room fails; false: its run waits.</summary>
    public bool Fails { get; init; }

    /// <summary>Why nothing more is paid from it until a person looks; null: it is open.</summary>
    public string? Halted { get; init; }

    /// <summary>True: the limit is the agent's own setting, and no row of the accounts.</summary>
    public bool IsAgents { get; init; }

    /// <summary>What is warned of: the lower of both limits.</summary>
    public Cents? Warned => Cents.Lower(Hard, Soft);
}

/// <summary>Names a balance: what was reserved and spent of a scope in a period. Balances are locked in this order everywhere.</summary>
/// <param name="Scope">As on the wire; <c>hour</c> for the tenant's hours.</param>
/// <param name="Period"><c>total</c>, a day or an hour.</param>
public readonly record struct BalanceKey(TenantId Tenant, string Scope, string Name, string Period) : IComparable<BalanceKey>
{
    public int CompareTo(BalanceKey other) =>
        string.CompareOrdinal(Tenant.Value, other.Tenant.Value) is not 0 and var byTenant ? byTenant
        : string.CompareOrdinal(Scope, other.Scope) is not 0 and var byScope ? byScope
        : string.CompareOrdinal(Name, other.Name) is not 0 and var byName ? byName
        : string.CompareOrdinal(Period, other.Period);

    public static bool operator <(BalanceKey left, BalanceKey right) => left.CompareTo(right) < 0;

    public static bool operator >(BalanceKey left, BalanceKey right) => left.CompareTo(right) > 0;

    public static bool operator <=(BalanceKey left, BalanceKey right) => left.CompareTo(right) <= 0;

    public static bool operator >=(BalanceKey left, BalanceKey right) => left.CompareTo(right) >= 0;

    /// <summary>All balances that a call counts in.</summary>
    public static IEnumerable<BalanceKey> Of(TenantId tenant, PaidCall call)
    {
        var day = call.Day;
        yield return new BalanceKey(tenant, "tenant", "", "total");
        yield return new BalanceKey(tenant, "tenant", "", day);
        yield return new BalanceKey(tenant, "hour", "", call.Hour);
        yield return new BalanceKey(tenant, "agent", call.Agent, "total");
        yield return new BalanceKey(tenant, "agent", call.Agent, day);
        yield return new BalanceKey(tenant, "skill", call.Skill, "total");
        yield return new BalanceKey(tenant, "skill", call.Skill, day);
        if (call.Model.Length == 0) yield break;
        yield return new BalanceKey(tenant, "model", call.Model, "total");
        yield return new BalanceKey(tenant, "model", call.Model, day);
    }

    /// <summary>The balance that an account is held against for a call at this time; of a month, the name its sum is kept under.</summary>
    public static BalanceKey Of(TenantId tenant, AccountKey account, DateTimeOffset at) => new(
        tenant, account.Period == AccountPeriod.Hour ? "hour" : AccountKey.Wire(account.Scope), account.Name, account.PeriodOf(at));
}
