using System.Collections.Immutable;
using Aos.Runs;
using Aos.Testing;
using Aos.Workflow.Tests.Basics;

namespace Aos.Workflow.Tests.Stubs;

/// <summary>Peers that fail, and how often and when the run asks them again.</summary>
public sealed class HttpChaos
{
    private const string Retry = ",\"retry\":{\"max_attempts\":3,\"backoff\":\"100ms\",\"max_backoff\":\"2s\",\"factor\":2}";

    private static readonly RetryClause Clause = new(3, TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(2), 2);

    [Theory]
    [InlineData(503, 1)]
    [InlineData(502, 2)]
    [InlineData(500, 1)]
    [InlineData(504, 2)]
    [InlineData(408, 1)]
    [InlineData(429, 1)]
    [Trait("id", "F5.10-01")]
    [Trait("id", "F5.10-02")]
    [Trait("id", "F5.10-04")]
    public async Task A_peer_that_fails_a_while_is_asked_again_until_it_answers(int status, int times)
    {
        var http = new StubHttp().Answer("/x", [.. Enumerable.Repeat(new StubResponse(status), times), new StubResponse(200, "{\"at\":\"last\"}")]);
        var (run, _) = await RunAsync(http);

        Assert.Equal((RunStatus.Succeeded, times + 1, times + 1), (run.Status, run.Steps[0].Calls[0].Attempts, http.Sent.Count));
        Assert.Equal("last", run.Steps[0].Result!.Value.GetProperty("body").GetText("at"));
    }

    [Fact]
    [Trait("id", "F5.10-03")]
    public async Task A_peer_that_goes_on_failing_fails_the_run_with_what_it_said_last()
    {
        var http = new StubHttp().Answer("/x", new StubResponse(503, "{\"why\":\"tired\"}"));
        var (run, delays) = await RunAsync(http);
        var failure = run.End!.Failure!;

        Assert.Equal((RunStatus.Failed, "SERVICE_UNAVAILABLE", true), (run.Status, failure.Code, failure.Retryable));
        Assert.Equal((3, 3, 2), (http.Sent.Count, run.Steps[0].Calls[0].Attempts, delays.Count));
        Assert.Equal(503, run.Steps[0].Failure!.Details!.Value.GetProperty("upstream_status").GetInt32());
    }

    [Fact]
    [Trait("id", "F5.10-05")]
    public async Task A_peer_that_asks_for_less_is_a_matter_of_resources()
    {
        var failure = (await new StubHttp().Answer("/x", new StubResponse(429)).CallAsync("""{"url":"https://api.example.com/x"}""")).Failure!;

        Assert.Equal(("RATE_LIMITED", FailureCategory.Resource, true), (failure.Code, failure.Category, failure.Retryable));
    }

    [Theory]
    [InlineData(429, "120")]
    [InlineData(503, "120")]
    [InlineData(429, "Thu, 01 Jan 2026 00:02:00 GMT")]
    [Trait("id", "F5.10-22")]
    public async Task What_a_peer_asks_to_wait_is_waited(int status, string after)
    {
        await using var world = await World.OpenAsync();
        var patient = new StubResponse(status) { Headers = ImmutableSortedDictionary<string, string>.Empty.Add("Retry-After", after) };
        var (run, delays) = await RunAsync(world, new StubHttp(world.Clock).Answer("/x", patient, new StubResponse()));

        Assert.Equal(RunStatus.Succeeded, run.Status);
        Assert.InRange(Assert.Single(delays).TotalSeconds, 119, 120);
    }

    [Theory]
    [InlineData("TIMEOUT")]
    [InlineData("CONNECTION_REFUSED")]
    [InlineData("CONNECTION_RESET")]
    [InlineData("DNS_FAILURE")]
    [Trait("id", "F5.10-06")]
    [Trait("id", "F5.10-08")]
    [Trait("id", "F5.10-09")]
    public async Task A_way_that_is_shut_for_a_while_is_tried_again(string code)
    {
        var http = new StubHttp().AddError("/x", code, times: 1);
        var (run, _) = await RunAsync(http);

        Assert.Equal((RunStatus.Succeeded, 2), (run.Status, http.Sent.Count));
    }

    [Theory]
    [InlineData("TLS_FAILURE")]
    [InlineData("EGRESS_BLOCKED")]
    [InlineData("RESPONSE_TOO_LARGE")]
    [Trait("id", "F5.10-10")]
    [Trait("id", "F5.10-21")]
    public async Task A_way_that_stays_shut_is_tried_once(string code)
    {
        var http = new StubHttp().AddError("/x", code);
        var (run, delays) = await RunAsync(http);

        Assert.Equal((RunStatus.Failed, code, false, 1), (run.Status, run.End!.Failure!.Code, run.End.Failure.Retryable, http.Sent.Count));
        Assert.Empty(delays);
    }

