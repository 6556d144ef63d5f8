using System.Collections.Immutable;
using System.Net;
using Aos.Contracts;
using Aos.Egress;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.Skills.Tests;

/// <summary>What keeps the calls of a run in, over real connections of this machine.</summary>
[Trait("store", "none")]
public sealed class ExternalCallGuards : IAsyncLifetime
{
    private static readonly RunStarted Start = new()
    {
        At = default, Run = new RunId(Guid.Parse("01900000-0000-7000-8000-000000000001")), Tenant = TenantId.Default, AgentId = "a",
        Plan = PlanReader.Read(Json.Parse("""[{"skill":"http_call","params":{"url":"http://a.example/"}}]"""), new Dictionary<string, SkillTerms>(), allowUnknownSkills: true).Plan!,
        Inputs = Json.EmptyObject, Seed = 1, Terms = ImmutableSortedDictionary<string, SkillTerms>.Empty, Labels = ImmutableSortedDictionary<string, string>.Empty, Rule = KernelRule.Calls,
    };

    private int hits;
    private Peer peer = null!;

    public async ValueTask InitializeAsync() => peer = await Peer.StartAsync(app =>
    {
        app.MapGet("/", () => Results.Text($"hit {Interlocked.Increment(ref hits)}"));
        app.MapGet("/to", (string url) => Results.Redirect(url));
    });

    public async ValueTask DisposeAsync() => await peer.DisposeAsync();

    [Fact]
    [Trait("id", "B8.3-guard-1")]
    [Trait("id", "B8.3-guard-4")]
    [Trait("id", "W-13")]
    [Trait("id", "CALLS-10")]
    [Trait("id", "F5.13-02")]
    public async Task With_the_switch_on_a_call_is_refused_and_says_which_and_where()
    {
        using var room = Room();
        var outcome = await CallAsync(room, "\"deny\"", $"http://api.example:{peer.Port}/");

        var failure = outcome.Failure!;
        Assert.Equal(("EXTERNAL_CALL_BLOCKED", FailureCategory.Security, false), (failure.Code, failure.Category, failure.Retryable));
        Assert.Equal($"http_call may not call api.example:{peer.Port}: external_calls does not let it out.", failure.Message);
        Assert.Equal($$"""{"call_type":"http_call","step_id":"fetch","target":"api.example:{{peer.Port}}"}""", CanonicalJson.Text(failure.Details!.Value));
        Assert.Equal(0, hits);
        Assert.True((await CallAsync(room, "\"allow\"", $"http://api.example:{peer.Port}/")).Ok);
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("localhost")]
    [InlineData("LOCALHOST.")]
    [InlineData("a.localhost")]
    [InlineData("[::ffff:127.0.0.1]")]
    [Trait("id", "B8.3-guard-2")]
    [Trait("id", "W-13")]
    [Trait("id", "F5.13-03")]
    public async Task What_stays_on_this_machine_passes_and_nothing_is_recorded(string host)
    {
        using var room = Room();
        var outcome = await CallAsync(room, "\"deny\"", $"http://{host}:{peer.Port}/");

        Assert.True(outcome.Ok, outcome.Failure?.Message);
        Assert.Equal("hit 1", outcome.Result.GetText("body"));
        Assert.Empty(outcome.Blocked);
    }

    [Theory]
    [InlineData("here.example")] // A name that leads to this machine now is its owner's.
    [InlineData("moved.localhost")] // Resolved to another machine.
    [InlineData("localhost.evil.example")]
    [InlineData("10.evil.example")]
    [InlineData("172.20.0.1")]
    [InlineData("192.168.0.1")]
    [InlineData("93.184.216.34")]
    [InlineData("[2606:2800:220:1:248:1893:25c8:1946]")]
    [Trait("id", "B8.3-guard-3")]
    [Trait("id", "W-22")]
    [Trait("id", "CALLS-11")]
    [Trait("id", "F5.13-04")]
    public async Task Any_other_target_is_kept_in_and_recorded_as_a_pair(string host)
    {
        using var room = Room();
        var outcome = await CallAsync(room, "\"deny\"", $"http://{host}:{peer.Port}/");

        Assert.Equal("EXTERNAL_CALL_BLOCKED", outcome.Failure?.Code);
        Assert.Equal(new BlockedCall("http_call", $"{host}:{peer.Port}"), Assert.Single(outcome.Blocked));
        Assert.Equal(0, hits);
    }

    [Theory]
    [InlineData("api.openai.com")]
    [InlineData("api.anthropic.com")]
    [InlineData("api.stripe.com")]
    [InlineData("api.github.com")]
    [InlineData("hooks.slack.com")]
    [InlineData("webhook.site")]
    [Trait("id", "F5.13-08")]
    public async Task Services_that_everybody_calls_are_no_exception(string host)
    {
        using var room = Room();
        var outcome = await CallAsync(room, "\"deny\"", $"http://{host}:{peer.Port}/");

        Assert.Equal("EXTERNAL_CALL_BLOCKED", outcome.Failure?.Code);
        Assert.Contains(host, outcome.Failure!.Message, StringComparison.Ordinal);
        Assert.Equal(0, hits);
    }

    [Fact]
    [Trait("id", "CALLS-12")]
    public async Task A_listed_host_is_reached_and_a_redirect_leads_no_further()
    {
        using var room = Room();
        var listed = $$"""["api.example:{{peer.Port}}"]""";

        Assert.True((await CallAsync(room, listed, $"http://api.example:{peer.Port}/")).Ok);
        Assert.True((await CallAsync(room, listed, $"http://api.example:{peer.Port}/to?url=/")).Ok);
        var away = await CallAsync(room, listed, $"http://api.example:{peer.Port}/to?url=http://here.example:{peer.Port}/");
        Assert.Equal("EXTERNAL_CALL_BLOCKED", away.Failure?.Code);
        Assert.Equal($"here.example:{peer.Port}", Assert.Single(away.Blocked).Target);
        Assert.Equal(2, hits);
    }

