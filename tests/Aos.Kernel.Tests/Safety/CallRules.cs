using System.Collections.Immutable;
using Aos.Kernel.Tests.Machine;

namespace Aos.Kernel.Tests.Safety;

/// <summary>Where a run lets its calls go: how it is written, and that nobody can widen it.</summary>
public sealed class CallRules
{
    [Theory]
    [InlineData("\"allow\"", "http_call", "http://anywhere.example/", true)]
    [InlineData("{}", "http_call", "http://anywhere.example/", true)]
    [InlineData("\"deny\"", "http_call", "http://anywhere.example/", false)]
    [InlineData("[]", "http_call", "http://anywhere.example/", false)]
    [InlineData("""["api.example.com"]""", "http_call", "https://api.example.com/x", true)]
    [InlineData("""["api.example.com"]""", "http_call", "https://API.example.com./x", true)]
    [InlineData("""["api.example.com"]""", "http_call", "https://api.example.com.evil.example/", false)]
    [InlineData("""["api.example.com"]""", "http_call", "https://x.api.example.com/", false)]
    [InlineData("""["*.example.com"]""", "http_call", "https://x.example.com/", true)]
    [InlineData("""["*.example.com"]""", "http_call", "https://example.com/", false)]
    [InlineData("""["api.example.com:8443"]""", "http_call", "https://api.example.com:8443/", true)]
    [InlineData("""["api.example.com:8443"]""", "http_call", "https://api.example.com/", false)]
    [InlineData("""["127.0.0.1"]""", "http_call", "http://127.0.0.1@evil.example/", false)]
    [InlineData("""["10.0.0.1"]""", "http_call", "http://10.evil.example/", false)]
    [InlineData("""{"skills":["skill.http_call"]}""", "http_call", "http://anywhere.example/", true)]
    [InlineData("""{"skills":["http_call"]}""", "webhook_send", "http://anywhere.example/", false)]
    [InlineData("""{"hosts":["a.example"],"skills":["http_call"]}""", "http_call", "http://b.example/", false)]
    [InlineData("""{"skills":[]}""", "http_call", "http://anywhere.example/", false)]
    [Trait("id", "CALLS-01")]
    public void It_says_which_hosts_and_skills(string written, string skill, string url, bool isAllowed)
    {
        var (calls, _, problem) = ExternalCalls.Read(Json.Parse(written), "external_calls");

        Assert.Null(problem);
        Assert.Equal(isAllowed, calls is null || calls.Allows(skill, WebTarget.Of(url)!.Value));
    }

    [Theory]
    [InlineData("\"no\"", "external_calls")]
    [InlineData("null", "external_calls")]
    [InlineData("true", "external_calls")]
    [InlineData("""["http://a.example/"]""", "external_calls[0]")]
    [InlineData("""["a.example",""]""", "external_calls[1]")]
    [InlineData("""["a.example",7]""", "external_calls[1]")]
    [InlineData("""{"hosts":"a.example"}""", "external_calls.hosts")]
    [InlineData("""{"hosts":["*"]}""", "external_calls.hosts[0]")]
    [InlineData("""{"skills":[1]}""", "external_calls.skills[0]")]
    [InlineData("""{"host":["a.example"]}""", "external_calls.host")]
    [Trait("id", "CALLS-02")]
    public void What_cannot_be_read_is_a_mistake_of_the_plan_with_its_place(string written, string path)
    {
        var reading = PlanReader.Read(Json.Parse($$"""{"name":"p","external_calls":{{written}},"steps":[{"id":"a","skill":"put"}]}"""), MachineWorld.Skills);

        Assert.Equal(("INVALID_PLAN", path), (Assert.Single(reading.Problems).Code, reading.Problems[0].Path));
    }

    [Theory]
    [InlineData("""{"external_calls":"deny","steps":[{"skill":"put"}]}""")]
    [InlineData("""{"external_calls":"deny","plan":[{"skill":"put"}]}""")]
    [InlineData("""{"external_calls":"deny","plan_id":"p","steps":[{"step_id":"a","skill":"put"}]}""")]
    [InlineData("""{"external_calls":"deny","id":"w","steps":[{"id":"a","skill_id":"put","inputs":{}}]}""")]
    [Trait("id", "CALLS-03")]
    public void No_shape_of_a_plan_loses_it(string plan)
    {
        var reading = PlanReader.Read(Json.Parse(plan), MachineWorld.Skills);

        Assert.True(reading.Plan is not null, string.Join("\n", reading.Problems));
        Assert.False(reading.Plan.Calls!.Allows("put", new WebTarget("a.example", 443)));
    }

