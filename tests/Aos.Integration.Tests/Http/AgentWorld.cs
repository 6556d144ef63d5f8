using System.Net;
using System.Text;
using System.Text.Json;

namespace Aos.Integration.Tests.Http;

/// <summary>A house and a client that has its key.</summary>
internal sealed class AgentWorld : IAsyncDisposable
{
    private readonly House house;

    private AgentWorld(House house) => this.house = house;

    internal House House => house;

    internal static async Task<AgentWorld> OpenAsync()
    {
        var world = new AgentWorld(await House.OpenAsync());
        var key = world.house.Key();
        world.house.Http.DefaultRequestHeaders.Add("X-AOS-Key", key);
        return world;
    }

    public ValueTask DisposeAsync() => house.DisposeAsync();

    internal async Task<string> AgentAsync(string more = "")
    {
        var reply = await SendAsync("POST", "/agents", $$"""{"name":"invoice-bot"{{more}}}""");
        Assert.Equal(HttpStatusCode.Created, reply.Status);
        return reply.Body.GetText("agent_id")!;
    }

    /// <summary>Posts a goal that must be accepted; its run's id.</summary>
    internal async Task<string> GoalAsync(string agent, string goal)
    {
        var reply = await SendAsync("POST", $"/agents/{agent}/goals", $$"""{"goal":"{{goal}}"}""");
        Assert.True(reply.Status == HttpStatusCode.Accepted, reply.Body.GetRawText());
        return reply.Body.GetText("run_id")!;
    }

    /// <summary>The agent's view of a run that is over.</summary>
    internal async Task<JsonElement> EndedAsync(string agent, string run)
    {
        await SendAsync("GET", $"/api/v1/runs/{run}?wait=30");
        return (await SendAsync("GET", $"/agents/{agent}/runs/{run}")).Body;
    }

    internal async Task<(HttpStatusCode Status, JsonElement Body, TimeSpan? RetryAfter)> SendAsync(string method, string path, string? body = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (body is not null) request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        using var reply = await house.Http.SendAsync(request);
        return (reply.StatusCode, Json.Parse(await reply.Content.ReadAsStringAsync()), reply.Headers.RetryAfter?.Delta);
    }
}
