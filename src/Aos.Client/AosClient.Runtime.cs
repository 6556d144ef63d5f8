using System.Globalization;
using System.Text.Json;
using Aos.Kernel;

namespace Aos.Client;

public sealed partial class AosClient
{
    /// <summary>What a plan will cost, how long it takes, and whether it can work. Runs nothing.</summary>
    public Task<SimulationReply> SimulateAsync(SimulationQuestion question, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(question);
        return SendAsync(HttpMethod.Post, "api/v1/runtime/simulate", ClientJson.Default.SimulationReply,
            JsonSerializer.SerializeToElement(question, ClientJson.Default.SimulationQuestion), null, cancel);
    }

    /// <summary>All skills.</summary>
    public Task<SkillList> ListSkillsAsync(CancellationToken cancel = default) =>
        SendAsync(HttpMethod.Get, "api/v1/runtime/skills", ClientJson.Default.SkillList, null, null, cancel);

    /// <summary>One skill's contract.</summary>
    public Task<Skill> GetSkillAsync(string name, CancellationToken cancel = default) =>
        SendAsync(HttpMethod.Get, $"api/v1/runtime/skills/{Escape(name)}", ClientJson.Default.Skill, null, null, cancel);

    /// <summary>Skills, budget, rate limits and permissions of an agent, as JSON.</summary>
    public Task<JsonElement> GetCapabilitiesAsync(string? agent = null, CancellationToken cancel = default) =>
        SendAsync(HttpMethod.Get, "api/v1/runtime/capabilities" + (agent is null ? "" : $"?agent_id={Escape(agent)}"), null, null, cancel);

    /// <summary>Asks about an agent or a run while it works: <c>remaining_budget_cents</c>, <c>last_step_outcome</c>, ...</summary>
    public async Task<QueryReply> QueryAsync(string type, JsonElement? parameters = null, string? agent = null, string? run = null, CancellationToken cancel = default) =>
        Read(await SendAsync(HttpMethod.Post, "api/v1/runtime/query",
            JsonSerializer.SerializeToElement(new QueryRequest(type, parameters ?? Json.EmptyObject, agent, run), ClientJson.Default.QueryRequest), null, cancel)
            .ConfigureAwait(false), ClientJson.Default.QueryReply);

    /// <summary>Makes an agent.</summary>
    public Task<Agent> CreateAgentAsync(string name, CancellationToken cancel = default) =>
        SendAsync(HttpMethod.Post, "agents", ClientJson.Default.Agent, JsonSerializer.SerializeToElement(new AgentRequest(name), ClientJson.Default.AgentRequest), null, cancel);

    /// <summary>Reads an agent.</summary>
    public Task<Agent> GetAgentAsync(string id, CancellationToken cancel = default) =>
        SendAsync(HttpMethod.Get, $"agents/{Escape(id)}", ClientJson.Default.Agent, null, null, cancel);

    /// <summary>Hands an agent a goal: it is planned and run. The same key gives the same run.</summary>
    public Task<GoalReply> PostGoalAsync(string agent, string goal, string? idempotencyKey = null, CancellationToken cancel = default) =>
        SendAsync(HttpMethod.Post, $"agents/{Escape(agent)}/goals", ClientJson.Default.GoalReply,
            JsonSerializer.SerializeToElement(new GoalRequest(goal, idempotencyKey), ClientJson.Default.GoalRequest), idempotencyKey, cancel);

    /// <summary>What an agent remembers that fits a text, newest first.</summary>
    /// <param name="count">1 to 100.</param>
    public Task<JsonElement> RecallAsync(string agent, string text, int count = 5, CancellationToken cancel = default) =>
        SendAsync(HttpMethod.Get, string.Create(CultureInfo.InvariantCulture, $"agents/{Escape(agent)}/recall?query={Escape(text)}&k={count}"), null, null, cancel);

    /// <summary>The trace of a run, as JSON.</summary>
    public Task<JsonElement> GetTraceAsync(string run, CancellationToken cancel = default) =>
        SendAsync(HttpMethod.Get, $"api/v1/runs/{Escape(run)}/trace", null, null, cancel);

    /// <summary>Folds the run's record again and says whether it comes to the same: <c>match</c>, <c>first_mismatch_step</c>.</summary>
    public Task<JsonElement> ReplayAsync(string run, CancellationToken cancel = default) =>
        SendAsync(HttpMethod.Post, $"api/v1/traces/{Escape(run)}/replay", null, null, cancel);

    /// <summary>The nodes that share the server's store.</summary>
    public Task<NodePage> ListNodesAsync(CancellationToken cancel = default) =>
        SendAsync(HttpMethod.Get, "api/v1/nodes", ClientJson.Default.NodePage, null, null, cancel);

    /// <summary>Has a node hand its runs back and take no new ones; answers at once.</summary>
    public Task<NodeStanding> DrainNodeAsync(string id, CancellationToken cancel = default) =>
        SendAsync(HttpMethod.Post, $"api/v1/nodes/{Escape(id)}/drain", ClientJson.Default.NodeStanding, null, null, cancel);

    /// <summary>The server's health. Throws when it is not healthy (503).</summary>
    public Task<JsonElement> GetHealthAsync(CancellationToken cancel = default) => SendAsync(HttpMethod.Get, "health", null, null, cancel);
}
