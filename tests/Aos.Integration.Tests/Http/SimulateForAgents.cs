using System.Net;
using System.Text.Json;

namespace Aos.Integration.Tests.Http;

/// <summary>Simulate holds a known agent to what it may, as a start does.</summary>
public sealed class SimulateForAgents : IAsyncLifetime
{
    private AgentWorld world = null!;

    public async ValueTask InitializeAsync() => world = await AgentWorld.OpenAsync();

    public async ValueTask DisposeAsync() => await world.DisposeAsync();

    [Theory]
    [InlineData("""{"allowed_skills":["echo"]}""", """[{"skill":"echo"}]""", "[]")]
    [InlineData("""{"allowed_skills":["echo"]}""", """[{"skill":"echo"},{"skill":"fs_read","params":{"path":"a"}},{"skill":"fs_read","params":{"path":"b"}}]""", """["fs_read"]""")]
    [InlineData("""{"blocked_skills":["echo"]}""", """[{"skill":"echo"}]""", """["echo"]""")]
    [InlineData("""{"allowed_skills":["echo"],"blocked_skills":["echo"]}""", """[{"skill":"echo"}]""", """["echo"]""")]
    [InlineData("""{"allowed_skills":[]}""", """[{"skill":"echo"}]""", """["echo"]""")]
    [InlineData("""{"blocked_skills":["echo"]}""", """{"name":"p","steps":[{"id":"a","run":{"plan":{"name":"c","steps":[{"id":"x","skill":"echo"}]}}}]}""", """["echo"]""")]
    [InlineData("""{"blocked_skills":["echo"]}""", """{"name":"p","steps":[{"id":"a","skill":"fs_read","params":{"path":"a"},"compensate":{"skill":"echo"}}]}""", """["echo"]""")]
    [InlineData("""{"blocked_skills":["echo"]}""", """{"name":"p","steps":[{"id":"a","skill":"echo"},{"id":"b","agent":{"goal":"g","skills":["kv_get"]}}]}""", """["echo"]""")]
    [InlineData("""{"blocked_skills":["echo"]}""", """{"name":"p","inputs":{"n":{"type":"integer"}},"steps":[{"id":"a","skill":"echo"}]}""", """["echo"]""")]
    public async Task What_the_agent_may_not_use_is_a_gap_here_and_a_refusal_there(string may, string plan, string gaps)
    {
        var body = $$"""{"agent_id":"{{await world.AgentAsync($$$""","capabilities":{{{may}}}""")}}","plan":{{plan}}}""";
        var simulated = (await world.SendAsync("POST", "/api/v1/runtime/simulate", body)).Body;
        var run = await world.SendAsync("POST", "/api/v1/runs", body);

        Simulate.AssertAgreement(simulated, (run.Status, run.Body));
        Assert.Equal(gaps, simulated.Get("permission_gaps")!.Value.GetRawText());
        Assert.Equal(gaps == "[]" ? "feasible" : "permission_denied", simulated.GetText("status"));
    }

    [Theory]
    [InlineData("""[{"skill":"echo"},{"skill":"nowhere"}]""", "SKILL_NOT_FOUND")]
    [InlineData("""[{"skill":"echo"},{"skill":"http_call","params":{"url":5}}]""", "INVALID_INPUT")]
    public async Task A_plan_that_cannot_be_read_is_wrong_before_it_is_forbidden(string plan, string code)
    {
        var body = $$"""{"agent_id":"{{await world.AgentAsync(""","capabilities":{"blocked_skills":["echo"]}""")}}","plan":{{plan}}}""";
        var simulated = (await world.SendAsync("POST", "/api/v1/runtime/simulate", body)).Body;
        var run = await world.SendAsync("POST", "/api/v1/runs", body);

        Simulate.AssertAgreement(simulated, (run.Status, run.Body));
        Assert.Equal(code, simulated.Get("error")!.Value.GetText("code"));
    }

    [Fact]
    public async Task Whom_nobody_knows_is_held_to_nothing_and_the_facts_tell_what_an_agent_may()
    {
        var (first, second) = (await world.AgentAsync(""","capabilities":{"blocked_skills":["echo"]}"""), await world.AgentAsync(""","capabilities":{"blocked_skills":["fs_read"]}"""));

        Assert.True((await AskAsync("nobody")).Get("feasible")!.Value.GetBoolean());
        Assert.Null((await AskAsync("nobody")).Get("facts")!.Value.Get("agent"));
        Assert.NotEqual(Fact(await AskAsync(first)), Fact(await AskAsync(second)));

        async Task<JsonElement> AskAsync(string agent)
        {
            var reply = await world.SendAsync("POST", "/api/v1/runtime/simulate", $$"""{"agent_id":"{{agent}}","plan":[{"skill":"echo"}]}""");
            Assert.Equal(HttpStatusCode.OK, reply.Status);
            return reply.Body;
        }

        static string Fact(JsonElement body) => body.Get("facts")!.Value.GetText("agent")!;
    }
}
