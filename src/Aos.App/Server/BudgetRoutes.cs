using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary><c>/api/v1/budgets</c>: limits that runs of the caller's tenant share, and what was said of them.</summary>
internal static class BudgetRoutes
{
    internal const decimal CentsMax = 9_000_000_000m;
    private const int NameChars = 120;

    internal static void MapBudgets(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/v1/budgets", ListAsync);
        routes.MapGet("/api/v1/budgets/events", EventsAsync);
        routes.MapGet("/api/v1/budgets/{scope}/{period}", ReadAsync);
        routes.MapPut("/api/v1/budgets/{scope}/{period}", PutAsync);
        routes.MapDelete("/api/v1/budgets/{scope}/{period}", RemoveAsync);
    }

    [Needs("costsim:read")]
    private static async Task ListAsync(HttpContext context)
    {
        var standing = await Budgets(context).ListAsync(context.Caller().Tenant, context.RequestAborted);
        await context.ReplyAsync(writer =>
        {
            writer.WriteStartObject();
            writer.WriteStartArray("budgets");
            foreach (var one in standing) Write(writer, one);
            writer.WriteEndArray();
            writer.WriteNumber("count", standing.Count);
            writer.WriteEndObject();
        });
    }

    [Needs("costsim:read")]
    private static async Task ReadAsync(HttpContext context)
    {
        var key = Key(context);
        var one = await FindAsync(context, key) ?? throw Unknown(key);
        await context.ReplyAsync(writer => Write(writer, one));
    }

    /// <summary>The account is as the body says; what it does not name is not limited.</summary>
    [Needs("costsim:admin")]
    private static async Task PutAsync(HttpContext context)
    {
        NotForAgents(context);
        var key = Key(context);
        var account = Account(key, await context.ObjectBodyAsync());
        var (caller, before) = (context.Caller(), await FindAsync(context, key));
        if (await Budgets(context).SetAsync(caller, caller.Tenant, account, context.RequestAborted) is { } refusal) throw new RefusedException(refusal);
        var after = await FindAsync(context, key) ?? throw Unknown(key);
        context.Changed(before is null ? null : Known(before), Known(after));
        await context.ReplyAsync(writer => Write(writer, after), before is null ? 201 : 200);
    }

    [Needs("costsim:admin")]
    private static async Task RemoveAsync(HttpContext context)
    {
        NotForAgents(context);
        var key = Key(context);
        var before = await FindAsync(context, key);
        if (before is null || !await Budgets(context).RemoveAsync(context.Caller().Tenant, key, context.RequestAborted)) throw Unknown(key);
        context.Changed(Known(before), null);
        await context.ReplyAsync(writer => Write(writer, before));
    }

    [Needs("costsim:read")]
    private static async Task EventsAsync(HttpContext context)
    {
        var (limit, before) = (context.Whole("limit", 1, 1_000, 100), Asked.Time("before", context.Text("before")));
        var events = await Budgets(context).EventsAsync(context.Caller().Tenant, before, limit, context.RequestAborted);
        await context.ReplyAsync(writer =>
        {
            writer.WriteStartObject();
            writer.WriteStartArray("events");
            foreach (var one in events) Write(writer, one);
            writer.WriteEndArray();
            writer.WriteNumber("count", events.Count);
            writer.WriteEndObject();
        });
    }

    private static BudgetAccount Account(AccountKey key, JsonElement body)
    {
        foreach (var member in body.EnumerateObject())
        {
            if (member.Name is not ("hard_limit_cents" or "soft_limit_cents" or "warn_at" or "on_limit"))
                throw RefusedException.Wrong($"{Asked.Short(member.Name)} is no member: hard_limit_cents, soft_limit_cents, warn_at and on_limit are.");
        }

        var (hard, soft) = (Cents(body, "hard_limit_cents"), Cents(body, "soft_limit_cents"));
        if (hard is null && soft is null) throw RefusedException.Wrong("Name hard_limit_cents, soft_limit_cents or both: an account without a limit limits nothing.");
        return new BudgetAccount(key)
        {
            Hard = hard, Soft = soft,
            WarnAt = body.Get("warn_at") switch
            {
                null or { ValueKind: JsonValueKind.Null } => BudgetAccount.WarnAtDefault,
                { ValueKind: JsonValueKind.Number } number when number.TryGetDecimal(out var share) && share is >= 0 and <= 1 => share,
                _ => throw RefusedException.Wrong("warn_at is a share from 0 to 1."),
            },
            Fails = body.TextOf("on_limit") switch
            {
                null or "pause" => false,
                "fail" => true,
                _ => throw RefusedException.Wrong("on_limit is pause (the run waits for room) or fail (the step fails)."),
            },
        };
    }

