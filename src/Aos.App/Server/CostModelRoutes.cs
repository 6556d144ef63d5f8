using System.Globalization;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary><c>/costsim</c>, also under <c>/api/v1</c>: what two cost models say of a list of calls, how the second one stands, and how it does on the reference datasets.</summary>
internal static class CostModelRoutes
{
    /// <summary>Budget of a question that names none, cents.</summary>
    private const long BudgetDefault = 1_000;

    private const long BudgetMax = 9_000_000_000;

    private const int StepsMax = 10_000;

    internal static void MapCostModels(this IEndpointRouteBuilder routes)
    {
        foreach (var prefix in new[] { "/costsim", "/api/v1/costsim" })
        {
            routes.MapGet($"{prefix}/v2/status", StatusAsync);
            routes.MapPost($"{prefix}/v2/simulate", SimulateAsync);
            routes.MapGet($"{prefix}/datasets", DatasetsAsync);
            routes.MapGet($"{prefix}/datasets/{{dataset_id}}", DatasetAsync);
            routes.MapPost($"{prefix}/datasets/{{dataset_id}}/validate", ValidateAsync);
            routes.MapPost($"{prefix}/datasets/validate-all", ValidateAllAsync);
        }
    }

    [Needs("costsim:read")]
    private static async Task StatusAsync(HttpContext context)
    {
        var models = Models(context);
        var standing = await models.StandingAsync(context.RequestAborted);
        await context.ReplyAsync(writer => CostModelWire.WriteStatus(writer, models, standing));
    }

    [Needs("costsim:write", ChangesNothing = true)]
    private static async Task SimulateAsync(HttpContext context)
    {
        var body = await context.ObjectBodyAsync();
        context.RefuseOtherTenant(body.TextOf("tenant_id"));
        var (question, run, workflow) = (Question(body), Run(body), RunRequest.Bounded(body, "workflow_id", RunRequest.NameMax));
        var agent = body.TextOf("agent_id") is null ? null : RunRequest.Agent(context, body);
        var (caller, cancel, memory) = (context.Caller(), context.RequestAborted, context.RequestServices.GetRequiredService<ISimulationMemory>());
        var isTold = Flag(body, "inject_memory") ?? memory.Reads;
        var known = isTold && await MayAsync(context, "memory_pin:read") ? await memory.KnownAsync(caller.Tenant, agent, workflow, cancel) : new SimulationKnown([], null);
        var answers = await Models(context).AskAsync(caller.Tenant, run, question, cancel);
        int? written = answers.Second is { } second && memory.Writes ? await MayAsync(context, "memory_pin:write") ? await memory.WriteAsync(caller, workflow, second, cancel) : 0 : null;
        var drift = memory.Look(caller.Tenant, known.Names, answers.Comparison);
        await context.ReplyAsync(writer => CostModelWire.WriteAnswers(writer, answers, new CostMemory(known, written, drift)));
    }

    [Needs("costsim:read")]
    private static Task DatasetsAsync(HttpContext context) => context.ReplyAsync(writer =>
    {
        writer.WriteStartArray();
        foreach (var dataset in ReferenceDatasets.All) CostModelWire.WriteDataset(writer, dataset, withTags: false);
        writer.WriteEndArray();
    });

    [Needs("costsim:read")]
    private static Task DatasetAsync(HttpContext context)
    {
        var dataset = Dataset(context);
        return context.ReplyAsync(writer => CostModelWire.WriteDataset(writer, dataset, withTags: true));
    }

    [Needs("costsim:write", ChangesNothing = true)]
    private static Task ValidateAsync(HttpContext context)
    {
        var verdict = DatasetVerdict.Of(Models(context).Shadow, Dataset(context));
        return context.ReplyAsync(writer => CostModelWire.WriteVerdict(writer, verdict, Now(context)));
    }

    [Needs("costsim:write", ChangesNothing = true, Weight = 5)]
    private static Task ValidateAllAsync(HttpContext context)
    {
        var verdicts = ReferenceDatasets.All.Select(dataset => DatasetVerdict.Of(Models(context).Shadow, dataset)).ToList();
        return context.ReplyAsync(writer => CostModelWire.WriteVerdicts(writer, verdicts, Now(context)));
    }

    private static CostQuestion Question(JsonElement body)
    {
        if (body.Get("plan") is not { ValueKind: JsonValueKind.Array } plan) throw RefusedException.Wrong("plan is a list of {\"skill\", \"params\"}; it may be empty.");
        if (plan.GetArrayLength() > StepsMax) throw RefusedException.Wrong($"plan has at most {StepsMax} steps.");
        return new CostQuestion([.. plan.EnumerateArray().Select(Step)], Budget(body), []);
    }

    private static CostStep Step(JsonElement step, int index)
    {
        if (step.GetText("skill") is not { Length: > 0 and <= RunRequest.NameMax } skill) throw RefusedException.Wrong($"plan[{index}].skill is a name of at most {RunRequest.NameMax} characters.");
        return new CostStep(skill, step.Get("params") switch
        {
            null or { ValueKind: JsonValueKind.Null } => Json.EmptyObject,
            { ValueKind: JsonValueKind.Object } parameters => parameters,
            _ => throw RefusedException.Wrong($"plan[{index}].params is an object."),
        });
    }

    private static long Budget(JsonElement body) => body.Get("budget_cents") switch
    {
        null or { ValueKind: JsonValueKind.Null } => BudgetDefault,
        { ValueKind: JsonValueKind.Number } number when number.TryGetInt64(out var cents) && cents is >= 0 and <= BudgetMax => cents,
        _ => throw RefusedException.Wrong($"budget_cents is a whole number from 0 to {BudgetMax.ToString(CultureInfo.InvariantCulture)}."),
    };

    private static RunId? Run(JsonElement body) =>
        body.TextOf("run_id") is not { Length: > 0 } text ? null : RunId.TryParse(text, out var run) ? run : throw RefusedException.Wrong("run_id is a UUID.");

    private static bool? Flag(JsonElement body, string name) => body.Get(name) switch
    {
        null or { ValueKind: JsonValueKind.Null } => null,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        _ => throw RefusedException.Wrong($"{name} is true or false."),
    };

    /// <summary>Whoever may not read or write the memory is answered without it.</summary>
    private static async Task<bool> MayAsync(HttpContext context, string permission)
    {
        Permission.TryParse(permission, out var needed);
        return (await context.RequestServices.GetRequiredService<IIdentity>().DecideAsync(context.Caller(), needed, false, context.RequestAborted)).IsAllowed;
    }

    private static Dataset Dataset(HttpContext context)
    {
        var id = (string)context.Request.RouteValues["dataset_id"]!;
        return ReferenceDatasets.Find(id) ?? throw new RefusedException(FailureCatalog.Fail("NOT_FOUND", $"There is no dataset {Asked.Short(id)}; there are {string.Join(", ", ReferenceDatasets.All.Select(one => one.Id))}."));
    }

    private static DateTimeOffset Now(HttpContext context) => context.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow();

    private static ICostModels Models(HttpContext context) => context.RequestServices.GetRequiredService<ICostModels>();
}
