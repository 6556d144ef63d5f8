using System.Collections.Immutable;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary>What a request to simulate asks, in any of its shapes: a plan, a workflow by id, a plan document.</summary>
/// <param name="Seed">Of the request, else of the plan, else 42.</param>
/// <param name="SaveTrace">The reply carries a trace.</param>
internal sealed record SimulateQuestion(SimulationRequest Request, JsonElement Plan, ulong Seed, string? Timestamp, bool SaveTrace, List<string> Ignored)
{
    /// <summary>Connections that the plan names and that its calls would not get, as things are now.</summary>
    internal IReadOnlyList<ConnectionProblem> Connections { get; init; } = [];

    /// <summary>Budget of a list of steps that names none, cents.</summary>
    private const decimal BudgetDefault = 1000;

    /// <summary>Members of a plan document that are the request's, not the plan's.</summary>
    private static readonly HashSet<string> OfRequest = new(StringComparer.Ordinal)
    {
        "agent_id", "tenant_id", "timestamp", "save_trace", "include_alternatives", "idempotency_key", "config", "workflow_id", "input", "deterministic",
    };

    private static readonly HashSet<string> Known = new(OfRequest, StringComparer.Ordinal)
    {
        "plan", "steps", "budget", "budget_cents", "seed", "inputs", "name", "version", "goal", "description", "plan_id", "id",
    };

    /// <summary>Reads the body; what is wrong with the request, not with its plan, is refused with 422.</summary>
    internal static async Task<SimulateQuestion> ReadAsync(HttpContext context, JsonElement body)
    {
        if (body.ValueKind != JsonValueKind.Object) throw RefusedException.Wrong("The body is an object with a plan.");
        var config = body.Get("config") is { ValueKind: JsonValueKind.Object } given ? given : Json.EmptyObject;
        context.RefuseOtherTenant(body.TextOf("tenant_id"));
        var agent = RunRequest.Agent(context, body);
        var (reading, plan, isDocument) = await PlanOfAsync(context, body);
        var seed = SeedOf(body, config, reading.Plan);
        var timestamp = body.TextOf("timestamp") ?? config.TextOf("frozen_timestamp");
        var request = new SimulationRequest(
            reading, context.Caller().Tenant, agent, Budget(body, isDocument), null, seed, timestamp, Inputs(body, isDocument))
        {
            SourceHash = reading.Plan is null ? Hash(plan) : null,
            WithAlternatives = body.Get("include_alternatives") is { ValueKind: JsonValueKind.True },
        };
        return new SimulateQuestion(request, plan, seed, timestamp, body.Get("save_trace") is { ValueKind: JsonValueKind.True }, IgnoredOf(body, isDocument));
    }

    /// <summary>The same question, for an agent the house knows; null: it is a mere label.</summary>
    internal SimulateQuestion For(Agent? agent, ImmutableArray<MomentFact> moment, MeasuredRisks measured) =>
        this with { Request = Request with { Rules = agent?.Rules(), Moment = moment, Measured = measured } };

    private static async Task<(PlanReading Reading, JsonElement Plan, bool IsDocument)> PlanOfAsync(HttpContext context, JsonElement body)
    {
        var skills = context.RequestServices.GetRequiredService<ISkills>();
        if (body.Get("plan") is { } plan)
        {
            if (plan.ValueKind is not (JsonValueKind.Array or JsonValueKind.Object)) throw RefusedException.Wrong("plan is a list of steps or a plan.");
            return (skills.ReadPlan(plan, allowUnknownSkills: true, await context.LinksAsync(plan, "workflow:run")), plan, plan.ValueKind == JsonValueKind.Object);
        }

        if (body.Get("steps") is { } steps)
        {
            if (steps.ValueKind != JsonValueKind.Array) throw RefusedException.Wrong("steps is a list.");
            var document = Document(body);
            return (skills.ReadPlan(document, allowUnknownSkills: true, await context.LinksAsync(document, "workflow:run")), document, true);
        }

        if (body.TextOf("workflow_id") is not { } workflow) throw RefusedException.Wrong("plan is missing: send {\"plan\": [{\"skill\": \"echo\", \"params\": {}}]}.");
        await context.NeedAsync("workflow:run");
        var reading = await ReadingAsync(context, workflow);
        return (reading, Json.Write(writer =>
        {
            writer.WriteStartObject();
            foreach (var member in body.EnumerateObject())
            {
                if (member.Name is not ("workflow_id" or "input" or "inputs")) continue;
                writer.WritePropertyName(member.Name);
                member.Value.WriteTo(writer);
            }

            writer.WriteEndObject();
        }), reading.Plan is not null);
    }

