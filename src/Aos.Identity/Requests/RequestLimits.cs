using System.Diagnostics.Metrics;
using System.Text;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Identity;

/// <summary>Token buckets of requests in the limits that all nodes share.</summary>
internal sealed class RequestLimits : IRequestLimits
{
    private const string Purpose = "requests";

    private readonly ISharedLimits limits;
    private readonly IdentityOptions options;
    private readonly Counter<long> allowed;
    private readonly Counter<long> blocked;

    public RequestLimits(ISharedLimits limits, IdentityOptions options, IMeterFactory factory)
    {
        (this.limits, this.options) = (limits, options);
        var meter = factory.Create("Aos.Identity");
        allowed = meter.CreateCounter<long>("aos_rate_limit_allowed_total", null, "Requests within their limit, by tier and tenant (the first 8 hex digits of SHA-256 of its name).");
        blocked = meter.CreateCounter<long>("aos_rate_limit_blocked_total", null, "Requests beyond their limit, by tier and tenant.");
        meter.CreateObservableGauge(
            "aos_rate_limit_tier_limit", () => Tiers.Names.Select(tier => new Measurement<long>(Tiers.PerMinute(tier), new KeyValuePair<string, object?>("tier", tier))), null, "Requests a minute of each tier.");
    }

    public async ValueTask<RequestQuota?> TakeAsync(Caller caller, string? address, int weight, CancellationToken cancel)
    {
        if (!options.LimitsRequests) return null;
        var isKnown = caller.Principal != "anonymous";
        var tier = isKnown ? caller.Tier : options.AnonymousTier;
        var perMinute = Tiers.PerMinute(tier);
        if (tier == Tiers.Names[^1]) return Counted(caller, new RequestQuota(tier, perMinute, perMinute, TimeSpan.Zero, null));
        var key = isKnown ? OfCaller(caller) : OfAddress(address);
        return Counted(caller, Quota(tier, await limits.TakeAsync([Want(key, tier, weight)], cancel), 0));
    }

    public async ValueTask<RequestQuota?> StandingAsync(Caller caller, CancellationToken cancel)
    {
        if (!options.LimitsRequests) return null;
        if (caller.Tier == Tiers.Names[^1]) return new RequestQuota(caller.Tier, Tiers.PerMinute(caller.Tier), Tiers.PerMinute(caller.Tier), TimeSpan.Zero, null);
        // How many are left is known only to whoever takes one.
        var want = Want(OfCaller(caller), caller.Tier, 1);
        var reply = await limits.TakeAsync([want], cancel);
        if (reply.IsGranted) await limits.GiveBackAsync(want, cancel);
        return Quota(caller.Tier, reply, 1);
    }

    public async ValueTask<TimeSpan?> WrongAsync(string? address, CancellationToken cancel)
    {
        if (!options.LimitsRequests || options.AnonymousTier == Tiers.Names[^1]) return null;
        var reply = await limits.TakeAsync([new Want(OfAddress(address), RateLimit.PerMinute(Tiers.PerMinute(options.AnonymousTier)), 1, options.WhenLimitsLost)], cancel);
        return reply.IsGranted ? null : reply.Wait;
    }

    private static LimitKey OfCaller(Caller caller) => LimitKey.Of(caller.Tenant, Purpose, caller.Principal);

    private Want Want(LimitKey key, string tier, int weight) => new(key, RateLimit.PerMinute(Tiers.PerMinute(tier)), weight, options.WhenLimitsLost);

    private static RequestQuota Quota(string tier, TakeReply reply, int givenBack)
    {
        var perMinute = Tiers.PerMinute(tier);
        var left = reply.IsGranted ? (long)Math.Clamp(Math.Floor(reply.Left + givenBack + 1e-6), 0, perMinute) : 0;
        return new RequestQuota(tier, perMinute, left, TimeSpan.FromMinutes((double)(perMinute - left) / perMinute), reply.IsGranted ? null : reply.Wait);
    }

    private static LimitKey OfAddress(string? address) => LimitKey.OfHouse(Purpose, $"address {address}");

    private RequestQuota Counted(Caller caller, RequestQuota quota)
    {
        (quota.Wait is null ? allowed : blocked).Add(1, new("tier", quota.Tier), new("tenant_id", Hashed(caller.Tenant)));
        return quota;
    }

    /// <summary>A tenant's name stands in no metric.</summary>
    private static string Hashed(TenantId tenant) => ContentHash.Hex(Encoding.UTF8.GetBytes(tenant.Value))[..8];
}
