using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary><c>/agents</c>: agents, their goals and what they did.</summary>
internal static class AgentRoutes
{
    internal static void MapAgents(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/agents", CreateAsync);
        routes.MapGet("/agents", ListAsync);
        routes.MapGet("/agents/{id}", ReadAsync);
        routes.MapPatch("/agents/{id}", ChangeAsync);
        routes.MapDelete("/agents/{id}", DisableAsync);
        routes.MapPost("/agents/{id}/goals", GoalAsync);
        routes.MapGet("/agents/{id}/runs", RunsAsync);
        routes.MapGet("/agents/{id}/runs/{run}", RunAsync);
        routes.MapGet("/agents/{id}/recall", RecallAsync);
        routes.MapGet("/agents/{id}/provenance", ProvenanceListAsync);
        routes.MapGet("/agents/{id}/provenance/{provenance}", ProvenanceAsync);
    }

    [Needs("agent:write", KeyIsField = true)]
    private static async Task CreateAsync(HttpContext context)
    {
        var body = AgentBody.Read(await context.ObjectBodyAsync(), isNew: true);
        var agents = context.RequestServices.GetRequiredService<IAgents>();
        var (agent, refusal) = await agents.CreateAsync(
            context.Caller(), body.Text("name")!, body.Text("description"), body.Settings(new AgentSettings()), context.RequestAborted);
        if (refusal is not null) throw new RefusedException(refusal);
        context.Response.Headers.Location = $"/agents/{agent!.Id}";
        await ReplyAsync(context, agent, 201, body.Warnings);
    }

