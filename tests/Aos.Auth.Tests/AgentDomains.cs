using Aos.Contracts;
using Aos.Kernel;
using Aos.Skills;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.Auth.Tests;

/// <summary>An agent reaches the domains it may reach: said before a run where the plan tells, held at every request in any case.</summary>
[Trait("store", "none")]
public sealed class AgentDomains : IClassFixture<OpenAgentHouse>
{
    private const string OnlyGood = """ "capabilities":{"allowed_domains":["good.example"]} """;

    private readonly AgentHouse world;

    public AgentDomains(OpenAgentHouse open)
    {
        world = open.World;
        world.Forget();
    }

    [Theory]
    [Trait("id", "AGENT-domain-form")]
    [InlineData("API.Example.COM", "api.example.com")]
    [InlineData("api.example.com.", "api.example.com")]
    [InlineData("*.Example.com:0443", "*.example.com:443")]
    [InlineData("bücher.example", "xn--bcher-kva.example")]
    [InlineData("BÜCHER.example", "xn--bcher-kva.example")]
    [InlineData("2130706433", "127.0.0.1")]
    [InlineData("0177.0.0.1:8080", "127.0.0.1:8080")]
    [InlineData("0x7f.1", "127.0.0.1")]
    [InlineData("127。0。0。1", "127.0.0.1")]
    [InlineData("[::ffff:7f00:1]:80", "127.0.0.1:80")]
    [InlineData("2001:DB8:0::1", "[2001:db8::1]")]
    [InlineData("[2001:db8::1]:65535", "[2001:db8::1]:65535")]
    [InlineData("localhost", "localhost")]
    public async Task A_domain_is_kept_in_the_one_form_in_which_it_is_compared(string given, string kept)
    {
        var made = await world.House.AsFirstAsync(
            "POST", "/agents", $$$"""{"name":"bot","capabilities":{"allowed_domains":["{{{given}}}"],"blocked_domains":["{{{given}}}","{{{kept}}}"]}}""");

        Assert.Equal(201, made.Status);
        Assert.Equal([kept], made.Texts("capabilities.allowed_domains"));
        Assert.Equal([kept], made.Texts("capabilities.blocked_domains"));
    }

    [Theory]
    [Trait("id", "AGENT-domain-bad")]
    [InlineData("")]
    [InlineData("*")]
    [InlineData("*.")]
    [InlineData("a.*.example")]
    [InlineData("*.127.0.0.1")]
    [InlineData("*.[::1]")]
    [InlineData("https://api.example.com")]
    [InlineData("api.example.com/path")]
    [InlineData("user@api.example.com")]
    [InlineData("api.example.com:0")]
    [InlineData("api.example.com:65536")]
    [InlineData("api.example.com:")]
    [InlineData("[::1]:x")]
    [InlineData("a..example")]
    [InlineData("a b.example")]
    [InlineData("%31.example")]
    public async Task What_is_no_domain_is_refused_with_its_place(string given)
    {
        var refused = await world.House.AsFirstAsync("POST", "/agents", $$$"""{"name":"bot","capabilities":{"blocked_domains":["ok.example","{{{given}}}"]}}""");

        Assert.Equal((422, "INVALID_INPUT"), (refused.Status, refused.Text("error.code")));
        Assert.Contains($"capabilities.blocked_domains: '{given}'", refused.Text("error.message"), StringComparison.Ordinal);
        Assert.Equal(422, (await world.House.AsFirstAsync("POST", "/agents", $$$"""{"name":"bot","capabilities":{"allowed_domains":["{{{new string('a', 261)}}}"]}}""")).Status);
        var many = string.Join(',', Enumerable.Range(0, DomainRules.DomainsMax + 1).Select(i => $"\"h{i}.example\""));
        Assert.Equal(422, (await world.House.AsFirstAsync("POST", "/agents", $$$"""{"name":"bot","capabilities":{"allowed_domains":[{{{many}}}]}}""")).Status);
    }

