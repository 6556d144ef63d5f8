using System.Collections.Concurrent;
using System.Globalization;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Identity;

/// <summary>Holds tenants to their quotas. A tenant without any costs a look into memory.</summary>
internal sealed class Quotas : IQuotas
{
    internal const string RunsPerDay = "runs_per_day";
    internal const string TokensPerMonth = "tokens_per_month";
    internal const string StorageBytes = "storage_bytes";

    /// <summary>Tenants kept at once; then all are forgotten.</summary>
    private const int KeptMax = 10_000;

    /// <summary>How long what is stored may have been read before.</summary>
    private static readonly TimeSpan MeasuredMax = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<TenantId, TenantQuota> known = new();
    private readonly ConcurrentDictionary<UsageKey, (long Used, long ReadAt)> read = new();
    private readonly TenantTable tenants;
    private readonly UsageTable usage;
    private readonly UsageLines lines;
    private readonly Revision revision;
    private readonly TimeProvider clock;
    private long generation;

    public Quotas(TenantTable tenants, UsageTable usage, Revision revision, TimeProvider clock)
    {
        (this.tenants, this.usage, this.revision, this.clock) = (tenants, usage, revision, clock);
        lines = new UsageLines(usage);
        revision.Changed += Forget;
    }

    public async ValueTask<TenantQuota> OfAsync(TenantId tenant, CancellationToken cancel)
    {
        await revision.FreshAsync(cancel);
        if (known.TryGetValue(tenant, out var quota)) return quota;
        var readAt = Volatile.Read(ref generation);
        quota = (await tenants.FindAsync(tenant, cancel))?.Quota ?? TenantQuota.None;
        if (known.Count >= KeptMax) known.Clear();
        known[tenant] = quota;
        if (Volatile.Read(ref generation) != readAt) known.TryRemove(tenant, out _);
        return quota;
    }

    public async ValueTask<Failure?> FullAsync(TenantId tenant, CancellationToken cancel) => await FullAsync(await OfAsync(tenant, cancel), tenant, cancel);

    public async ValueTask<QuotaTaken> TakeRunAsync(TenantId tenant, CancellationToken cancel)
    {
        var quota = await OfAsync(tenant, cancel);
        if (await FullAsync(quota, tenant, cancel) is { } full) return new QuotaTaken(full, null);
        return quota.RunsPerDay is { } runs ? await TakeAsync(OfRuns(tenant, runs), 1) : default;
    }

    public Task GiveBackRunAsync(TenantId tenant, QuotaTaken taken) => GiveBackAsync(tenant, RunsPerDay, taken, 1);

    public async ValueTask<QuotaTaken> TakeTokensAsync(TenantId tenant, long tokens, CancellationToken cancel)
    {
        return (await OfAsync(tenant, cancel)).TokensPerMonth is { } most ? await TakeAsync(OfTokens(tenant, most), tokens) : default;
    }

    public async ValueTask<IReadOnlyList<QuotaStanding>> StandingAsync(TenantId tenant, TimeSpan ageMax, CancellationToken cancel)
    {
        var quota = await OfAsync(tenant, cancel);
        if (quota.StorageBytes is null && quota.RunsPerDay is null && quota.TokensPerMonth is null) return [];
        var standings = new List<QuotaStanding>(3);
        if (quota.StorageBytes is { } most) standings.Add(Storage(tenant, most, await UsedAsync(StorageOf(tenant), ageMax, cancel)));
        if (quota.RunsPerDay is { } runs) standings.Add(await StandingAsync(OfRuns(tenant, runs), ageMax, cancel));
        if (quota.TokensPerMonth is { } tokens) standings.Add(await StandingAsync(OfTokens(tenant, tokens), ageMax, cancel));
        return standings;
    }

    public Task GiveBackTokensAsync(TenantId tenant, QuotaTaken taken, long tokens) => GiveBackAsync(tenant, TokensPerMonth, taken, tokens);

    internal async Task<TenantUsage> UsageAsync(TenantId tenant, CancellationToken cancel)
    {
        var quota = await OfAsync(tenant, cancel);
        async Task<long?> UsedAsync(bool isCounted, UsageKey key) => isCounted ? await usage.UsedAsync(key, cancel) : null;
        return new TenantUsage(
            await UsedAsync(quota.RunsPerDay is not null, new UsageKey(tenant, RunsPerDay, Day)), await UsedAsync(quota.TokensPerMonth is not null, new UsageKey(tenant, TokensPerMonth, Month)),
            await UsedAsync(quota.StorageBytes is not null, StorageOf(tenant)), Day.AddDays(1), Month.AddMonths(1));
    }

