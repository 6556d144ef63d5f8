using System.Security.Cryptography;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary>
/// Reads the body of <c>POST /api/v1/runs</c>. Four shapes: <c>workflow_id</c>, <c>plan</c> as a list of steps, <c>plan</c> as a plan object, or a
/// plan itself at the top (<c>steps</c>). The list and a bare <c>{steps, budget}</c> ignore members they don't know, as their
/// clients expect; the other two are strict.
/// </summary>
internal static class RunRequest
{
    /// <summary>Longest <c>wait</c>, seconds.</summary>
    internal const int WaitMax = 60;

    internal const int LabelsMax = 64;
    internal const int NameMax = 255;
    internal const int UrlMax = 2_048;
    internal const int GoalMax = 10_000;

    private static readonly string[] Members =
    [
        "agent_id", "budget", "budget_cents", "external_calls", "goal", "idempotency_key", "inputs", "labels", "plan", "priority", "seed", "tenant_id", "wait", "webhook_url",
    ];

    private static readonly string[] WorkflowMembers = [.. Members.Except(["plan", "budget"]), "config", "input", "workflow_id"];

    private static readonly string[] PlanMembers = ["plan", "steps", "workflow_id"];

    /// <summary>Members of the request beside a plan that stands at the top of the body.</summary>
    private static readonly string[] Around = ["agent_id", "idempotency_key", "labels", "priority", "tenant_id", "wait", "webhook_url"];

    internal static async Task<(StartRequest Request, IReadOnlyList<PlanProblem> Warnings)> ReadAsync(HttpContext context, JsonElement body)
    {
        context.RefuseOtherTenant(body.TextOf("tenant_id"));
        if (body.TextOf("workflow_id") is { Length: > 0 } workflow) return await WorkflowAsync(context, body, workflow);
        if (body.Get("plan") is { ValueKind: JsonValueKind.Object }) RefuseUnknown(body, Members);
        var (plan, warnings) = await PlanAsync(context, body);
        var isFlat = body.Get("plan") is null;
        var request = new StartRequest(
            Agent(context, body), plan, isFlat ? Json.EmptyObject : body.ObjectOf("inputs"), Seed(body), Budget(body), Labels(context, body), Key(context, body),
            Bounded(body, "goal", GoalMax) ?? plan.Goal) { Webhook = Webhook(body), Priority = Priority(body), Calls = isFlat ? null : Calls(body) };
        return (request, warnings);
    }

    /// <summary>A stored plan: <c>workflow_id</c>, with <c>input</c> and <c>config.seed</c> as older clients call <c>inputs</c> and <c>seed</c>.</summary>
    private static async Task<(StartRequest Request, IReadOnlyList<PlanProblem> Warnings)> WorkflowAsync(HttpContext context, JsonElement body, string workflow)
    {
        if (body.Get("plan") is not null || body.Get("steps") is not null) throw RefusedException.Wrong("A run has a plan of its own or a workflow_id, not both.");
        RefuseUnknown(body, WorkflowMembers);
        await context.NeedAsync("workflow:run");
        var (version, reading) = await context.StoredAsync(workflow, allowUnknownSkills: false);
        if (reading.Plan is not { } plan) throw new RefusedException(Admission.Refusal(reading.Problems), 400);
        var request = new StartRequest(
            Agent(context, body), plan, body.ObjectOf(body.Get("inputs") is null ? "input" : "inputs"), Seed(body) ?? Seed(body.ObjectOf("config")), Budget(body), Labels(context, body),
            Key(context, body), Bounded(body, "goal", GoalMax) ?? plan.Goal, version.Pin) { Webhook = Webhook(body), Priority = Priority(body), Calls = Calls(body) };
        return (request, reading.Warnings);
    }

    /// <summary>
    /// The goal, when the body has one and no plan: then a planner of the agent plans. What a planned run takes from its agent cannot
    /// be given beside it.
    /// </summary>
    internal static GoalRequest? Goal(HttpContext context, JsonElement body)
    {
        if (PlanMembers.Any(name => body.Get(name) is { ValueKind: not JsonValueKind.Null })) return null;
        if (Bounded(body, "goal", GoalMax) is not { Length: > 0 } goal) return null;
        context.RefuseOtherTenant(body.TextOf("tenant_id"));
        foreach (var name in new[] { "budget_cents", "external_calls", "inputs", "labels", "priority", "seed" })
        {
            if (body.Get(name) is { ValueKind: not JsonValueKind.Null })
                throw RefusedException.Wrong($"{name} needs a plan; a planned run takes its limits from the agent.");
        }

        return new GoalRequest(Agent(context, body), goal, KeyText(context, body), Bounded(body, "force_skill", NameMax)) { Correlation = context.Correlation() };
    }

    /// <summary>Seconds to wait for the end of the run.</summary>
    internal static int Wait(HttpContext context, JsonElement body, int otherwise)
    {
        if (context.Request.Query.ContainsKey("wait")) return context.Whole("wait", 0, WaitMax, otherwise);
        return body.Get("wait") switch
        {
            null or { ValueKind: JsonValueKind.Null } => otherwise,
            { ValueKind: JsonValueKind.Number } wait when wait.TryGetInt32(out var n) && n is >= 0 and <= WaitMax => n,
            _ => throw RefusedException.Wrong($"wait is a whole number of seconds from 0 to {WaitMax}."),
        };
    }