    [Fact]
    [Trait("id", "AGENT-domain-patch")]
    public async Task Whoever_changes_other_capabilities_leaves_the_domains_and_null_takes_them_away()
    {
        var agent = await world.AgentAsync(""" "capabilities":{"allowed_domains":["good.example"],"blocked_skills":["fs_write"]} """);

        var skills = await world.ChangeAsync(agent, """{"capabilities":{"allowed_skills":["http_call","echo"]}}""");
        Assert.Equal(["good.example"], skills.Texts("capabilities.allowed_domains"));
        Assert.Equal(["fs_write"], skills.Texts("capabilities.blocked_skills"));
        Assert.Equal("failed", (await world.CallAsync(agent, "http://evil.example:PORT/")).Text("status"));
        await world.ChangeAsync(agent, """{"capabilities":{"allowed_domains":null}}""");

        Assert.Equal("succeeded", (await world.CallAsync(agent, "http://evil.example:PORT/")).Text("status"));
    }

    [Theory]
    [Trait("id", "AGENT-domain-admission")]
    [InlineData("""[{"skill":"http_call","params":{"url":"http://evil.example:PORT/a"}}]""", "steps[0].params.url")]
    [InlineData("""[{"skill":"echo","params":{}},{"skill":"webhook_send","params":{"url":"http://EVIL.example:PORT","body":1}}]""", "steps[1].params.url")]
    [InlineData("""[{"skill":"http_call","params":{"url":"http://good.example@evil.example:PORT/"}}]""", "steps[0].params.url")]
    [InlineData("""{"steps":[{"id":"a","skill":"http_call","params":{"url":"http://evil.example:PORT/${{ inputs.x }}"}}]}""", "steps[0].params.url")]
    [InlineData("""{"name":"p","steps":[{"id":"a","skill":"echo","params":{},"compensate":{"skill":"http_call","params":{"url":"http://evil.example:PORT/"}}}]}""", "steps[0].compensate.params.url")]
    [InlineData("""{"name":"p","steps":[{"id":"a","run":{"plan":{"name":"c","steps":[{"id":"b","skill":"http_call","params":{"url":"http://evil.example:PORT/"}}]}}}]}""", "steps[0].run.plan.steps[0].params.url")]
    public async Task A_plan_that_says_where_it_goes_is_refused_before_it_begins_and_simulate_says_the_same(string plan, string path)
    {
        var agent = await world.AgentAsync(OnlyGood);

        var refused = await world.RunAsync(agent, plan);
        var simulated = await world.SimulateAsync(agent, plan);

        Assert.True(refused.Status == 403, refused.Body.GetRawText());
        Assert.Equal((403, "PERMISSION_DENIED", "domain"), (refused.Status, refused.Text("error.code"), refused.Text("error.details.reason")));
        Assert.Equal((path, "allowed_domains", "evil.example"), (refused.Text("error.details.path"), refused.Text("error.details.rule"), refused.Text("error.details.host")));
        Assert.Contains(path, refused.Text("error.message"), StringComparison.Ordinal);
        Assert.False(simulated["feasible"].GetBoolean());
        Assert.Equal("permission_denied", simulated.Text("status"));
        Assert.Equal(refused.Text("error.message"), simulated.Text("reason"));
        Assert.Equal(refused["error.details"].GetRawText(), simulated["error.details"].GetRawText());
        Assert.Equal(path, simulated["domain_gaps"][0].GetText("path"));
        Assert.Contains(simulated["steps"].EnumerateArray(), step => !step.GetProperty("feasible").GetBoolean());
        Assert.Empty(world.Asked);
    }

    [Theory]
    [Trait("id", "AGENT-domain-admission")]
    [InlineData("""[{"skill":"http_call","params":{"url":"http://good.example:PORT/"}}]""")]
    [InlineData("""[{"skill":"http_call","params":{"url":"http://GOOD.example.:PORT/"}}]""")]
    [InlineData("""[{"skill":"echo","params":{"url":"http://evil.example/"}}]""")]
    [InlineData("""[{"skill":"http_call","params":{"url":"http://good.example:PORT/","method":"POST","body":{"url":"http://evil.example/"}}}]""")]
    public async Task A_plan_that_goes_where_the_agent_may_go_is_let_in_whatever_its_data_says(string plan)
    {
        var agent = await world.AgentAsync(OnlyGood);

        Assert.Equal("succeeded", (await world.RunAsync(agent, plan)).Text("status"));
        var simulated = await world.SimulateAsync(agent, plan);
        Assert.True(simulated["feasible"].GetBoolean(), simulated.Body.GetRawText());
        Assert.Equal(System.Text.Json.JsonValueKind.Null, simulated["domain_gaps"].ValueKind);
    }

