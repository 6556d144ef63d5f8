using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary><c>/api/v1/tenants</c>: names and quotas of tenants. The house sees and changes all of them, others see their own.</summary>
internal static class TenantRoutes
{
    private const int NameChars = 128;

    internal static void MapTenants(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/v1/tenants", ListAsync);
        routes.MapGet("/api/v1/tenants/{id}", ReadAsync);
        routes.MapPut("/api/v1/tenants/{id}", PutAsync);
    }

    [Needs("tenant:read", OfHouse = true)]
    private static async Task ListAsync(HttpContext context)
    {
        var limit = context.Whole("limit", 1, 1_000, 100);
        var after = context.Text("after") is { } text ? Asked.Tenant("after", text) : (TenantId?)null;
        var tenants = await Book(context).ListAsync(after, limit, context.RequestAborted);
        await context.ReplyAsync(writer =>
        {
            writer.WriteStartObject();
            writer.WriteStartArray("tenants");
            foreach (var tenant in tenants) Write(writer, tenant, null);
            writer.WriteEndArray();
            writer.WriteNumber("count", tenants.Count);
            writer.WriteString("next", tenants.Count == limit ? tenants[^1].Id.Value : null);
            writer.WriteEndObject();
        });
    }

    /// <summary>A tenant without name and quotas is answered too: whether it has any is not told by the status.</summary>
    [Needs("tenant:read")]
    private static async Task ReadAsync(HttpContext context)
    {
        var id = Id(context);
        if (id != context.Caller().Tenant && !context.Caller().IsHouse)
            throw new RefusedException(FailureCatalog.Fail("NOT_FOUND", $"There is no tenant {id} for this caller."));
        var tenant = await Book(context).FindAsync(id, context.RequestAborted);
        var usage = await Book(context).UsageAsync(id, context.RequestAborted);
        await context.ReplyAsync(writer => Write(writer, tenant ?? new Tenant(id, null, TenantQuota.None, default, default), usage));
    }

    /// <summary>Members that the body has are set, null takes a limit away, others stay.</summary>
    [Needs("tenant:write", OfHouse = true)]
    private static async Task PutAsync(HttpContext context)
    {
        var id = Id(context);
        var body = await context.ObjectBodyAsync();
        if (body.EnumerateObject().FirstOrDefault(member => member.Name is not ("name" or "quota")) is { Value.ValueKind: not JsonValueKind.Undefined } strange)
            throw RefusedException.Wrong($"{Asked.Short(strange.Name)} is no member: name and quota are.");
        var change = Change(body);
        var (before, after) = await Book(context).ChangeAsync(id, change, context.RequestAborted);
        context.Changed(before is null ? null : Json.Write(writer => Write(writer, before, null)), Json.Write(writer => Write(writer, after, null)));
        await context.ReplyAsync(writer => Write(writer, after, null));
    }

    private static Func<Tenant, Tenant> Change(JsonElement body)
    {
        var changes = new List<Func<Tenant, Tenant>>();
        if (body.Get("name") is { } name)
        {
            var text = name.ValueKind == JsonValueKind.Null ? null : Name(name);
            changes.Add(tenant => tenant with { Name = text });
        }

        if (body.Get("quota") is { } quota)
        {
            if (quota.ValueKind != JsonValueKind.Object) throw RefusedException.Wrong("quota is an object: runs_per_day, tokens_per_month, concurrent_runs, storage_bytes.");
            foreach (var member in quota.EnumerateObject()) changes.Add(Limit(member));
        }

        return tenant => changes.Aggregate(tenant, (now, change) => change(now));
    }

    private static Func<Tenant, Tenant> Limit(JsonProperty member)
    {
        var most = member.Name == "concurrent_runs" ? int.MaxValue : long.MaxValue;
        var value = member.Value.ValueKind switch
        {
            JsonValueKind.Null => (long?)null,
            JsonValueKind.Number when member.Value.TryGetInt64(out var number) && number >= 0 && number <= most => number,
            _ => throw RefusedException.Wrong($"quota.{Asked.Short(member.Name)} is a whole number from 0 to {most}, or null for no limit."),
        };
        return member.Name switch
        {
            "runs_per_day" => tenant => tenant with { Quota = tenant.Quota with { RunsPerDay = value } },
            "tokens_per_month" => tenant => tenant with { Quota = tenant.Quota with { TokensPerMonth = value } },
            "concurrent_runs" => tenant => tenant with { Quota = tenant.Quota with { ConcurrentRuns = (int?)value } },
            "storage_bytes" => tenant => tenant with { Quota = tenant.Quota with { StorageBytes = value } },
            _ => throw RefusedException.Wrong($"quota.{Asked.Short(member.Name)} is no quota: runs_per_day, tokens_per_month, concurrent_runs and storage_bytes are."),
        };
    }

    private static string Name(JsonElement name) =>
        name.ValueKind == JsonValueKind.String && name.GetString() is { Length: > 0 and <= NameChars } text && !text.Any(char.IsControl)
            ? text
            : throw RefusedException.Wrong($"name is a text of 1 to {NameChars} characters that can be seen, or null.");

    private static TenantId Id(HttpContext context) => Asked.Tenant("id", (string)context.Request.RouteValues["id"]!);

    private static ITenants Book(HttpContext context) => context.RequestServices.GetRequiredService<ITenants>();

    private static void Write(Utf8JsonWriter writer, Tenant tenant, TenantUsage? usage)
    {
        writer.WriteStartObject();
        writer.WriteString("id", tenant.Id.Value);
        writer.WriteString("name", tenant.Name);
        writer.WriteStartObject("quota");
        WriteNumber(writer, "runs_per_day", tenant.Quota.RunsPerDay);
        WriteNumber(writer, "tokens_per_month", tenant.Quota.TokensPerMonth);
        WriteNumber(writer, "concurrent_runs", tenant.Quota.ConcurrentRuns);
        WriteNumber(writer, "storage_bytes", tenant.Quota.StorageBytes);
        writer.WriteEndObject();
        if (usage is not null) WriteUsage(writer, usage);
        IdentityWire.WriteTime(writer, "created_at", tenant.CreatedAt == default ? null : tenant.CreatedAt);
        IdentityWire.WriteTime(writer, "updated_at", tenant.UpdatedAt == default ? null : tenant.UpdatedAt);
        writer.WriteEndObject();
    }

    private static void WriteUsage(Utf8JsonWriter writer, TenantUsage usage)
    {
        writer.WriteStartObject("usage");
        WriteNumber(writer, "runs_today", usage.RunsToday);
        WriteNumber(writer, "tokens_this_month", usage.TokensThisMonth);
        WriteNumber(writer, "storage_bytes", usage.StorageBytes);
        writer.WriteString("day_ends_at", usage.DayEnds.UtcDateTime);
        writer.WriteString("month_ends_at", usage.MonthEnds.UtcDateTime);
        writer.WriteEndObject();
    }

    private static void WriteNumber(Utf8JsonWriter writer, string name, long? number)
    {
        if (number is { } known) writer.WriteNumber(name, known);
        else writer.WriteNull(name);
    }
}
