using System.Globalization;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary>What a request costs of its caller's limit, and the headers that say how it stands.</summary>
internal static class RateHeaders
{
    private static readonly object QuotaKey = new();

    /// <summary>How the caller's limit stands after this request; null: nobody is limited here.</summary>
    internal static RequestQuota? Quota(HttpContext context) => context.Items[QuotaKey] as RequestQuota?;

    /// <summary>Unix seconds at which the limit is whole again.</summary>
    internal static long Reset(HttpContext context, RequestQuota quota) =>
        context.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow().ToUnixTimeSeconds() + (long)Math.Ceiling(quota.Full.TotalSeconds);

    internal static async ValueTask TakeAsync(HttpContext context, Caller caller, int weight)
    {
        var limits = context.RequestServices.GetRequiredService<IRequestLimits>();
        if (await limits.TakeAsync(caller, Address(context), weight, context.RequestAborted) is not { } quota) return;
        Write(context, quota);
        context.Items[QuotaKey] = quota;
        if (quota.Wait is { } wait) throw TooMany(quota.Tier, quota.Limit, wait);
    }

    /// <summary>A wrong credential is a request of its address.</summary>
    internal static async ValueTask WrongAsync(HttpContext context)
    {
        var limits = context.RequestServices.GetRequiredService<IRequestLimits>();
        if (await limits.WrongAsync(Address(context), context.RequestAborted) is not { } wait) return;
        throw new RefusedException(FailureCatalog.Fail("RATE_LIMITED", "Too many wrong credentials came from this address.", wait));
    }

    private static string? Address(HttpContext context) => context.Connection.RemoteIpAddress?.ToString();

    /// <summary>The older names, and those of the IETF's draft on rate limit headers (quota policy and service limit).</summary>
    private static void Write(HttpContext context, RequestQuota quota)
    {
        var headers = context.Response.Headers;
        var (limit, remaining) = (Text(quota.Limit), Text(quota.Remaining));
        var full = (long)Math.Ceiling(quota.Full.TotalSeconds);
        headers["X-RateLimit-Limit"] = limit;
        headers["X-RateLimit-Remaining"] = remaining;
        headers["X-RateLimit-Reset"] = Text(Reset(context, quota));
        headers["RateLimit-Policy"] = $"\"{quota.Tier}\";q={limit};w=60";
        headers["RateLimit"] = $"\"{quota.Tier}\";r={remaining};t={Text(full)}";
    }

    private static RefusedException TooMany(string tier, long limit, TimeSpan wait)
    {
        var seconds = (int)Math.Max(1, Math.Ceiling(wait.TotalSeconds));
        var detail = Json.Write(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("error", "rate_limit_exceeded");
            writer.WriteString("tier", tier);
            writer.WriteNumber("limit", limit);
            writer.WriteNumber("retry_after", seconds);
            writer.WriteEndObject();
        });
        return new RefusedException(FailureCatalog.Fail("RATE_LIMITED", $"The tier {tier} has {limit} requests a minute; ask again in {seconds} s.", TimeSpan.FromSeconds(seconds)), null, detail);
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