    /// <summary>The plan of a stored workflow; one that is not there is a plan with a mistake.</summary>
    private static async Task<PlanReading> ReadingAsync(HttpContext context, string workflow)
    {
        try
        {
            return (await context.StoredAsync(workflow, allowUnknownSkills: true)).Reading;
        }
        catch (RefusedException e) when (e.Failure.Code is "NOT_FOUND" or "WORKFLOW_DEPRECATED")
        {
            return new PlanReading(null, [new PlanProblem("workflow_id", e.Failure.Code, e.Failure.Message)], []);
        }
    }

    /// <summary>The plan of a body that is one itself, without what belongs to the request.</summary>
    private static JsonElement Document(JsonElement body) => Json.Write(writer =>
    {
        writer.WriteStartObject();
        foreach (var member in body.EnumerateObject())
        {
            if (OfRequest.Contains(member.Name)) continue;
            writer.WritePropertyName(member.Name);
            member.Value.WriteTo(writer);
        }

        writer.WriteEndObject();
    });

    /// <summary>A list of steps has the budget its clients always had; a plan document has its own or none.</summary>
    private static Cents? Budget(JsonElement body, bool isDocument)
    {
        if (body.Get("budget_cents") is { } cents) return cents.ValueKind == JsonValueKind.Null ? null : Cents(cents, "budget_cents", 1);
        if (body.Get("budget")?.Get("max_cost_usd") is { ValueKind: not JsonValueKind.Null } dollars) return Cents(dollars, "budget.max_cost_usd", 100);
        return isDocument ? null : new Cents(BudgetDefault);
    }

    private static Cents Cents(JsonElement value, string name, int factor) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetDecimal(out var number) && number >= 0 && number <= 9_000_000_000m / factor
            ? new Cents(number * factor)
            : throw RefusedException.Wrong($"{name} is a number from 0 to {9_000_000_000m / factor}.");

    private static ulong SeedOf(JsonElement body, JsonElement config, Plan? plan) =>
        (body.Get("seed") ?? config.Get("seed")) is not { ValueKind: not JsonValueKind.Null } seed ? plan?.Seed ?? 42
        : seed.ValueKind == JsonValueKind.Number && seed.TryGetUInt64(out var number) ? number
        : throw RefusedException.Wrong("seed is a whole number from 0 to 18446744073709551615.");

    private static JsonElement Inputs(JsonElement body, bool isDocument)
    {
        var inputs = (isDocument && body.Get("steps") is not null ? null : body.Get("inputs")) ?? body.Get("input");
        return inputs is { ValueKind: JsonValueKind.Object } value ? value : Json.EmptyObject;
    }

    private static string Hash(JsonElement plan)
    {
        try
        {
            return ContentHash.Hex(plan);
        }
        catch (CanonicalJsonException)
        {
            return ContentHash.Hex(System.Text.Encoding.UTF8.GetBytes(plan.GetRawText()));
        }
    }

    private static List<string> IgnoredOf(JsonElement body, bool isDocument)
    {
        var ignored = new List<string>();
        if (body.Get("steps") is not null && body.Get("plan") is null) return ignored;
        foreach (var member in body.EnumerateObject())
        {
            if (!Known.Contains(member.Name)) ignored.Add($"{member.Name} has no meaning here and was ignored.");
        }

        return ignored;
    }
}