    internal static UsageKey StorageOf(TenantId tenant) => new(tenant, StorageBytes, new DateTimeOffset(0, TimeSpan.Zero));

    private DateTimeOffset Day => new(clock.GetUtcNow().UtcDateTime.Date, TimeSpan.Zero);

    private DateTimeOffset Month => Day is var day ? day.AddDays(1 - day.Day) : default;

    private void Forget()
    {
        Interlocked.Increment(ref generation);
        known.Clear();
        read.Clear();
    }

    private async ValueTask<Failure?> FullAsync(TenantQuota quota, TenantId tenant, CancellationToken cancel) =>
        quota.StorageBytes is { } most ? Storage(tenant, most, await UsedAsync(StorageOf(tenant), MeasuredMax, cancel)).Refusal : null;

    /// <summary>What is used, as it was stored less than that long ago.</summary>
    private async ValueTask<long> UsedAsync(UsageKey key, TimeSpan ageMax, CancellationToken cancel)
    {
        if (read.TryGetValue(key, out var last) && clock.GetElapsedTime(last.ReadAt) < ageMax) return last.Used;
        return Read(key, await usage.UsedAsync(key, cancel));
    }

    private long Read(UsageKey key, long used)
    {
        if (read.Count >= KeptMax) read.Clear();
        read[key] = (used, clock.GetTimestamp());
        return used;
    }

    private QuotaStanding Storage(TenantId tenant, long most, long bytes) =>
        new(StorageBytes, most, bytes, null, bytes > most ? Exhausted(tenant, StorageBytes, most, bytes, "bytes are stored", null) : null);

    private Counted OfRuns(TenantId tenant, long most) => Day is var day ? new Counted(new UsageKey(tenant, RunsPerDay, day), most, "runs were started today", day.AddDays(1)) : default;

    private Counted OfTokens(TenantId tenant, long most) =>
        Month is var month ? new Counted(new UsageKey(tenant, TokensPerMonth, month), most, "tokens were used this month", month.AddMonths(1)) : default;

    private async Task<QuotaTaken> TakeAsync(Counted quota, long amount)
    {
        var (isGranted, used) = await lines.TakeAsync(quota.Key, quota.Limit, amount);
        Read(quota.Key, used);
        return isGranted ? new QuotaTaken(null, quota.Key.Since) : new QuotaTaken(Exhausted(quota, used), null);
    }

    private async ValueTask<QuotaStanding> StandingAsync(Counted quota, TimeSpan ageMax, CancellationToken cancel)
    {
        var used = await UsedAsync(quota.Key, ageMax, cancel);
        return new QuotaStanding(quota.Key.Quota, quota.Limit, used, quota.Resets, used >= quota.Limit ? Exhausted(quota, used) : null);
    }

    private async Task GiveBackAsync(TenantId tenant, string quota, QuotaTaken taken, long amount)
    {
        if (taken.Since is not { } since || amount == 0) return;
        try
        {
            var key = new UsageKey(tenant, quota, since);
            Read(key, await usage.AddAsync(key, -amount, CancellationToken.None));
        }
        catch (JournalUnavailableException)
        {
            // What it was taken for has happened or not: that must not fail now. It stays counted, so never more is granted than the quota says.
        }
    }

    private Failure Exhausted(Counted quota, long used) => Exhausted(quota.Key.Tenant, quota.Key.Quota, quota.Limit, used, quota.What, quota.Resets);

    private Failure Exhausted(TenantId tenant, string quota, long limit, long used, string what, DateTimeOffset? resets)
    {
        var message = string.Create(CultureInfo.InvariantCulture, $"The quota {quota} of {tenant} is used up: {used} of {limit} {what}. {(resets is { } at ? $"It is whole again at {at.UtcDateTime:yyyy-MM-ddTHH:mm:ss}Z." : "Delete or archive what is not needed, or ask for more.")}");
        return FailureCatalog.Fail("QUOTA_EXHAUSTED", message, resets - clock.GetUtcNow(), Json.Write(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("quota", quota);
            writer.WriteNumber("limit", limit);
            writer.WriteNumber("used", used);
            if (resets is { } end) writer.WriteString("resets_at", end.UtcDateTime);
            else writer.WriteNull("resets_at");
            writer.WriteEndObject();
        }));
    }

    /// <summary>A quota of a day or month.</summary>
    private readonly record struct Counted(UsageKey Key, long Limit, string What, DateTimeOffset Resets);
}