    [Theory]
    [Trait("id", "AGENT-domain-call")]
    [InlineData("evil.example", "http://evil.example:PORT/")]
    [InlineData("evil.example", "http://EVIL.Example:PORT/")]
    [InlineData("evil.example", "http://evil.example.:PORT/")]
    [InlineData("evil.example", " http://evil.example:PORT/")]
    [InlineData("*.evil.example", "http://a.b.evil.example:PORT/")]
    [InlineData("*.evil.example:PORT", "http://a.evil.example:PORT/")]
    [InlineData("bücher.example", "http://xn--bcher-kva.example:PORT/")]
    [InlineData("xn--bcher-kva.example", "http://bücher.example:PORT/")]
    [InlineData("xn--bcher-kva.example", "http://BÜCHER.example:PORT/")]
    [InlineData("bücher.example", "http://bücher。example:PORT/")]
    [InlineData("127.0.0.1", "http://127.0.0.1:PORT/")]
    [InlineData("127.0.0.1", "http://2130706433:PORT/")]
    [InlineData("127.0.0.1", "http://017700000001:PORT/")]
    [InlineData("127.0.0.1", "http://0177.0.0.1:PORT/")]
    [InlineData("127.0.0.1", "http://0x7f.0.0.1:PORT/")]
    [InlineData("127.0.0.1", "http://127.1:PORT/")]
    [InlineData("127.0.0.1", "http://127.0.0.1.:PORT/")]
    [InlineData("127.0.0.1", "http://127。0。0。1:PORT/")]
    [InlineData("127.0.0.1", "http://[::ffff:127.0.0.1]:PORT/")]
    [InlineData("127.0.0.1", "http://[::ffff:7f00:1]:PORT/")]
    [InlineData("[::1]", "http://[0:0:0:0:0:0:0:1]:PORT/")]
    [InlineData("[::1]", "http://[::1%25lo]:PORT/")]
    [InlineData("2130706433", "http://127.0.0.1:PORT/")]
    public async Task A_blocked_domain_is_not_asked_however_it_is_written(string blocked, string url)
    {
        var agent = await world.AgentAsync($$""" "capabilities":{"blocked_domains":["{{blocked}}"]} """);

        foreach (var skill in new[] { "http_call", "webhook_send" })
        {
            var run = await world.CallAsync(agent, world.At(url), skill);

            Assert.Equal("failed", run.Text("status"));
            Assert.Equal(("PERMISSION_DENIED", "domain"), (run.Text("outcome.error.code"), run.Text("outcome.error.details.reason")));
            Assert.StartsWith("blocked_domains: ", run.Text("outcome.error.details.rule"), StringComparison.Ordinal);
        }

        Assert.Empty(world.Asked);
    }

    [Theory]
    [Trait("id", "AGENT-domain-call")]
    [InlineData("http://evil.example:PORT/")]
    [InlineData("http:\\\\evil.example:PORT\\x")]
    [InlineData("http://good.example.evil.example:PORT/")]
    [InlineData("http://notgood.example:PORT/")]
    [InlineData("http://sub.good.example:PORT/")]
    [InlineData("http://wild.example:PORT/")]
    [InlineData("http://xwild.example:PORT/")]
    [InlineData("http://127.0.0.1:PORT/")]
    [InlineData("http://good.example@evil.example:PORT/")]
    [InlineData("http://good.example:PORT@evil.example:PORT/")]
    [InlineData("http://evil.example:PORT/good.example")]
    [InlineData("http://evil.example:PORT?@good.example/")]
    [InlineData("http://evil.example:PORT#@good.example/")]
    [InlineData("http://g\u200Bood.example:PORT/")]
    [InlineData("http://gооd.example:PORT/")]
    public async Task What_is_not_allowed_is_not_asked(string url)
    {
        var agent = await world.AgentAsync(""" "capabilities":{"allowed_domains":["good.example","*.wild.example"]} """);

        var run = await world.CallAsync(agent, world.At(url));

        Assert.Equal("failed", run.Text("status"));
        Assert.Contains(run.Text("outcome.error.code"), new[] { "PERMISSION_DENIED", "INVALID_INPUT" }); // Credentials in a URL are no input, whoever asks.
        Assert.Empty(world.Asked);
        Assert.Equal("succeeded", (await world.CallAsync(agent, world.At("http://good.example:PORT/"))).Text("status"));
        Assert.Equal("succeeded", (await world.CallAsync(agent, world.At("http://a.wild.example:PORT/"))).Text("status"));
        Assert.Equal(["good.example", "a.wild.example"], world.Asked);
    }

