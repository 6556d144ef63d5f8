using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary>
/// <c>POST /api/v1/runtime/query</c>: what an agent may ask about itself while it works. Answered from run rows and journals,
/// for the run named, else for the agent's newest runs, else for the tenant's. What cannot be answered is an error object, with 200.
/// </summary>
internal static class RuntimeQueries
{
    private static readonly string[] Supported =
    [
        "remaining_budget_cents", "what_did_i_try_already", "allowed_skills", "last_step_outcome", "skills_available_for_goal", "why_did_step_fail",
        "skill_manifest", "relevant_memories",
    ];

    private sealed record Query(HttpContext Context, string Type, JsonElement Params, string? Agent, RunRow? Run)
    {
        internal ISkills Skills => Context.RequestServices.GetRequiredService<ISkills>();

        /// <summary>A parameter as text; numbers and the like count as their JSON.</summary>
        internal string? Param(string name) => Params.Get(name) switch
        {
            null or { ValueKind: JsonValueKind.Null } => null,
            { ValueKind: JsonValueKind.String } text => text.GetString(),
            { } other => other.GetRawText(),
        };
    }

    [Needs("run:read", ChangesNothing = true, OpenInDevelopment = true)]
    internal static async Task AnswerAsync(HttpContext context)
    {
        var body = await context.ObjectBodyAsync();
        var type = body.TextOf("query_type") ?? throw RefusedException.Wrong("query_type is missing: the name of a query.");
        var (agent, id) = (body.TextOf("agent_id"), body.TextOf("run_id"));
        var run = RunId.TryParse(id, out var named)
            ? await context.RequestServices.GetRequiredService<IRunRows>().GetAsync(context.Caller().Tenant, named, context.RequestAborted) : null;
        var query = new Query(context, type, body.ObjectOf("params"), agent, run);
        var result = id is not null && run is null
            ? Error("RUN_NOT_FOUND", $"There is no run {Asked.Short(id)}.")
            : await ResultAsync(query);
        await context.ReplyAsync(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("query_type", type);
            writer.WritePropertyName("result");
            result.WriteTo(writer);
            SkillWire.WriteTexts(writer, "supported_queries", Supported);
            writer.WriteEndObject();
        });
    }

    private static async Task<JsonElement> ResultAsync(Query query)
    {
        switch (query.Type)
        {
            case "remaining_budget_cents":
                var budget = await RuntimeBudget.OfAsync(query.Context, query.Run, query.Agent);
                return Object(budget.Write);
            case "allowed_skills":
                var names = SkillWire.Names(query.Skills, await AgentAsync(query)).ToList();
                return Object(writer =>
                {
                    SkillWire.WriteTexts(writer, "skills", names);
                    writer.WriteNumber("count", names.Count);
                });
            case "skills_available_for_goal":
                return await ForGoalAsync(query);
            case "skill_manifest":
                return Object(writer =>
                {
                    writer.WriteStartArray("manifest");
                    foreach (var skill in SkillWire.Ordered(query.Skills)) SkillWire.WriteManifest(writer, skill);
                    writer.WriteEndArray();
                });
            case "what_did_i_try_already" or "last_step_outcome":
                return await TriedAsync(query);
            case "why_did_step_fail":
                return await WhyAsync(query);
            case "relevant_memories":
                return Error("NOT_AVAILABLE", "Memories are not available in this version.");
            default:
                return Object(writer =>
                {
                    writer.WriteString("error", $"Unknown query type: {Asked.Short(query.Type)}");
                    SkillWire.WriteTexts(writer, "supported", Supported);
                });
        }
    }

    /// <summary>The agent asked for, or the run's; null when it is a mere label.</summary>
    private static async Task<Agent?> AgentAsync(Query query) => (query.Run?.AgentId ?? query.Agent) is { } id
        ? await query.Context.RequestServices.GetRequiredService<IAgents>().FindAsync(query.Context.Caller().Tenant, id, query.Context.RequestAborted)
        : null;

    private static async Task<JsonElement> ForGoalAsync(Query query)
    {
        var goal = query.Param("goal") ?? "";
        var agent = await AgentAsync(query);
        var ranked = SkillMatch.Rank(query.Skills.All.Values.Where(skill => agent?.May(skill.Contract.Name) ?? true), goal);
        return Object(writer =>
        {
            writer.WriteString("goal", goal);
            SkillWire.WriteTexts(writer, "skills", ranked.Select(found => found.Name));
            writer.WriteStartObject("scores");
            foreach (var (name, score) in ranked) writer.WriteNumber(name, score);
            writer.WriteEndObject();
            writer.WriteNumber("seed", SkillMatch.Seed(goal));
        });
    }

    private static async Task<JsonElement> TriedAsync(Query query)
    {
        var tries = await RunTries.OfAsync(query.Context, query.Run, query.Agent);
        if (query.Type == "last_step_outcome")
        {
            return Object(writer =>
            {
                writer.WritePropertyName("outcome");
                if (tries.Count == 0) writer.WriteNullValue();
                else tries[^1].Write(writer);
            });
        }

        var (step, skill) = (query.Param("step") ?? query.Param("step_id"), query.Param("skill"));
        var found = tries.Where(tried => (step is null || tried.Step == step) && (skill is null || tried.Skill == skill)).TakeLast(10);
        return Object(writer =>
        {
            writer.WriteStartArray("history");
            foreach (var tried in found) tried.Write(writer);
            writer.WriteEndArray();
        });
    }

    private static async Task<JsonElement> WhyAsync(Query query)
    {
        if (query.Run is not { } run) return Error("MISSING_REQUIRED_FIELD", "why_did_step_fail needs a run_id.");
        var state = (await query.Context.RequestServices.GetRequiredService<IRuns>().ReadAsync(query.Context.Caller(), run.Id, query.Context.RequestAborted))!;
        var name = query.Param("step_id") ?? query.Param("step");
        var index = name is null ? FirstFailed(state) : state.Plan.IndexOf(name);
        if (index < 0 && name is null) return Object(writer => writer.WriteBoolean("failed", false));
        if (index < 0) return Error("NOT_FOUND", $"The run has no step {Asked.Short(name!)}.");
        var step = state.Steps[index];
        return Object(writer =>
        {
            writer.WriteString("step_id", state.Plan.Steps[index].Id);
            writer.WriteString("status", step.Status.Wire());
            writer.WriteBoolean("failed", step.Failure is not null);
            writer.WriteNumber("attempts", step.Calls.Sum(call => call.Attempts));
            if (step.Failure is { } failure) RunWire.WriteFailure(writer, "failure", failure);
        });
    }

    private static int FirstFailed(RunState state)
    {
        for (var i = 0; i < state.Steps.Length; i++)
        {
            if (state.Steps[i].Failure is not null) return i;
        }

        return -1;
    }

    private static JsonElement Error(string code, string message) => Object(writer =>
    {
        writer.WriteString("error", message);
        writer.WriteString("code", code);
        SkillWire.WriteTexts(writer, "supported", Supported);
    });

    private static JsonElement Object(Action<Utf8JsonWriter> members) => Json.Write(writer =>
    {
        writer.WriteStartObject();
        members(writer);
        writer.WriteEndObject();
    });
}
