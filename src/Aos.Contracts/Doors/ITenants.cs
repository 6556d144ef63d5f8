using Aos.Kernel;

namespace Aos.Contracts;

/// <summary>What a tenant may use. 0 is none, null no limit.</summary>
/// <param name="RunsPerDay">Runs started in one day of UTC; children of runs are not counted.</param>
/// <param name="TokensPerMonth">Tokens that models read and wrote in one month of UTC, planners included.</param>
/// <param name="ConcurrentRuns">Runs at work at once, on all nodes together; further ones are queued.</param>
/// <param name="StorageBytes">Bytes of events, of the key-value store, of notes with their vectors, of webhooks that came in and of stored traces, measured every few minutes.</param>
public sealed record TenantQuota(long? RunsPerDay = null, long? TokensPerMonth = null, int? ConcurrentRuns = null, long? StorageBytes = null)
{
    public static TenantQuota None { get; } = new();
}

/// <summary>A tenant that the house has given a name or quotas. Others exist by their credentials alone, without quotas.</summary>
public sealed record Tenant(TenantId Id, string? Name, TenantQuota Quota, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt);

/// <summary>What a tenant has used. Null: not counted, since there is no quota for it.</summary>
/// <param name="StorageBytes">As last measured.</param>
public sealed record TenantUsage(long? RunsToday, long? TokensThisMonth, long? StorageBytes, DateTimeOffset DayEnds, DateTimeOffset MonthEnds);

/// <summary>The tenants of the house and their quotas. What is changed holds on all nodes within a second.</summary>
public interface ITenants
{
    /// <summary>By id.</summary>
    /// <param name="after">Only ids greater than this; null: from the first.</param>
    /// <param name="max">1 to 1,000.</param>
    Task<IReadOnlyList<Tenant>> ListAsync(TenantId? after, int max, CancellationToken cancel);

    /// <summary>Null: it has neither name nor quotas.</summary>
    Task<Tenant?> FindAsync(TenantId tenant, CancellationToken cancel);

    /// <summary>Changes a tenant as it is stored now, or the empty one; replies what it was (null: there was none) and what it is.</summary>
    Task<(Tenant? Before, Tenant After)> ChangeAsync(TenantId tenant, Func<Tenant, Tenant> change, CancellationToken cancel);

    Task<TenantUsage> UsageAsync(TenantId tenant, CancellationToken cancel);
}

/// <summary>How a tenant stands with one of its quotas.</summary>
/// <param name="Name"><c>storage_bytes</c>, <c>runs_per_day</c> or <c>tokens_per_month</c>.</param>
/// <param name="Resets">When it is whole again; null: not by itself.</param>
/// <param name="Refusal">What a run that starts now (of tokens: a call of a model) is refused with; null: there is something left.</param>
public sealed record QuotaStanding(string Name, long Limit, long Used, DateTimeOffset? Resets, Failure? Refusal);

/// <summary>What came of taking from a quota.</summary>
/// <param name="Refusal">Null: granted. Else <c>QUOTA_EXHAUSTED</c>.</param>
/// <param name="Since">When the day or month began in which it is counted; null: nothing limits the tenant, and nothing was counted.</param>
public readonly record struct QuotaTaken(Failure? Refusal, DateTimeOffset? Since);

/// <summary>Holds tenants to their quotas. Never more is granted than a quota says, however many nodes ask.</summary>
public interface IQuotas
{
    /// <summary>Less than a second old. Throws <see cref="JournalUnavailableException"/> when the database does not answer.</summary>
    ValueTask<TenantQuota> OfAsync(TenantId tenant, CancellationToken cancel);

    /// <summary>
    /// How the tenant stands with each quota that it has, in the order in which they are asked. Nothing is taken. A tenant without
    /// quotas costs a look into memory.
    /// </summary>
    /// <param name="ageMax">How long ago what is used may have been read; zero: it is read now.</param>
    ValueTask<IReadOnlyList<QuotaStanding>> StandingAsync(TenantId tenant, TimeSpan ageMax, CancellationToken cancel);

    /// <summary>Null: something more may be stored. Else <c>QUOTA_EXHAUSTED</c>, by what was last measured.</summary>
    ValueTask<Failure?> FullAsync(TenantId tenant, CancellationToken cancel);

    /// <summary>Counts a run that is about to be started; <see cref="GiveBackRunAsync"/> when it was not.</summary>
    ValueTask<QuotaTaken> TakeRunAsync(TenantId tenant, CancellationToken cancel);

    /// <param name="taken">The reply of taking it: it goes back to the day of which it is, also after midnight.</param>
    Task GiveBackRunAsync(TenantId tenant, QuotaTaken taken);

    /// <summary>Counts tokens that a call may use; <see cref="GiveBackTokensAsync"/> corrects it.</summary>
    ValueTask<QuotaTaken> TakeTokensAsync(TenantId tenant, long tokens, CancellationToken cancel);

    /// <param name="taken">The reply of taking them.</param>
    /// <param name="tokens">What was taken and not used; negative: more was used than taken.</param>
    Task GiveBackTokensAsync(TenantId tenant, QuotaTaken taken, long tokens);
}

/// <summary>Told when a tenant's quotas have changed.</summary>
public interface IHoldsQuotas
{
    Task ChangedAsync(TenantId tenant, CancellationToken cancel);
}

/// <summary>A room that keeps something of tenants, for what they may store.</summary>
public interface IKeepsBytes
{
    /// <summary>Bytes that it keeps of the tenant. May take its time.</summary>
    Task<long> BytesAsync(TenantId tenant, CancellationToken cancel);
}
