using Aos.Runs;
using Aos.Testing;

namespace Aos.CostSim.Tests.Budgets;

/// <summary>What a run's events mean for the ledger adds up to what the run says it has spent, whatever happens to it.</summary>
[Trait("store", "none")]
public sealed class LinesOfRuns
{
    [Theory]
    [InlineData(Behaviour.Answer)]
    [InlineData(Behaviour.Twice)]
    [InlineData(Behaviour.Fail)]
    [InlineData(Behaviour.CrashBefore)]
    [InlineData(Behaviour.CrashAfter)]
    [InlineData(Behaviour.ThenNever)]
    [Trait("id", "D7.3-07")]
    [Trait("id", "D7.3-08")]
    public async Task Lines_add_up_to_the_runs_own_sum_and_each_order_has_one_of_its_own(Behaviour first)
    {
        await using var world = await World.OpenAsync();
        world.Skills.Add("echo", EffectClass.Pure).Add("put", EffectClass.Idempotent, cents: 3).Add("post", EffectClass.AtMostOnce, cents: 2);
        var calls = 0;
        world.Skills.Behave = call => call.Number == 1 && Interlocked.Increment(ref calls) % 3 == 1 && call.Skill != "echo" ? first : Behaviour.Answer;
        var run = await world.StartAsync("""
            {"name":"p","steps":[
              {"id":"a","skill":"put","retry":{"max_attempts":3,"backoff":"1s"}},{"id":"l","skill":"put","for_each":"${{ [1, 2, 3] }}","params":{"v":"${{ item }}"},"retry":{"max_attempts":3,"backoff":"1s"}},
              {"id":"b","skill":"post","on_error":"continue"},{"id":"e","skill":"echo"},{"id":"r","skill":"put","repeat":{"until":"true","delay":"1s","max":2}}]}
            """);
        await world.SettleAsync();
        var state = await world.ReadAsync(run);
        if (!state.Status.IsOver())
        {
            await world.CommandAsync(run, new CancelRun("enough"));
            await world.SettleAsync();
        }

        state = await world.ReadAsync(run);
        var facts = PaidCalls.Of(RunState.Empty, [.. world.Journal.Events(run).Select(entry => EventCodec.Decode(run, entry))]);
        var (opened, settled) = (facts.Calls.Where(fact => fact.Kind == MoneyKind.Opened).ToList(), facts.Calls.Where(fact => fact.Kind == MoneyKind.Settled).ToList());

        Assert.Equal(state.Spent, settled.Aggregate(Cents.Zero, (sum, fact) => sum + fact.Actual));
        Assert.Equal(opened.Count, opened.Select(fact => fact.Call.Call).Distinct(StringComparer.Ordinal).Count());
        Assert.Equal(opened.Select(fact => fact.Call.Call).Order(StringComparer.Ordinal), settled.Select(fact => fact.Call.Call).Order(StringComparer.Ordinal));
        Assert.Equal(1, facts.Ended);
    }
}