    [Fact]
    [Trait("id", "AGENT-domain-port")]
    public async Task A_domain_with_a_port_stands_for_that_port_alone()
    {
        var other = await world.AgentAsync(""" "capabilities":{"allowed_domains":["good.example:443"]} """);
        var own = await world.AgentAsync(""" "capabilities":{"allowed_domains":["good.example:PORT"]} """);

        Assert.Equal("domain", (await world.CallAsync(other, world.At("http://good.example:PORT/"))).Text("outcome.error.details.reason"));
        Assert.Equal("succeeded", (await world.CallAsync(own, world.At("http://good.example:PORT/"))).Text("status"));
        Assert.Equal("domain", (await world.CallAsync(own, "http://good.example/")).Text("outcome.error.details.reason"));
        Assert.Equal("domain", (await world.CallAsync(await world.AgentAsync(""" "capabilities":{"allowed_domains":[]} """), world.At("http://good.example:PORT/"))).Text("outcome.error.details.reason"));
    }

    [Theory]
    [Trait("id", "AGENT-domain-redirect")]
    [InlineData("http://evil.example:PORT/")]
    [InlineData("//evil.example:PORT/")]
    [InlineData("http://EVIL.example.:PORT/")]
    [InlineData("http://127.1:PORT/")]
    [InlineData("http://[::ffff:127.0.0.1]:PORT/")]
    [InlineData("http://good.example:PORT/to?url=http%3A%2F%2Fevil.example%3APORT%2F")]
    [InlineData("http://good.example:PORT/to?status=307&url=http%3A%2F%2Fevil.example%3APORT%2F")]
    public async Task A_redirect_is_held_at_every_hop(string url)
    {
        var agent = await world.AgentAsync(OnlyGood);

        var run = await world.CallAsync(agent, world.At($"http://good.example:PORT/to?url={Uri.EscapeDataString(world.At(url))}"));
        var inner = await world.CallAsync(agent, world.At($"http://good.example:PORT/to?url={Uri.EscapeDataString("/there")}"));

        Assert.Equal(("PERMISSION_DENIED", "domain"), (run.Text("outcome.error.code"), run.Text("outcome.error.details.reason")));
        Assert.Equal("succeeded", inner.Text("status"));
        Assert.Equal(["good.example"], world.Asked);
    }

    [Fact]
    [Trait("id", "AGENT-domain-connection")]
    public async Task A_connection_leads_nowhere_else_either()
    {
        var agent = await world.AgentAsync(OnlyGood);
        foreach (var host in new[] { "good", "evil" })
        {
            var made = await world.House.AsFirstAsync("PUT", $"/api/v1/connections/{host}", world.At($$$"""{"kind":"http","settings":{"base_url":"http://{{{host}}}.example:PORT/"}}"""));
            Assert.True(made.Status == 201, made.Body.GetRawText());
        }

        static string Through(string connection) => $$$"""[{"skill":"http_call","params":{"connection":"{{{connection}}}","url":"x"}}]""";
        var evil = await world.RunAsync(agent, Through("evil"));

        Assert.Equal(("PERMISSION_DENIED", "domain"), (evil.Text("outcome.error.code"), evil.Text("outcome.error.details.reason")));
        Assert.Equal("succeeded", (await world.RunAsync(agent, Through("good"))).Text("status"));
        Assert.Equal(["good.example"], world.Asked);
    }