    private static async Task<(Plan Plan, IReadOnlyList<PlanProblem> Warnings)> PlanAsync(HttpContext context, JsonElement body)
    {
        var source = body.Get("plan") is { ValueKind: JsonValueKind.Object } inner ? inner : body;
        if (source.Get("steps") is null && source.Get("plan") is null or { ValueKind: JsonValueKind.Null }) throw RefusedException.Wrong("A run needs a plan: {\"plan\": [{\"skill\": \"echo\"}]}.");
        if (source.Get("plan") is null && Around.Any(name => source.Get(name) is not null)) source = Alone(source);
        var reading = context.RequestServices.GetRequiredService<ISkills>().ReadPlan(source, links: await context.LinksAsync(source, "workflow:run"));
        return reading.Plan is { } plan ? (plan, reading.Warnings) : throw new RefusedException(Admission.Refusal(reading.Problems), 400);
    }

    private static JsonElement Alone(JsonElement body) => Json.Write(writer =>
    {
        writer.WriteStartObject();
        foreach (var member in body.EnumerateObject())
        {
            if (!Around.Contains(member.Name)) member.WriteTo(writer);
        }

        writer.WriteEndObject();
    });

    private static void RefuseUnknown(JsonElement body, string[] known)
    {
        foreach (var member in body.EnumerateObject())
        {
            if (!known.Contains(member.Name))
                throw new RefusedException(FailureCatalog.Fail("UNKNOWN_MEMBER", $"{Asked.Short(member.Name)}: there are {string.Join(", ", known)}."), 400);
        }
    }

    /// <summary>The agent that the request names, else the one its key acts for, else <c>default</c>.</summary>
    internal static string Agent(HttpContext context, JsonElement body)
    {
        var bound = context.Caller().AgentId;
        var agent = Bounded(body, "agent_id", NameMax) is { Length: > 0 } named ? named : bound ?? "default";
        if (bound is not null && agent != bound)
            throw new RefusedException(FailureCatalog.Fail("PERMISSION_DENIED", $"This key acts for the agent {bound} only."));
        return agent;
    }

    private static (string Scope, string Key, byte[] Fingerprint)? Key(HttpContext context, JsonElement body) =>
        KeyText(context, body) is { } key ? ("runs", key, SHA256.HashData(CanonicalJson.Bytes(body))) : null;

    internal static string? KeyText(HttpContext context, JsonElement body)
    {
        var key = context.Request.Headers["Idempotency-Key"] is [{ Length: > 0 } header] ? header : body.TextOf("idempotency_key");
        return key is null or { Length: > 0 and <= NameMax } ? key : throw RefusedException.Wrong($"An idempotency key has 1 to {NameMax} characters.");
    }

    internal static ulong? Seed(JsonElement body) => body.Get("seed") switch
    {
        null or { ValueKind: JsonValueKind.Null } => null,
        { ValueKind: JsonValueKind.Number } seed when seed.TryGetUInt64(out var number) => number,
        _ => throw RefusedException.Wrong("seed is a whole number from 0 to 18446744073709551615."),
    };

    /// <summary>A request whose plan stands at its top has one place for it: the plan's.</summary>
    private static ExternalCalls? Calls(JsonElement body)
    {
        if (body.Get("external_calls") is not { ValueKind: not JsonValueKind.Null } value) return null;
        var (calls, _, problem) = ExternalCalls.Read(value, "external_calls");
        return problem is null ? calls : throw RefusedException.Wrong(Asked.Short(problem));
    }

    private static int Priority(JsonElement body) => body.Get("priority") switch
    {
        null or { ValueKind: JsonValueKind.Null } => 0,
        { ValueKind: JsonValueKind.Number } priority when priority.TryGetInt32(out var n) && n is >= -100 and <= 100 => n,
        _ => throw RefusedException.Wrong("priority is a whole number from -100 to 100."),
    };

    internal static Cents? Budget(JsonElement body) => body.Get("budget_cents") switch
    {
        null or { ValueKind: JsonValueKind.Null } => null,
        { ValueKind: JsonValueKind.Number } budget when budget.TryGetDecimal(out var cents) && cents is >= 0 and <= 9_000_000_000m => new Cents(cents),
        _ => throw RefusedException.Wrong("budget_cents is a number from 0 to 9,000,000,000."),
    };

    /// <summary>Those of the body, and the caller's correlation id. It is no part of what the request asks for: a repeat may have another one.</summary>
    private static Dictionary<string, string>? Labels(HttpContext context, JsonElement body)
    {
        var labels = Labels(body);
        if (context.Correlation() is { } correlation) (labels ??= new Dictionary<string, string>(StringComparer.Ordinal)).TryAdd(Correlation.Label, correlation);
        return labels;
    }

    private static Dictionary<string, string>? Labels(JsonElement body)
    {
        var given = body.ObjectOf("labels");
        if (given.GetPropertyCount() == 0) return null;
        if (given.GetPropertyCount() > LabelsMax) throw RefusedException.Wrong($"A run has at most {LabelsMax} labels.");
        var labels = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var label in given.EnumerateObject())
        {
            var isText = label.Value.ValueKind == JsonValueKind.String;
            var value = isText ? label.Value.GetString()! : throw RefusedException.Wrong($"labels.{Asked.Short(label.Name)} is a text.");
            if (label.Name.Length is 0 or > NameMax || value.Length > NameMax)
                throw RefusedException.Wrong($"Names and values of labels have at most {NameMax} characters.");
            labels[Asked.Storable("labels", label.Name)] = Asked.Storable("labels", value);
        }

        return labels;
    }

    private static string? Webhook(JsonElement body) =>
        Bounded(body, "webhook_url", UrlMax) is not { } url ? null
        : Uri.TryCreate(url, UriKind.Absolute, out var uri) && (uri.Scheme is "http" or "https") ? url
        : throw RefusedException.Wrong("webhook_url is an absolute http or https URL.");

    internal static string? Bounded(JsonElement body, string name, int max) =>
        body.TextOf(name) is not { } text ? null : text.Length <= max ? text : throw RefusedException.Wrong($"{name} is longer than {max} characters.");
}