    private static Cents? Cents(JsonElement body, string name) => body.Get(name) switch
    {
        null or { ValueKind: JsonValueKind.Null } => null,
        { ValueKind: JsonValueKind.Number } number when number.TryGetDecimal(out var cents) && cents is >= 0 and <= CentsMax => new Cents(cents),
        _ => throw RefusedException.Wrong($"{name} is a number of cents from 0 to {CentsMax}, or null for no limit."),
    };

    private static AccountKey Key(HttpContext context)
    {
        var (scope, period) = ((string)context.Request.RouteValues["scope"]!, (string)context.Request.RouteValues["period"]!);
        AccountScope of = scope switch
        {
            "tenant" => AccountScope.Tenant,
            "agent" => AccountScope.Agent,
            "model" => AccountScope.Model,
            "skill" => AccountScope.Skill,
            _ => throw RefusedException.Wrong($"{Asked.Short(scope)} is no scope: tenant, agent, model and skill are."),
        };
        AccountPeriod within = period switch
        {
            "total" => AccountPeriod.Total,
            "month" => AccountPeriod.Month,
            "day" => AccountPeriod.Day,
            "hour" when of == AccountScope.Tenant => AccountPeriod.Hour,
            _ => throw RefusedException.Wrong($"{Asked.Short(period)} is no period of a {scope}: total, month and day are, of the tenant hour too."),
        };
        var name = context.Text("name") ?? "";
        if ((of == AccountScope.Tenant) != (name.Length == 0)) throw RefusedException.Wrong(of == AccountScope.Tenant ? "The tenant's budget has no name." : $"name is missing: which {scope}?");
        return name.Length <= NameChars ? new AccountKey(of, name, within) : throw RefusedException.Wrong($"name has at most {NameChars} characters.");
    }

    private static async Task<BudgetStanding?> FindAsync(HttpContext context, AccountKey key) =>
        (await Budgets(context).ListAsync(context.Caller().Tenant, context.RequestAborted)).FirstOrDefault(one => one.Account.Key == key);

    /// <summary>An agent neither limits everybody else nor takes away what limits it.</summary>
    private static void NotForAgents(HttpContext context)
    {
        if (context.Caller().AgentId is { } agent) throw new RefusedException(FailureCatalog.Fail("PERMISSION_DENIED", $"This key acts for the agent {agent} only."));
    }

    private static RefusedException Unknown(AccountKey key) => new(FailureCatalog.Fail("NOT_FOUND", $"There is no budget {key}; aos budgets list shows those that are."));

    private static IBudgets Budgets(HttpContext context) => context.RequestServices.GetRequiredService<IBudgets>();

    private static JsonElement Known(BudgetStanding one) => Json.Write(writer => Write(writer, one));

    private static void Write(Utf8JsonWriter writer, BudgetStanding one)
    {
        var (account, used) = (one.Account, one.Spent + one.Reserved);
        writer.WriteStartObject();
        writer.WriteString("scope", AccountKey.Wire(account.Key.Scope));
        if (account.Key.Name.Length > 0) writer.WriteString("name", account.Key.Name);
        writer.WriteString("period", AccountKey.Wire(account.Key.Period));
        writer.WriteString("current", one.Period);
        if (account.Hard is { } hard) writer.WriteNumber("hard_limit_cents", hard.Value);
        if (account.Soft is { } soft) writer.WriteNumber("soft_limit_cents", soft.Value);
        writer.WriteNumber("warn_at", account.WarnAt);
        writer.WriteString("on_limit", account.Fails ? "fail" : "pause");
        writer.WriteNumber("spent_cents", one.Spent.Value);
        writer.WriteNumber("reserved_cents", one.Reserved.Value);
        if (account.Hard is { } most) writer.WriteNumber("remaining_cents", Math.Max(0, most.Value - used.Value));
        if (account.Halted is { } halted) writer.WriteString("halted", halted);
        writer.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter writer, BudgetEvent one)
    {
        writer.WriteStartObject();
        writer.WriteString("at", one.At.UtcDateTime);
        writer.WriteString("level", one.Level);
        writer.WriteString("subject", one.Subject);
        writer.WriteString("scope", one.Scope);
        if (one.Name.Length > 0) writer.WriteString("name", one.Name);
        writer.WriteString("period", one.Period);
        if (one.Run is { } run) writer.WriteString("run_id", run);
        writer.WriteNumber("current_spend_cents", one.Spent.Value);
        writer.WriteNumber("limit_cents", one.Most.Value);
        writer.WriteString("message", one.Message);
        writer.WriteEndObject();
    }
}
