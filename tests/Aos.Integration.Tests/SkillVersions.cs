using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Aos.Contracts;
using Aos.Skills;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.Integration.Tests;

/// <summary>Versions of skills over the whole life of runs.</summary>
public sealed class SkillVersions : IAsyncLifetime
{
    private const string Waits = """{"agent_id":"a","plan":{"name":"w","steps":[{"id":"a","await":{"signal":"go"}},{"id":"b","skill":"greet","params":{}}]}}""";

    private House house = null!;

    public async ValueTask InitializeAsync() => house = await House.OpenAsync(With("1.0.0"));

    public async ValueTask DisposeAsync() => await house.DisposeAsync();

    [Fact]
    [Trait("id", "F5.65-24")]
    public async Task A_run_keeps_its_version_over_a_restart_with_a_newer_one_beside_it()
    {
        var run = await WaitingAsync(Waits);

        await house.RestartAsync(With("1.0.0", "1.5.0", "2.0.0"));

        Assert.Equal("1.0.0", await GoesOnAsync(run));
        Assert.Equal("2.0.0", Version(await house.AskAsync("/api/v1/runs?wait=20", """{"agent_id":"a","plan":{"name":"p","steps":[{"id":"b","skill":"greet","params":{}}]}}""")));
        var asked = await house.AskAsync("/api/v1/runs?wait=20", """{"agent_id":"a","plan":{"name":"p","steps":[{"id":"b","skill":"greet@^1","params":{}}]}}""");
        Assert.Equal("1.5.0", Version(asked));
        Assert.Equal("1.5.0", (await house.AskAsync($"/api/v1/runs/{asked.Body.GetText("run_id")}"))["skills.greet"].GetString());
        var simulated = await house.AskAsync("/api/v1/simulate", """{"plan":{"name":"p","steps":[{"id":"b","skill":"greet@1","params":{}}]}}""");
        var newest = await house.AskAsync("/api/v1/simulate", """{"plan":{"name":"p","steps":[{"id":"b","skill":"greet","params":{}}]}}""");
        Assert.Equal((1m, 9m), (simulated["estimated_cost_cents"].GetDecimal(), newest["estimated_cost_cents"].GetDecimal()));
        var refused = await house.AskAsync("/api/v1/runs", """{"agent_id":"a","plan":{"name":"p","steps":[{"id":"b","skill":"greet@7","params":{}}]}}""");
        Assert.Equal((400, "SKILL_NOT_FOUND"), (refused.Status, refused["error.code"].GetString()));
        Assert.Contains("Here is 2.0.0, 1.5.0, 1.0.0.", refused["error.message"].GetString(), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "F5.65-24")]
    public async Task A_run_whose_version_is_gone_fails_and_goes_on_when_it_is_back()
    {
        await house.RestartAsync(With("1.0.0", "1.5.0"));
        var run = await WaitingAsync(Waits);

        await house.RestartAsync(With("1.0.0", "2.0.0"));
        await house.AskAsync($"/api/v1/runs/{run}/signals/go", "{}");
        var failed = await house.AskAsync($"/api/v1/runs/{run}?wait=20");

        Assert.Equal("SKILL_NOT_FOUND", failed["outcome.error.code"].GetString());
        Assert.Contains("The run has greet 1.5.0, which is not here any more; here is 2.0.0, 1.0.0.", failed["outcome.error.message"].GetString(), StringComparison.Ordinal);
        await house.RestartAsync(With("1.0.0", "1.5.0", "2.0.0"));
        Assert.InRange((await house.AskAsync($"/api/v1/runs/{run}/retry", "{}")).Status, 200, 299);
        Assert.Equal("1.5.0", Version(await house.AskAsync($"/api/v1/runs/{run}?wait=20")));
    }

    [Fact]
    [Trait("id", "F5.65-25")]
    public async Task The_registry_and_versions_of_a_skill_are_told_over_http()
    {
        await house.RestartAsync(With("1.0.0", "1.5.0", "2.0.0-rc.1"));

        var all = (await house.AskAsync("/api/v1/runtime/registry"))["skills"].EnumerateArray().ToList();
        Assert.Equal(["2.0.0-rc.1", "1.5.0", "1.0.0"], all.Where(skill => skill.GetText("name") == "greet").Select(skill => skill.GetText("version")));
        Assert.Contains(all, skill => skill.GetText("name") == "http_call");
        var newest = await house.AskAsync("/api/v1/runtime/skills/greet");
        Assert.Equal("1.5.0", newest.Body.GetText("version"));
        Assert.Equal(["2.0.0-rc.1", "1.5.0", "1.0.0"], newest["versions"].EnumerateArray().Select(version => version.GetString()));
        Assert.Equal("1.0.0", (await house.AskAsync("/api/v1/runtime/skills/greet@1.0.0")).Body.GetText("version"));
        Assert.Equal("1.5.0", (await house.AskAsync("/api/v1/runtime/skills/greet@%5E1")).Body.GetText("version"));
        foreach (var unknown in new[] { "greet@7", "greet@soon", "nobody@1" }) Assert.Equal(404, (await house.AskAsync($"/api/v1/runtime/skills/{unknown}")).Status);
    }

    private static Action<IServiceCollection> With(params string[] versions) => services =>
    {
        foreach (var version in versions) services.AddSingleton<IRegistered>(new Registered<EchoIn, EchoOut>("greet", () => new Greet(version), version));
    };

    private async Task<string> WaitingAsync(string body)
    {
        var run = (await house.AskAsync("/api/v1/runs?wait=0", body)).Body.GetText("run_id")!;
        Assert.Equal("waiting", (await house.AskAsync($"/api/v1/runs/{run}?wait=0")).Body.GetText("status"));
        return run;
    }

    private async Task<string?> GoesOnAsync(string run)
    {
        await house.AskAsync($"/api/v1/runs/{run}/signals/go", "{}");
        return Version(await house.AskAsync($"/api/v1/runs/{run}?wait=20"));
    }

    /// <summary>What the last step says that it is.</summary>
    private static string? Version(Reply run) => run["outcome.result.message"] is { ValueKind: JsonValueKind.String } version ? version.GetString() : run.Body.GetRawText();

    /// <summary>Says which version it is.</summary>
    private sealed class Greet(string version) : ISkill<EchoIn, EchoOut>
    {
        private readonly Echo echo = new();

        public SkillContract Contract => echo.Contract with { Name = "greet", Version = version, TypicalCents = Cents, Cost = CostModel.Free with { BaseCents = Cents } };

        private decimal Cents => version == "2.0.0" ? 9 : 1;

        public JsonTypeInfo<EchoIn> Input => echo.Input;

        public JsonTypeInfo<EchoOut> Output => echo.Output;

        public Task<SkillAnswer<EchoOut>> InvokeAsync(EchoIn input, SkillCall call, CancellationToken cancel) =>
            Task.FromResult(new SkillAnswer<EchoOut>(new EchoOut(new Dictionary<string, JsonElement>(), Json.Of(version))));
    }
}
