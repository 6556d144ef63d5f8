using System.Diagnostics.Metrics;
using Aos.Contracts;
using Aos.Failures;
using Aos.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.Integration.Tests.Storage;

/// <summary>Unknown failures are gathered by what they have in common.</summary>
public sealed class FailureCandidates
{
    private readonly CancellationToken cancel = TestContext.Current.CancellationToken;
    private readonly ManualClock clock = new(new DateTimeOffset(2026, 3, 1, 0, 0, 0, TimeSpan.Zero));

    [Fact]
    [Trait("id", "F5.52-03")]
    [Trait("id", "F5.52-04")]
    [Trait("id", "F5.52-05")]
    public async Task Equal_failures_become_one_candidate_and_what_is_gathered_replaces_what_was()
    {
        await using var house = new StoreHouse(clock, services => services.AddSingleton(CandidateTable.Migration));
        var table = new CandidateTable(house.Get<IDatabase>());
        for (var i = 0; i < 3; i++) await KeepAsync(house, $"Order {i} was odd.", null, "ODD");
        await KeepAsync(house, "Once only.", null, "RARE");
        await KeepAsync(house, "Order 4 was late.", "TIMEOUT", "TIMEOUT");
        var chore = new FailureAggregation(table, house.Get<ICluster>(), new FailureMeter(new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>()));

        var nightly = await chore.PassAsync(cancel);
        var found = Assert.Single(await table.ListAsync(TenantId.Default, cancel));
        var all = await table.GatherAsync(TenantId.Default, clock.GetUtcNow().AddDays(-1), 1, cancel);
        var both = await table.ListAsync(TenantId.Default, cancel);
        clock.Advance(TimeSpan.FromDays(FailureAggregation.DaysDefault + 1));
        var later = (await chore.PassAsync(cancel), await chore.PassAsync(cancel));

        Assert.Equal((1, "ODD", "charge", 3L, 3L, 1L), (nightly, found.Code, found.Skill, found.Occurrences, found.Runs, found.Agents));
        Assert.Equal(2, all);
        Assert.Equal(["ODD", "RARE"], both.Select(one => one.Code));
        Assert.Equal(4, both.Sum(one => one.Occurrences));
        Assert.Empty(await table.ListAsync(new TenantId("rival"), cancel));
        Assert.Equal((1, 0), later); // It clears away, and comes less often once there is nothing.
        Assert.Empty(await table.ListAsync(TenantId.Default, cancel));
    }

    [Fact]
    [Trait("id", "F5.51-34")]
    public async Task A_code_is_found_however_it_is_spelt()
    {
        await using var house = new StoreHouse(clock, services => services.AddSingleton(CandidateTable.Migration));
        await KeepAsync(house, "Order 1 was odd.", null, "odd_Thing");
        var table = new FailureTable(house.Get<IDatabase>());

        foreach (var code in new[] { "odd_Thing", "ODD_THING", "odd_thing" })
            Assert.Equal(1, (await table.ListAsync(TenantId.Default, new FailureFilter { Code = code }, false, 9, 0, cancel)).Item2);
        var counts = await table.CountAsync(TenantId.Default, null, 0, cancel);
        Assert.Equal((null, 1L), (counts.Single().Code, counts.Single().Count));
    }

    private async Task KeepAsync(StoreHouse house, string message, string? entry, string code)
    {
        var (run, now) = (new RunId(Guid.CreateVersion7(clock.GetUtcNow())), clock.GetUtcNow());
        var failed = new FailedStep
        {
            Run = run, Tenant = TenantId.Default, Place = "s0", Seq = 1, At = now, Step = "pay", AgentId = "a", Skill = "charge", Code = code, Message = message, Entry = entry,
            Match = entry is null ? MatchKind.None : MatchKind.Code, Signature = FailureSignature.Of(code, "charge", message),
        };
        Assert.IsType<AppendReply.Appended>(await house.Journal.AppendAsync(house.Append(run, 0, 1, now) with { Failures = [failed] }, cancel));
    }
}