    [Fact]
    [Trait("id", "CALLS-13")]
    [Trait("id", "F5.13-05")]
    public async Task A_skill_that_is_not_listed_calls_nobody_and_each_call_minds_its_own_run()
    {
        using var room = Room();
        var url = $"http://api.example:{peer.Port}/";
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => CallAsync(room, i % 2 == 0 ? """{"skills":["http_call"]}""" : """{"skills":["webhook_send"]}""", url)));

        Assert.All(outcomes.Where((_, i) => i % 2 == 0), outcome => Assert.True(outcome.Ok));
        Assert.All(outcomes.Where((_, i) => i % 2 == 1), outcome => Assert.Equal("EXTERNAL_CALL_BLOCKED", outcome.Failure?.Code));
        Assert.Equal(10, hits);
    }

    [Fact]
    [Trait("id", "CALLS-14")]
    public async Task The_house_keeps_calls_of_every_run_in_whatever_the_run_says()
    {
        using var room = Room(SkillsOptions.Read(name => name == "DISABLE_EXTERNAL_CALLS" ? "On" : null, "").ExternalCalls);

        Assert.Equal("EXTERNAL_CALL_BLOCKED", (await CallAsync(room, """["api.example"]""", $"http://api.example:{peer.Port}/")).Failure?.Code);
        Assert.True((await CallAsync(room, """["api.example"]""", $"http://127.0.0.1:{peer.Port}/")).Ok);
    }

    [Theory]
    [InlineData("deny", null, false)]
    [InlineData("allow", "1", true)]
    [InlineData("a.example, api.example", null, true)]
    [InlineData("a.example", null, false)]
    [InlineData(null, "yes", false)]
    [InlineData(null, "no", true)]
    [InlineData(null, null, true)]
    [Trait("id", "CALLS-14")]
    [Trait("id", "F5.13-07")]
    public void Its_settings_say_where_they_may_go(string? calls, string? disabled, bool isAllowed)
    {
        var options = SkillsOptions.Read(name => name switch { "AOS_EXTERNAL_CALLS" => calls, "DISABLE_EXTERNAL_CALLS" => disabled, _ => null }, "");

        Assert.Empty(options.Problems);
        Assert.Equal(isAllowed, options.ExternalCalls?.Allows("http_call", new WebTarget("api.example", 443)) ?? true);
        Assert.Single(SkillsOptions.Read(name => name == "AOS_EXTERNAL_CALLS" ? "http://a/b" : null, "").Problems);
    }

    [Fact]
    [Trait("id", "CALLS-15")]
    [Trait("id", "F5.13-01")]
    public async Task Client_libraries_and_bare_connections_are_kept_in_as_well()
    {
        using var room = Room();
        var kept = new Kept();
        OutboundRule.Current = kept;
        var cancel = TestContext.Current.CancellationToken;

        foreach (var isOfHouse in new[] { true, false })
        {
            using var client = new HttpClient(room.Egress.Handler(isOfHouse));
            await Assert.ThrowsAsync<TargetRefusedException>(() => client.GetAsync(new Uri($"http://api.example:{peer.Port}/"), cancel));
            Assert.Equal("hit", (await client.GetStringAsync(new Uri(peer.Origin), cancel))[..3]);
        }

        Assert.Equal("EXTERNAL_CALL_BLOCKED", (await room.Egress.ResolveAsync("db.example", 5432, EgressProtocol.Postgres, cancel)).Failure?.Code);
        Assert.Equal("EXTERNAL_CALL_BLOCKED", (await room.Egress.ConnectAsync("mail.example", 25, EgressProtocol.Smtp, cancel)).Failure?.Code);
        Assert.Equal([$"api.example:{peer.Port}", "db.example:5432", "mail.example:25"], kept.Calls!.Blocked.Select(call => call.Target));
        Assert.All(kept.Calls.Blocked, call => Assert.Equal("test", call.Skill));
    }

    private static Task<StructuredOutcome> CallAsync(SkillRoom room, string calls, string url)
    {
        var start = Start with { Calls = ExternalCalls.Read(Json.Parse(calls), "").Calls };
        var order = new InvokeSkill
        {
            Id = new EffectId(0, -1, 0), StepId = "fetch", Skill = "http_call", Version = "1.0.0", Params = Json.EmptyObject, Written = Json.EmptyObject,
            Class = EffectClass.Idempotent, Run = start.Run, Timeout = TimeSpan.FromSeconds(30), RunSeed = 1,
        };
        return room.CallAsync("http_call", $$"""{"url":"{{url}}"}""", new SkillCall(start, order));
    }

    /// <summary>A room in whose world every name but one is this machine, and all of it is let out.</summary>
    private static SkillRoom Room(ExternalCalls? house = null) => new([], aos =>
    {
        aos.Services.AddSingleton<IEgress>(new Egress.Egress(
            new EgressOptions { Allow = ["127.0.0.0/8", "::1/128"] },
            (name, _) => Task.FromResult(new[] { name == "moved.localhost" ? IPAddress.Parse("93.184.216.34") : IPAddress.Loopback })));
        if (house is not null) ((SkillsOptions)aos.Services.Single(service => service.ServiceType == typeof(SkillsOptions)).ImplementationInstance!).ExternalCalls = house;
    });

    private sealed class Kept : OutboundRule
    {
        public override ExternalCallGuard? Calls { get; } = new("test", null, [ExternalCalls.Deny]);

        public override ValueTask<Failure?> RefusalAsync(Uri target, CancellationToken cancel) => default;
    }
}