    [Needs("agent:read", KeyIsField = true)]
    private static async Task ListAsync(HttpContext context)
    {
        var limit = context.Whole("limit", 1, 1000, 100);
        var agents = await context.RequestServices.GetRequiredService<IAgents>().ListAsync(context.Caller(), context.RequestAborted);
        await context.ReplyAsync(writer =>
        {
            writer.WriteStartObject();
            writer.WriteStartArray("agents");
            foreach (var agent in agents.Take(limit))
            {
                writer.WriteStartObject();
                AgentWire.WriteAgent(writer, agent, null);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteNumber("count", Math.Min(limit, agents.Count));
            writer.WriteNumber("total", agents.Count);
            writer.WriteEndObject();
        });
    }

    [Needs("agent:read", KeyIsField = true)]
    private static async Task ReadAsync(HttpContext context) => await ReplyAsync(context, await AgentAsync(context), 200, []);

    [Needs("agent:write", KeyIsField = true)]
    private static async Task ChangeAsync(HttpContext context)
    {
        var body = AgentBody.Read(await context.ObjectBodyAsync(), isNew: false);
        var changed = await context.RequestServices.GetRequiredService<IAgents>().ChangeAsync(
            context.Caller(), Id(context),
            agent => agent with
            {
                Name = body.Text("name") ?? agent.Name,
                Description = body.Text("description") ?? agent.Description,
                Status = body.Status ?? agent.Status,
                Settings = body.Settings(agent.Settings),
            },
            context.RequestAborted);
        await ReplyAsync(context, changed ?? throw Unknown(), 200, body.Warnings);
    }

    /// <summary>An agent with a history is not removed: it is disabled, and starts nothing any more.</summary>
    [Needs("agent:write", KeyIsField = true)]
    private static async Task DisableAsync(HttpContext context)
    {
        var disabled = await context.RequestServices.GetRequiredService<IAgents>().ChangeAsync(
            context.Caller(), Id(context), agent => agent with { Status = AgentStatus.Disabled }, context.RequestAborted);
        await ReplyAsync(context, disabled ?? throw Unknown(), 200, []);
    }

    [Needs("agent:write", KeyIsField = true, Weight = 5)]
    private static async Task GoalAsync(HttpContext context)
    {
        var body = await context.ObjectBodyAsync();
        if (body.TextOf("goal") is not { } goal) throw RefusedException.Wrong("goal is a text: what the agent is to reach.");
        var parameters = body.Get("params") is { ValueKind: not JsonValueKind.Null } ? body.ObjectOf("params") : (JsonElement?)null;
        var key = context.Request.Headers["Idempotency-Key"] is [{ Length: > 0 } header] ? header : body.TextOf("idempotency_key");
        if (key is { Length: 0 or > 255 }) throw RefusedException.Wrong("idempotency_key has 1 to 255 characters.");
        var force = body.TextOf("force_skill");
        var reply = await context.RequestServices.GetRequiredService<IGoals>().PostAsync(
            context.Caller(),
            new GoalRequest(Id(context), goal, key, string.IsNullOrEmpty(force) ? null : force, parameters) { Correlation = context.Correlation() },
            context.RequestAborted);
        if (reply.Refusal is { } refusal) throw new RefusedException(refusal, reply.Status);
        await context.ReplyAsync(
            writer =>
            {
                writer.WriteStartObject();
                writer.WriteString("run_id", reply.Run.ToString());
                writer.WriteString("id", reply.Run.ToString());
                writer.WriteString("status", reply.RunStatus.Wire());
                writer.WriteString("message", reply.Existing
                    ? "The idempotency key started this run already; it is returned."
                    : $"Accepted: poll /agents/{Id(context)}/runs/{reply.Run}.");
                writer.WriteStartArray("warnings");
                foreach (var warning in reply.Warnings) writer.WriteStringValue(warning);
                writer.WriteEndArray();
                writer.WriteEndObject();
            },
            202);
    }

    [Needs("run:read", KeyIsField = true)]
    private static async Task RunsAsync(HttpContext context)
    {
        var agent = await AgentAsync(context);
        var records = await Records(context).RunsAsync(context.Caller(), agent.Id, context.Whole("limit", 1, 1000, 10), context.RequestAborted);
        await ReplyAsync(context, records, AgentWire.WriteRun);
    }

    [Needs("run:read", KeyIsField = true)]
    private static async Task RunAsync(HttpContext context)
    {
        var record = RunId.TryParse((string?)context.Request.RouteValues["run"], out var run)
            ? await Records(context).RunAsync(context.Caller(), Id(context), run, context.RequestAborted)
            : null;
        if (record is null) throw new RefusedException(FailureCatalog.Fail("RUN_NOT_FOUND", "Run not found"));
        await context.ReplyAsync(writer => AgentWire.WriteRun(writer, record));
    }

    /// <summary>What the agent remembers, best first; where that is less than asked for, results of its steps with the text in them, newest first.</summary>
    [Needs("run:read", KeyIsField = true)]
    private static async Task RecallAsync(HttpContext context)
    {
        var agent = await AgentAsync(context);
        var (question, _, _) = RecallQuery.OfQuery(context);
        var notes = await context.RequestServices.GetRequiredService<IRecall>().SearchAsync(context.Caller(), question with { Filter = question.Filter with { Agent = agent.Id } }, context.RequestAborted);
        var left = question.Count - notes.Hits.Count;
        var results = left == 0 ? [] : await Records(context).RecallAsync(context.Caller(), agent.Id, question.Text, left, context.RequestAborted);
        await context.ReplyAsync(writer =>
        {
            writer.WriteStartArray();
            foreach (var hit in notes.Hits) RecallWire.WriteRecalled(writer, hit.Note);
            foreach (var result in results) AgentWire.WriteRecollection(writer, result);
            writer.WriteEndArray();
        });
    }

    [Needs("run:read", KeyIsField = true)]
    private static async Task ProvenanceListAsync(HttpContext context)
    {
        var agent = await AgentAsync(context);
        var records = await Records(context).ProvenanceAsync(context.Caller(), agent.Id, context.Whole("limit", 1, 1000, 10), context.RequestAborted);
        await ReplyAsync(context, records, AgentWire.WriteProvenance);
    }

    [Needs("run:read", KeyIsField = true)]
    private static async Task ProvenanceAsync(HttpContext context)
    {
        var record = AgentWire.ReadProvenanceId((string?)context.Request.RouteValues["provenance"]) is var (run, attempt)
            ? await Records(context).ProvenanceAsync(context.Caller(), Id(context), run, attempt, context.RequestAborted)
            : null;
        if (record is null) throw new RefusedException(FailureCatalog.Fail("NOT_FOUND", "Provenance not found"));
        await context.ReplyAsync(writer => AgentWire.WriteProvenance(writer, record));
    }

    private static string Id(HttpContext context) => (string)context.Request.RouteValues["id"]!;

    private static IRecords Records(HttpContext context) => context.RequestServices.GetRequiredService<IRecords>();

    private static RefusedException Unknown() => new(FailureCatalog.Fail("NOT_FOUND", "Agent not found"));

    private static async Task<Agent> AgentAsync(HttpContext context) =>
        await context.RequestServices.GetRequiredService<IAgents>().FindAsync(context.Caller().Tenant, Id(context), context.RequestAborted) ?? throw Unknown();

    private static async Task ReplyAsync(HttpContext context, Agent agent, int status, IReadOnlyList<string> warnings)
    {
        var spending = await context.RequestServices.GetRequiredService<IAgents>().SpendingAsync(agent, context.RequestAborted);
        await context.ReplyAsync(
            writer =>
            {
                writer.WriteStartObject();
                AgentWire.WriteAgent(writer, agent, spending);
                if (warnings.Count > 0)
                {
                    writer.WriteStartArray("warnings");
                    foreach (var warning in warnings) writer.WriteStringValue(warning);
                    writer.WriteEndArray();
                }

                writer.WriteEndObject();
            },
            status);
    }

    private static Task ReplyAsync<T>(HttpContext context, IReadOnlyList<T> items, Action<Utf8JsonWriter, T> write) => context.ReplyAsync(writer =>
    {
        writer.WriteStartArray();
        foreach (var item in items) write(writer, item);
        writer.WriteEndArray();
    });
}
