using Aos.Kernel;

namespace Aos.Contracts;

/// <summary>Accounts and balances as people read and change them. Sums are read by index, day by day, never call by call.</summary>
public interface IBudgetTables
{
    /// <summary>All accounts of a tenant with what is used of them at this time, in the order of their keys.</summary>
    Task<IReadOnlyList<BudgetStanding>> StandingAsync(TenantId tenant, DateTimeOffset at, CancellationToken cancel);

    /// <summary>Sets an account as given, and opens one that was halted. False: the tenant has as many as it may have.</summary>
    Task<bool> PutAsync(TenantId tenant, BudgetAccount account, string by, DateTimeOffset at, CancellationToken cancel);

    /// <summary>False: there is no such account.</summary>
    Task<bool> RemoveAsync(TenantId tenant, AccountKey account, CancellationToken cancel);

    /// <summary>What was spent on the days from <paramref name="first"/> to <paramref name="last"/> (<c>2026-11-27</c>, both included), by name or by day.</summary>
    /// <param name="scope">Whose days: of the tenant, of each agent, model or skill.</param>
    /// <param name="max">Rows; by name those that spent most, by day the newest.</param>
    Task<IReadOnlyList<SpendSum>> SumsAsync(TenantId tenant, AccountScope scope, bool byDay, string first, string last, int max, CancellationToken cancel);

    /// <summary>What runs spent on those days: of the newest calls, so many at most, those runs that spent most.</summary>
    Task<IReadOnlyList<SpendSum>> RunsAsync(TenantId tenant, string first, string last, int calls, int max, CancellationToken cancel);

    /// <summary>Events of budgets, the newest first.</summary>
    Task<IReadOnlyList<BudgetEvent>> EventsAsync(TenantId tenant, DateTimeOffset? before, int max, CancellationToken cancel);

    /// <summary>Tenants that have spent something since this hour (<c>2026-11-27T13</c>), in their order.</summary>
    Task<IReadOnlyList<TenantId>> SpendersAsync(string hour, TenantId? after, int max, CancellationToken cancel);

    /// <summary>What is spent of a period; of an account's month, of its days.</summary>
    Task<Cents> SpentAsync(TenantId tenant, AccountKey account, DateTimeOffset at, CancellationToken cancel);

    /// <summary>Calls of a tenant on a day that cost more than this, and runs that have spent more than that, the first so many of each.</summary>
    Task<IReadOnlyList<SpendSum>> DearAsync(TenantId tenant, string day, Cents call, Cents run, int max, CancellationToken cancel);

    /// <summary>Tenants that have spent something on the UTC day of this time, those that have spent most of what they may first.</summary>
    /// <param name="most">The limit of a tenant without an account of the day.</param>
    Task<IReadOnlyList<DayUse>> DayUsesAsync(DateTimeOffset at, Cents most, int max, CancellationToken cancel);

    /// <summary>Keeps events that are not kept yet; gives those that are new.</summary>
    Task<IReadOnlyList<BudgetEvent>> TellAsync(IReadOnlyList<BudgetEvent> events, CancellationToken cancel);
}

/// <summary>An account and how it stands.</summary>
/// <param name="Period">The period it is in now, such as <c>2026-11</c>.</param>
public sealed record BudgetStanding(BudgetAccount Account, string Period, Cents Spent, Cents Reserved);

/// <summary>What a tenant has spent of a day's limit.</summary>
/// <param name="Share">0 and more; 1: all of it.</param>
public sealed record DayUse(TenantId Tenant, decimal Share);

/// <summary>What was spent under a name.</summary>
/// <param name="Name">An agent, a model, a skill, a run or a day; of a dear call <c>RUN CALL</c>.</param>
public sealed record SpendSum(string Name, Cents Spent, long Calls, long InputTokens, long OutputTokens);

/// <summary>Something that was said of a budget, once.</summary>
/// <param name="Subject">What it is about: with the level, what it is said once of.</param>
/// <param name="Level">warn, exceeded, critical or overrun.</param>
/// <param name="Scope">As of accounts; of runs and calls <c>run</c> and <c>skill</c>.</param>
/// <param name="Most">The limit it is held against.</param>
public sealed record BudgetEvent(TenantId Tenant, string Subject, string Level, string Scope, string Name, string Period, string? Run, Cents Spent, Cents Most, string Message, DateTimeOffset At);
