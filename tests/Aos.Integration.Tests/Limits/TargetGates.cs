using System.Diagnostics.Metrics;
using System.Text.Json;
using Aos.Contracts;
using Aos.Runs;
using Aos.Storage;
using Aos.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.Integration.Tests.Limits;

/// <summary>How calls wait for what their targets can take.</summary>
[Trait("store", "none")]
public sealed class TargetGates
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);
    private readonly ManualClock clock = new();
    private readonly LocalLimits limits;

    public TargetGates() => limits = new LocalLimits(clock);

    [Fact]
    public async Task Calls_of_one_host_go_out_in_order_as_fast_as_its_rate()
    {
        using var gate = Gate("""{"limits":[{"host":"a.example","requests":1,"per":"1s"}]}""");
        var order = new List<int>();
        Assert.Null(await gate.EnterAsync(Needs(gate, "http://a.example/x"), default));
        var waiting = Enumerable.Range(0, 3).Select(async i =>
        {
            Assert.Null(await gate.EnterAsync(Needs(gate, "http://A.example:81/y"), default));
            lock (order) order.Add(i);
        }).ToList();

        Assert.Equal(3, gate.Waiting);
        Assert.Null(await gate.EnterAsync(Needs(gate, "http://b.example/"), default));
        foreach (var call in waiting)
        {
            Assert.False(call.IsCompleted);
            await TickAsync(call, TimeSpan.FromSeconds(1));
        }

        Assert.Equal([0, 1, 2], order);
        Assert.Equal(0, gate.Waiting);
    }

    [Fact]
    public async Task One_answer_of_too_many_slows_all_runs_of_a_tenant_that_want_the_same_host_on_all_nodes()
    {
        using var one = Gate("{}");
        using var two = Gate("{}");
        var first = Needs(one, "http://a.example/");
        Assert.Null(await one.EnterAsync(first, default));
        await one.LeaveAsync(first, StructuredOutcome.Failed(FailureCatalog.Fail("RATE_LIMITED", "429", TimeSpan.FromSeconds(20))));

        var second = two.EnterAsync(Needs(two, "http://a.example/"), default).AsTask();
        var third = one.EnterAsync(Needs(one, "http://a.example/"), default).AsTask();
        Assert.Null(await two.EnterAsync(Needs(two, "http://b.example/"), default));
        Assert.Null(await two.EnterAsync(Needs(two, "http://a.example/", tenant: "other"), default));
        clock.Advance(TimeSpan.FromSeconds(19));
        Assert.False(second.IsCompleted || third.IsCompleted);

        await TickAsync(second, TimeSpan.FromSeconds(1.1));
        await TickAsync(third, TimeSpan.Zero);
    }

    [Fact]
    public async Task The_houses_key_at_a_provider_is_slowed_down_for_all_tenants()
    {
        using var gate = Gate("{}");
        var first = Needs(gate, "model:openai:10");
        await gate.LeaveAsync(first, StructuredOutcome.Failed(FailureCatalog.Fail("RATE_LIMITED", "429")));

        var other = gate.EnterAsync(Needs(gate, "model:openai:10", tenant: "other"), default).AsTask();

        Assert.Equal(1, gate.Waiting);
        await TickAsync(other, TimeSpan.FromSeconds(1.1));
    }

    [Theory, Trait("id", "F5.44-11")]
    [InlineData("""{"content":"ok","fallbacks":[{"provider":"openai","error":"RATE_LIMITED","retry_after_ms":20000}]}""", null, 20)]
    [InlineData("""{"content":"ok","fallbacks":[{"provider":"openai","error":"RATE_LIMITED"}]}""", null, 1)]
    [InlineData("""{"content":"ok","fallbacks":[{"provider":"openai","error":"LLM_ERROR"},{"provider":"own","error":"RATE_LIMITED","retry_after_ms":20000}]}""", null, 0)]
    [InlineData("""{"asked":[{"provider":"openai","error":"RATE_LIMITED"}],"last_error":"LLM_ERROR"}""", "RATE_LIMITED", 20)]
    [InlineData("""{"asked":[{"provider":"openai","error":"RATE_LIMITED"}],"last_error":"LLM_CONTENT_FILTER"}""", "LLM_CONTENT_FILTER", 1)]
    [InlineData("""{"asked":[{"provider":"openai","error":"LLM_AUTH_FAILED"}],"last_error":"RATE_LIMITED"}""", "RATE_LIMITED", 0)]
    public async Task A_provider_that_limits_the_rate_is_slowed_down_also_when_another_one_answered_and_no_other_one_is(string said, string? code, int seconds)
    {
        using var gate = Gate("{}");
        var (first, told) = (Needs(gate, "model:openai:10"), Json.Parse(said));
        await gate.LeaveAsync(first, code is null ? StructuredOutcome.Succeeded(told) : StructuredOutcome.Failed(FailureCatalog.Fail(code, "no", TimeSpan.FromSeconds(20), told)));

        var next = gate.EnterAsync(Needs(gate, "model:openai:10"), default).AsTask();

        Assert.Equal(seconds > 0 ? 1 : 0, gate.Waiting);
        if (seconds > 1) clock.Advance(TimeSpan.FromSeconds(seconds - 1));
        if (seconds > 0) await TickAsync(next, TimeSpan.FromSeconds(1.1));
        Assert.Null(await next.WaitAsync(Soon));
    }

    [Fact]
    public async Task Tokens_that_a_model_did_not_use_are_there_for_the_next_call()
    {
        using var gate = Gate("""{"limits":[{"provider":"openai","tokens":1000,"per":"1h"}]}""");
        var first = Needs(gate, "model:openai:900");
        Assert.Null(await gate.EnterAsync(first, default));
        await gate.LeaveAsync(first, StructuredOutcome.Succeeded(Json.Parse("""{"input_tokens":60,"output_tokens":40}""")));

        Assert.Null(await gate.EnterAsync(Needs(gate, "model:openai:900"), default));
        Assert.Equal("RATE_LIMITED", (await gate.EnterAsync(Needs(gate, "model:openai:900"), default))!.Code);
    }

    [Fact]
    public async Task A_singleton_key_lets_one_call_in_at_a_time_for_each_value()
    {
        using var gate = Gate("""{"limits":[{"skill":"act","singleton":"order.account"}]}""");
        var first = Needs(gate, "x", """{"order":{"account":"a"}}""");
        Assert.Null(await gate.EnterAsync(first, default));
        var second = Needs(gate, "x", """{"order":{"account":"a"},"more":1}""");
        var waiting = gate.EnterAsync(second, default).AsTask();

        Assert.Null(await gate.EnterAsync(Needs(gate, "x", """{"order":{"account":"b"}}"""), default));
        Assert.Null(await gate.EnterAsync(Needs(gate, "x", """{"order":{}}"""), default));
        Assert.Null(await gate.EnterAsync(Needs(gate, "x", """{"order":{"account":"a"}}""", tenant: "other"), default));
        Assert.False(waiting.IsCompleted);
        await gate.LeaveAsync(first, StructuredOutcome.Succeeded(Json.Null));

        Assert.Null(await waiting.WaitAsync(Soon));
        await gate.LeaveAsync(second, null);
    }

    [Fact]
    public async Task A_slot_is_renewed_as_long_as_its_call_takes_and_comes_back_when_its_node_has_died()
    {
        using var one = Gate("""{"limits":[{"skill":"*","concurrent":1}]}""");
        using var two = Gate("""{"limits":[{"skill":"*","concurrent":1}]}""");
        Assert.Null(await one.EnterAsync(Needs(one, "x"), default));
        var waiting = two.EnterAsync(Needs(two, "x"), default).AsTask();
        for (var i = 0; i < 20; i++) clock.Advance(TimeSpan.FromSeconds(5));
        Assert.False(waiting.IsCompleted);

        one.Dispose(); // Renews nothing any more.

        await TickAsync(waiting, TimeSpan.FromSeconds(16));
    }

    [Fact]
    public async Task What_waits_for_one_target_holds_no_slot_of_another_limit()
    {
        using var gate = Gate("""{"limits":[{"skill":"act","concurrent":1},{"host":"slow.example","requests":1,"per":"1m"}]}""");
        var first = Needs(gate, "http://slow.example/");
        Assert.Null(await gate.EnterAsync(first, default));
        await gate.LeaveAsync(first, null);
        var slow = gate.EnterAsync(Needs(gate, "http://slow.example/"), default).AsTask();
        var quick = Needs(gate, "http://quick.example/");

        Assert.Null(await gate.EnterAsync(quick, default));
        await gate.LeaveAsync(quick, null);
        await TickAsync(slow, TimeSpan.FromSeconds(61));
    }

    [Fact]
    public async Task Beyond_the_bound_of_waiting_calls_and_of_waiting_a_call_fails_and_may_be_tried_again()
    {
        using var gate = Gate("""{"waiting_max":2,"wait_max":"90s","limits":[{"skill":"act","requests":1,"per":"1m"}]}""");
        Assert.Null(await gate.EnterAsync(Needs(gate, "x"), default));
        var (first, second) = (gate.EnterAsync(Needs(gate, "x"), default).AsTask(), gate.EnterAsync(Needs(gate, "x"), default).AsTask());

        var full = await gate.EnterAsync(Needs(gate, "x"), default);
        Assert.Equal(("RATE_LIMITED", true), (full!.Code, full.Retryable));
        Assert.NotNull(full.RetryAfter);
        await TickAsync(first, TimeSpan.FromSeconds(61));
        clock.Advance(TimeSpan.FromSeconds(30));
        var tooLong = await second.WaitAsync(Soon);
        Assert.Equal(("RATE_LIMITED", true), (tooLong!.Code, tooLong.Retryable));
        Assert.Equal(0, gate.Waiting);
    }

    [Fact]
    public async Task A_call_that_is_called_off_leaves_its_place_to_the_next()
    {
        using var gate = Gate("""{"limits":[{"skill":"act","requests":1,"per":"1s"}]}""");
        using var off = new CancellationTokenSource();
        Assert.Null(await gate.EnterAsync(Needs(gate, "x"), default));
        var first = gate.EnterAsync(Needs(gate, "x"), off.Token).AsTask();
        var second = gate.EnterAsync(Needs(gate, "x"), default).AsTask();
        await off.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);

        await TickAsync(second, TimeSpan.FromSeconds(1));
        Assert.Equal(0, gate.Waiting);
    }

    [Fact]
    public void A_pure_call_without_a_limit_needs_nothing()
    {
        using var gate = Gate("""{"limits":[{"skill":"other","requests":1},{"host":"*","requests":1}]}""");

        Assert.Null(gate.Needs(TenantId.Default, Call("x", "{}", EffectClass.Pure), null));
    }

    [Theory]
    [InlineData("""{"limits":[{"requests":1}]}""", "limits[0] names one of")]
    [InlineData("""{"limits":[{"skill":"a","host":"b","requests":1}]}""", "limits[0] names one of")]
    [InlineData("""{"limits":[{"skill":"a"}]}""", "limits nothing")]
    [InlineData("""{"limits":[{"skill":"a","tokens":5}]}""", "only a provider")]
    [InlineData("""{"limits":[{"skill":"a","requests":0}]}""", "limits[0].requests")]
    [InlineData("""{"limits":[{"skill":"a","requests":1,"per":"soon"}]}""", "no time")]
    [InlineData("""{"limits":[{"skill":"a","concurrent":1,"burst":3}]}""", "burst without requests")]
    [InlineData("""{"limit":[]}""", "limit")]
    [InlineData("""{"wait_max":"x"}""", "wait_max")]
    [InlineData("missing.json", "file that can be read")]
    public void A_mistake_is_told_with_its_place(string text, string told)
    {
        var options = FlowOptions.Read(_ => text, file => Json.Parse(File.ReadAllBytes(file)));

        Assert.Contains(told, Assert.Single(options.Problems), StringComparison.Ordinal);
    }

    private TargetGate Gate(string settings)
    {
        var options = FlowOptions.Read(_ => settings, _ => throw new FileNotFoundException());
        Assert.Empty(options.Problems);
        var meters = new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>();
        return new TargetGate(limits, options, new FlowMeter(meters), clock);
    }

    private static CallNeeds Needs(TargetGate gate, string to, string parameters = "{}", string tenant = "default") =>
        gate.Needs(new TenantId(tenant), Call(to, parameters, EffectClass.Idempotent), Aim(to))!;

    private static InvokeSkill Call(string to, string parameters, EffectClass effect) => new()
    {
        Id = new EffectId(0, -1, 0), StepId = to, Skill = "act", Version = "1.0.0", Params = With(Json.Parse(parameters), to), Written = Json.EmptyObject, Class = effect,
        Run = new RunId(Guid.Empty), Timeout = TimeSpan.FromSeconds(1), RunSeed = 1,
    };

    private static JsonElement With(JsonElement parameters, string to) => Json.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("to", to);
        foreach (var member in parameters.EnumerateObject()) member.WriteTo(writer);
        writer.WriteEndObject();
    });

    /// <summary>Moves the clock on, again and again by nothing much, until the call has gone out: whoever waits asks on another thread.</summary>
    private async Task TickAsync(Task<Failure?> call, TimeSpan time)
    {
        await TickAsync((Task)call, time);
        Assert.Null(await call);
    }

    private async Task TickAsync(Task call, TimeSpan time)
    {
        clock.Advance(time);
        using var patience = new CancellationTokenSource(Soon);
        while (!call.IsCompleted)
        {
            patience.Token.ThrowIfCancellationRequested();
            await Task.Yield();
            clock.Advance(TimeSpan.FromMicroseconds(10));
        }

        await call;
    }

    /// <summary>Where a call goes whose parameter says so.</summary>
    private static CallTarget? Aim(string to) => to.Split(':') switch
    {
        ["model", var provider, var tokens] => new CallTarget(TargetKind.Provider, provider, long.Parse(tokens, System.Globalization.CultureInfo.InvariantCulture)),
        _ => CallTarget.OfUrl(to),
    };
}
