using System.Net;
using Aos.Contracts;

namespace Aos.Integration.Tests.Http;

/// <summary>What the oldest clients look at first.</summary>
public sealed class OldClients : IAsyncLifetime
{
    private AgentWorld world = null!;

    public async ValueTask InitializeAsync() => world = await AgentWorld.OpenAsync();

    public async ValueTask DisposeAsync() => await world.DisposeAsync();

    [Fact]
    [Trait("id", "A8.12-01")]
    public async Task Health_is_healthy_without_a_key()
    {
        using var bare = new HttpClient { BaseAddress = world.House.Http.BaseAddress };
        using var reply = await bare.GetAsync("/health", TestContext.Current.CancellationToken);
        var body = Json.Parse(await reply.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));

        Assert.Equal((HttpStatusCode.OK, "healthy"), (reply.StatusCode, body.GetText("status")));
    }

    [Fact]
    [Trait("id", "A8.12-07")]
    [Trait("id", "A8.12-15")]
    public async Task Skills_are_listed() =>
        Assert.Contains("http_call", (await world.SendAsync("GET", "/skills")).Body.Get("skills")!.Value.GetRawText(), StringComparison.Ordinal);

    [Fact]
    [Trait("id", "A8.12-16")]
    [Trait("id", "A8.12-17")]
    public void The_registry_finds_a_skill_and_has_nothing_for_an_unknown_name()
    {
        var skills = world.House.Get<ISkills>();

        Assert.Equal("http_call", skills.All["http_call"].Contract.Name);
        Assert.False(skills.All.ContainsKey("no_such"));
    }

    [Fact]
    [Trait("id", "A8.12-18")]
    public async Task Metrics_have_the_prefix_dashboards_know()
    {
        await world.SendAsync("POST", "/api/v1/runs?wait=10", """{"plan":[{"skill":"echo"}]}""");

        Assert.Contains("nova_", await world.House.Http.GetStringAsync("/metrics", TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }
}
