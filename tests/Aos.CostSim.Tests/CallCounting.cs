using System.Collections.Immutable;
using Aos.Contracts;

namespace Aos.CostSim.Tests;

/// <summary>Calls are counted, kept and read back, tenant by tenant.</summary>
public sealed class CallCounting
{
    private static readonly TenantId Acme = new("acme");
    private readonly CancellationToken cancel = TestContext.Current.CancellationToken;

    [Fact]
    [Trait("id", "D2.5-03")]
    public async Task Counts_of_several_passes_add_up_and_days_that_are_over_count_no_more()
    {
        await using var house = new ModelHouse();
        var rates = house.Get<CallRates>();
        Call(rates, Acme, "http_call", 40, "TIMEOUT", 4);
        Call(rates, TenantId.Default, "http_call", 60, "TIMEOUT", 60);

        Assert.Equal(4, await rates.PassAsync(cancel));
        Assert.Equal(0, await rates.PassAsync(cancel));
        Assert.Null((await rates.OfAsync(Acme, cancel)).Hash); // 40 calls are too few.
        Call(rates, Acme, "http_call", 10, "NOBODY_KNOWS_IT", 2);
        await rates.PassAsync(cancel);
        Assert.Null((await rates.OfAsync(Acme, cancel)).Hash); // Read a moment ago.
        house.Clock.Advance(CallRates.Fresh);
        await rates.OfAsync(Acme, cancel); // Begins to read, and answers with what was known.
        await Until(async () => (await rates.OfAsync(Acme, cancel)).Hash is not null);

        var rate = Assert.Single(await house.Get<CallTable>().OfAsync(Acme, house.Clock.GetUtcNow(), cancel));
        Assert.Equal(("http_call", 50), (rate.Skill, rate.Calls));
        Assert.Equal(ImmutableSortedDictionary<string, long>.Empty.Add("TIMEOUT", 4).Add("UNKNOWN_ERROR", 2), rate.Failures);

        house.Clock.Advance(TimeSpan.FromDays(CallTable.DaysKept - 1));
        Assert.Single(await house.Get<CallTable>().OfAsync(Acme, house.Clock.GetUtcNow(), cancel));
        house.Clock.Advance(TimeSpan.FromDays(1));
        Assert.Empty(await house.Get<CallTable>().OfAsync(Acme, house.Clock.GetUtcNow(), cancel));
        Assert.Equal(5, await house.Get<CallTable>().ForgetAsync(house.Clock.GetUtcNow(), 100, cancel));
    }

    [Fact]
    [Trait("id", "D1.2-05")]
    public async Task What_was_simulated_is_written_beside_what_stands_there_and_its_count_grows()
    {
        await using var house = new ModelHouse();
        var (memory, notes) = (house.Get<IPins>(), house.Get<ISimulationMemory>());
        var caller = Caller.System(Acme);
        await memory.PutAsync(caller, new PinWish("workflow:w:state", Json.Parse("""{"phase":"two"}"""), "api", null), cancel);
        Assert.Equal(["workflow_state"], (await notes.KnownAsync(Acme, "a", "w", cancel)).Names);

        var estimate = new CoefficientModel().Estimate(GoldenVectors.Plan("llm:Hello world", 100));
        for (var i = 0; i < 3; i++) Assert.Equal(2, await notes.WriteAsync(caller, "w", estimate, cancel));
        Assert.Equal(1, await notes.WriteAsync(caller, null, estimate, cancel));

        var (history, state) = ((await memory.FindAsync(caller, "costsim:history", cancel))!, (await memory.FindAsync(caller, "workflow:w:state", cancel))!);
        Assert.Equal("""{"last_cost_cents":4,"last_feasible":true,"last_simulation":"2026-03-31T12:00:00Z","total_simulations":4}""", CanonicalJson.Text(history.Value));
        Assert.Equal("""{"last_feasibility":true,"last_simulation_at":"2026-03-31T12:00:00Z","phase":"two","simulation_count":3}""", CanonicalJson.Text(state.Value));
        Assert.Equal("costsim_engine", history.Source);
        Assert.Equal(["workflow_state", "cost_history"], (await notes.KnownAsync(Acme, "a", "w", cancel)).Names);
        Assert.Empty((await notes.KnownAsync(TenantId.Default, "a", "w", cancel)).Names);
        Assert.Equal(["cost_history"], (await notes.KnownAsync(Acme, "no such key: \n", "\n", cancel)).Names);
    }

    private static void Call(CallRates rates, TenantId tenant, string skill, int calls, string code, int failures)
    {
        for (var i = 0; i < calls; i++) rates.Called(tenant, skill, i < failures ? code : null);
    }

    private static async Task Until(Func<Task<bool>> isSo)
    {
        while (!await isSo()) await Task.Yield();
    }
}