    [Theory]
    [InlineData(400)]
    [InlineData(401)]
    [InlineData(403)]
    [InlineData(404)]
    [InlineData(409)]
    [InlineData(422)]
    [Trait("id", "F5.10-15")]
    [Trait("id", "F5.10-16")]
    [Trait("id", "F5.10-17")]
    [Trait("id", "F5.10-19")]
    public async Task A_request_that_is_wrong_is_sent_once(int status)
    {
        var http = new StubHttp().Answer("/x", new StubResponse(status));
        var (run, _) = await RunAsync(http);

        Assert.Equal((RunStatus.Failed, "HTTP_4XX", 1), (run.Status, run.End!.Failure!.Code, http.Sent.Count));
        Assert.Equal(status, run.Steps[0].Failure!.Details!.Value.GetProperty("upstream_status").GetInt32());
    }

    [Fact]
    [Trait("id", "F5.10-11")]
    [Trait("id", "F5.10-12")]
    [Trait("id", "F5.10-13")]
    [Trait("id", "F5.10-14")]
    public async Task The_delays_follow_from_the_seed_double_and_stay_below_their_cap()
    {
        var (_, first) = await RunAsync(new StubHttp().Answer("/x", new StubResponse(503)), attempts: 8);
        var (_, again) = await RunAsync(new StubHttp().Answer("/x", new StubResponse(503)), attempts: 8);
        var (_, other) = await RunAsync(new StubHttp().Answer("/x", new StubResponse(503)), attempts: 8, seed: 43);

        Assert.Equal(Enumerable.Range(1, 7).Select(attempt => Backoff.Delay(Clause, attempt, Seeds.Step(42, 0))), first);
        Assert.Equal(first, again);
        Assert.NotEqual(first, other);
        foreach (var (delay, middle) in first.Zip((int[])[100, 200, 400, 800, 1600, 2000, 2000])) Assert.InRange(delay.TotalMilliseconds, middle * 0.9, middle * 1.1);
    }

    [Theory]
    [InlineData(408, true)]
    [InlineData(429, true)]
    [InlineData(500, true)]
    [InlineData(502, true)]
    [InlineData(503, true)]
    [InlineData(504, true)]
    [InlineData(400, false)]
    [InlineData(401, false)]
    [InlineData(403, false)]
    [InlineData(404, false)]
    [InlineData(409, false)]
    [InlineData(422, false)]
    [Trait("id", "F5.10-18")]
    public async Task Without_a_clause_of_its_own_a_step_is_tried_again_after_statuses_that_may_pass(int status, bool isRetried)
    {
        var http = new StubHttp().Answer("/x", new StubResponse(status), new StubResponse());
        var (run, _) = await RunAsync(http, attempts: 0);

        Assert.Equal((isRetried ? RunStatus.Succeeded : RunStatus.Failed, isRetried ? 2 : 1), (run.Status, http.Sent.Count));
    }

    [Theory]
    [InlineData("TIMEOUT", FailureCategory.Transient)]
    [InlineData("CONNECTION_REFUSED", FailureCategory.Transient)]
    [InlineData("DNS_FAILURE", FailureCategory.Transient)]
    [InlineData("CONNECTION_RESET", FailureCategory.Transient)]
    [Trait("id", "F5.10-07")]
    [Trait("id", "F5.10-20")]
    public async Task What_happens_on_the_way_passes(string code, FailureCategory category)
    {
        var failure = (await new StubHttp().AddError("/x", "ERR_" + code.Replace("CONNECTION_RESET", "NETWORK_ERROR", StringComparison.Ordinal)).CallAsync("""{"url":"https://api.example.com/x"}""")).Failure!;

        Assert.Equal((code, category, true), (failure.Code, failure.Category, failure.Retryable));
    }

    [Theory]
    [InlineData("\"method\":\"POST\"", 503, 1)]
    [InlineData("\"method\":\"POST\"", 429, 2)]
    [InlineData("\"method\":\"PUT\"", 503, 2)]
    [Trait("id", "F5.10-23")]
    public async Task What_must_not_happen_twice_is_repeated_only_when_it_certainly_did_not_happen(string method, int status, int sent)
    {
        var http = new StubHttp().Answer("/x", new StubResponse(status), new StubResponse());
        await RunAsync(http, more: "," + method);

        Assert.Equal(sent, http.Sent.Count);
    }

    private static async Task<(RunState Run, List<TimeSpan> Delays)> RunAsync(StubHttp http, int attempts = 3, ulong seed = 42, string more = "")
    {
        await using var world = await World.OpenAsync();
        return await RunAsync(world, http, attempts, seed, more);
    }

    /// <summary>A run of one call, and how long it waited after each failure.</summary>
    private static async Task<(RunState Run, List<TimeSpan> Delays)> RunAsync(World world, StubHttp http, int attempts = 3, ulong seed = 42, string more = "")
    {
        world.Skills.Add(http);
        var retry = attempts == 0 ? "" : Retry.Replace("3", attempts.ToString(System.Globalization.CultureInfo.InvariantCulture), StringComparison.Ordinal);
        var id = await world.StartAsync($$"""{"name":"p","steps":[{"id":"a","skill":"http_call","params":{"url":"https://api.example.com/x"{{more}}}{{retry}}}]}""", seed: seed);
        await world.SettleAsync();
        Assert.Empty(await world.ViolationsAsync());
        var failed = world.Journal.Events(id).Select(entry => EventCodec.Decode(id, entry)).OfType<CallFailed>();
        return (await world.ReadAsync(id), [.. failed.Where(e => e.RetryAt is not null).Select(e => e.RetryAt!.Value - e.At)]);
    }
}
