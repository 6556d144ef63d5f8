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
    private readonly ConcurrentDictionary<TenantId, (long Bytes, long ReadAt)> measured = new();
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
        var day = Day;
        return quota.RunsPerDay is { } runs ? await TakeAsync(new UsageKey(tenant, RunsPerDay, day), runs, 1, "runs were started today", day.AddDays(1)) : default;
    }

    public Task GiveBackRunAsync(TenantId tenant, QuotaTaken taken) => GiveBackAsync(tenant, RunsPerDay, taken, 1);

    public async ValueTask<QuotaTaken> TakeTokensAsync(TenantId tenant, long tokens, CancellationToken cancel)
    {
        var month = Month;
        return (await OfAsync(tenant, cancel)).TokensPerMonth is { } most
            ? await TakeAsync(new UsageKey(tenant, TokensPerMonth, month), most, tokens, "tokens were used this month", month.AddMonths(1))
            : default;
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
        measured.Clear();
    }

    private async ValueTask<Failure?> FullAsync(TenantQuota quota, TenantId tenant, CancellationToken cancel) =>
        quota.StorageBytes is { } most && await MeasuredAsync(tenant, cancel) is var bytes && bytes > most ? Exhausted(tenant, StorageBytes, most, bytes, "bytes are stored", null) : null;

    private async ValueTask<long> MeasuredAsync(TenantId tenant, CancellationToken cancel)
    {
        if (measured.TryGetValue(tenant, out var last) && clock.GetElapsedTime(last.ReadAt) < MeasuredMax) return last.Bytes;
        var bytes = await usage.UsedAsync(StorageOf(tenant), cancel);
        if (measured.Count >= KeptMax) measured.Clear();
        measured[tenant] = (bytes, clock.GetTimestamp());
        return bytes;
    }

    private async Task<QuotaTaken> TakeAsync(UsageKey key, long limit, long amount, string what, DateTimeOffset resets)
    {
        var (isGranted, used) = await lines.TakeAsync(key, limit, amount);
        return isGranted ? new QuotaTaken(null, key.Since) : new QuotaTaken(Exhausted(key.Tenant, key.Quota, limit, used, what, resets), null);
    }

    private async Task GiveBackAsync(TenantId tenant, string quota, QuotaTaken taken, long amount)
    {
        if (taken.Since is not { } since || amount == 0) return;
        try
        {
            await usage.AddAsync(new UsageKey(tenant, quota, since), -amount, CancellationToken.None);
        }
        catch (JournalUnavailableException)
        {
            // What it was taken for has happened or not: that must not fail now. It stays counted, so never more is granted than the quota says.
        }
    }

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
}