    [Fact]
    [Trait("id", "AGENT-domain-webhook")]
    public async Task A_run_reports_nowhere_else_either()
    {
        await using var own = await AgentHouse.OpenAsync(); // What is reported may come after the end of the test.
        var agent = await own.AgentAsync(OnlyGood);
        const string plan = """[{"skill":"echo","params":{}}]""";

        var refused = await own.RunAsync(agent, plan, more: """ "webhook_url":"http://evil.example:PORT/hook" """);

        Assert.Equal((403, "domain", "webhook_url"), (refused.Status, refused.Text("error.details.reason"), refused.Text("error.details.path")));
        Assert.Equal("succeeded", (await own.RunAsync(agent, plan, more: """ "webhook_url":"http://good.example:PORT/hook" """)).Text("status"));
    }

    [Fact]
    [Trait("id", "AGENT-domain-live")]
    public async Task What_is_taken_away_is_out_of_reach_of_a_run_under_way()
    {
        var agent = await world.AgentAsync("");
        var run = await world.House.AsFirstAsync("POST", "/api/v1/runs", world.At($$$"""{"agent_id":"{{{agent}}}","plan":{"name":"w","steps":[{"id":"w","await":{"signal":"go"}},{"id":"a","depends_on":["w"],"skill":"http_call","params":{"url":"http://evil.example:PORT/"}}]}}"""));
        Assert.True(run.Status == 201, run.Body.GetRawText());
        await world.ChangeAsync(agent, """{"capabilities":{"blocked_domains":["evil.example"]}}""");
        await world.House.AsFirstAsync("POST", $"/api/v1/runs/{run.Text("run_id")}/signals/go", "{}");

        var ended = await world.House.AsFirstAsync("GET", $"/api/v1/runs/{run.Text("run_id")}?wait=30");

        Assert.Equal(("failed", "domain"), (ended.Text("status"), ended.Text("outcome.error.details.reason")));
        Assert.Empty(world.Asked);
    }

    [Fact]
    [Trait("id", "AGENT-domain-others")]
    public async Task The_domains_of_one_agent_hold_nobody_else()
    {
        await world.AgentAsync(""" "capabilities":{"blocked_domains":["evil.example"]} """);

        Assert.Equal("succeeded", (await world.CallAsync("a-label", world.At("http://evil.example:PORT/"))).Text("status"));
        Assert.Equal("succeeded", (await world.CallAsync(await world.AgentAsync(""), world.At("http://evil.example:PORT/"))).Text("status"));
    }

    [Fact]
    [Trait("id", "AGENT-domain-model")]
    public async Task A_provider_of_models_that_the_house_configured_is_no_target_of_the_agents()
    {
        await using var provider = await ModelPeer.OpenAsync(read: 7, written: 5);
        var models = new ModelsOptions { Endpoints = [new ModelEndpoint("local", ModelWire.OpenAi, provider.Url, null, "m", Seeds: false)] };
        await using var own = await AgentHouse.OpenAsync(services => services.AddSingleton(models));
        var agent = await own.AgentAsync(""" "capabilities":{"allowed_domains":[]} """);

        var run = await own.RunAsync(agent, """{"steps":[{"id":"a","skill":"llm_invoke","params":{"provider":"local","prompt":"hello"}}]}""");

        Assert.Equal("succeeded", run.Text("status"));
        Assert.Equal(1, provider.Calls);
    }

    [Fact]
    [Trait("id", "AGENT-domain-any-skill")]
    public async Task A_skill_that_knows_nothing_of_domains_is_held_all_the_same()
    {
        await using var own = await AgentHouse.OpenAsync(services => new AosBuilder(services, new ConfigurationBuilder().Build()).AddSkill("fetch", p => new Fetch(p.GetRequiredService<IEgress>())));
        var agent = await own.AgentAsync(OnlyGood);

        var run = await own.CallAsync(agent, own.At("http://evil.example:PORT/"), "fetch");

        Assert.Equal(("PERMISSION_DENIED", "domain"), (run.Text("outcome.error.code"), run.Text("outcome.error.details.reason")));
        Assert.Equal("succeeded", (await own.CallAsync(agent, own.At("http://good.example:PORT/"), "fetch")).Text("status"));
        Assert.Equal(["good.example"], own.Asked);
    }
}