    [Fact]
    [Trait("id", "CALLS-04")]
    public void What_comes_later_only_narrows()
    {
        var outer = Of("""["a.example","b.example"]""");
        var both = ExternalCalls.Narrow(outer, Of("""["b.example","c.example"]"""))!;

        Assert.Equal([false, true, false], new[] { "a.example", "b.example", "c.example" }.Select(host => both.Allows("put", new WebTarget(host, 443))));
        Assert.Same(outer, ExternalCalls.Narrow(outer, null));
        Assert.Same(outer, ExternalCalls.Narrow(null, outer));
        Assert.Equal(outer.Rules.Length, ExternalCalls.Narrow(outer, Of("""["a.example","b.example"]"""))!.Rules.Length);
        Assert.False(ExternalCalls.Narrow(ExternalCalls.Deny, Of("""["a.example"]"""))!.Allows("put", new WebTarget("a.example", 443)));
    }

    [Fact]
    [Trait("id", "CALLS-05")]
    public void It_reads_back_what_it_writes()
    {
        var calls = ExternalCalls.Narrow(Of("""{"hosts":["a.example","[::1]:80"],"skills":["put"]}"""), ExternalCalls.Deny)!;
        var written = Json.Write(calls.Write);
        var (again, _, problem) = ExternalCalls.ReadAll(written, "external_calls");

        Assert.Null(problem);
        Assert.Equal(CanonicalJson.Text(written), CanonicalJson.Text(Json.Write(again!.Write)));
        Assert.Equal("""[{"hosts":["a.example","[::1]:80"],"skills":["put"]},{"hosts":[]}]""", CanonicalJson.Text(written));
    }

    [Theory]
    [InlineData("""{"name":"p","external_calls":"deny","steps":[{"id":"a","skill":"put"}]}""", KernelRule.Calls)]
    [InlineData("""{"name":"p","steps":[{"id":"a","run":{"plan":{"name":"c","external_calls":["a.example"],"steps":[{"id":"x","skill":"put"}]}}}]}""", KernelRule.Settles)]
    [InlineData("""{"name":"p","external_calls":"allow","steps":[{"id":"a","skill":"put"}]}""", KernelRule.First)]
    [Trait("id", "CALLS-06")]
    public void Only_nodes_that_know_it_drive_such_a_run(string plan, KernelRule rule) => Assert.Equal(rule, MachineWorld.Started(plan).State.Start!.Rule);

    [Fact]
    [Trait("id", "CALLS-06")]
    public void The_request_of_a_run_narrows_its_plan_and_both_are_on_record()
    {
        var plan = PlanReader.Read(Json.Parse("""{"name":"p","external_calls":["a.example","b.example"],"steps":[{"id":"a","skill":"put"}]}"""), MachineWorld.Skills).Plan!;
        var world = new MachineWorld().Do(new StartRun(
            new RunId(Guid.Parse("01900000-0000-7000-8000-000000000001")), TenantId.Default, "agent", plan, Json.EmptyObject, 42, null, MachineWorld.Skills,
            ImmutableSortedDictionary<string, string>.Empty, null) { Calls = Of("""["b.example","c.example"]""") });

        var calls = world.State.Start!.Calls!;
        Assert.Equal([false, true, false], new[] { "a.example", "b.example", "c.example" }.Select(host => calls.Allows("put", new WebTarget(host, 443))));
    }

    [Fact]
    [Trait("id", "CALLS-07")]
    public void A_url_of_the_plan_that_will_be_kept_in_is_told_before()
    {
        var plan = PlanReader.Read(Json.Parse("""
            {"name":"p","external_calls":["a.example"],"steps":[
              {"id":"a","skill":"put","params":{"url":"https://a.example/"}},{"id":"b","skill":"put","params":{"url":"https://b.example/x"}},
              {"id":"c","skill":"put","params":{"url":"http://127.0.0.1:1/"}},{"id":"d","skill":"put","params":{"url":"https://${{ run.id }}.example/"}},
              {"id":"e","run":{"plan":{"name":"c","steps":[{"id":"x","skill":"put","params":{"url":"https://c.example/"}}]}}}]}
            """), MachineWorld.Skills).Plan!;

        Assert.Equal(["steps[1].params.url", "steps[4].run.plan.steps[0].params.url"], ExternalCalls.Gaps(plan, _ => "url").Select(gap => gap.Path));
        Assert.Empty(ExternalCalls.Gaps(plan with { Calls = null }, _ => "url"));
    }

    private static ExternalCalls Of(string written) => ExternalCalls.Read(Json.Parse(written), "").Calls!;
}
