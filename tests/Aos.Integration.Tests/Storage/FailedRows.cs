using Aos.Contracts;
using Aos.Failures;
using Aos.Testing;

namespace Aos.Integration.Tests.Storage;

/// <summary>Failed steps are written with the events that say so, or not at all.</summary>
public sealed class FailedRows
{
    private static readonly FailureFilter All = new();
    private readonly CancellationToken cancel = TestContext.Current.CancellationToken;
    private readonly ManualClock clock = new(new DateTimeOffset(2026, 3, 1, 0, 0, 0, TimeSpan.Zero));

    [Fact]
    [Trait("id", "F5.51-10")]
    [Trait("id", "F5.51-11")]
    [Trait("id", "F5.51-24")]
    [Trait("id", "F5.51-25")]
    public async Task A_place_has_one_row_that_counts_and_recovers()
    {
        await using var house = new StoreHouse(clock);
        var (table, run, now) = (new FailureTable(house.Get<IDatabase>()), New(), clock.GetUtcNow());

        Assert.IsType<AppendReply.Appended>(await house.Journal.AppendAsync(house.Append(run, 0, 2, now) with { Failures = [Failed(run, 1, "s0", "TIMEOUT"), Failed(run, 2, "s1", null)] }, cancel));
        Assert.IsType<AppendReply.Appended>(await house.Journal.AppendAsync(house.Append(run, 2, 1, now) with { Failures = [Failed(run, 3, "s0", "DNS_FAILURE")] }, cancel));
        var again = await Row(table, run, "s0");
        Assert.IsType<AppendReply.Appended>(await house.Journal.AppendAsync(house.Append(run, 3, 1, now) with { Recovered = [new RecoveredStep(run, "s0", 4, now, "retry"), new RecoveredStep(run, "s9", 4, now, "retry")] }, cancel));
        var recovered = await Row(table, run, "s0");

        Assert.Equal((2, "DNS_FAILURE", 3, false), (again.Attempts, again.Failed.Entry, again.Failed.Seq, again.Recovered));
        Assert.Equal((true, true, "retry", now), (recovered.Attempted, recovered.Recovered, recovered.RecoveredBy, recovered.RecoveredAt));
        Assert.Equal((null, 1), ((await Row(table, run, "s1")).Failed.Entry, (await Row(table, run, "s1")).Attempts));
        Assert.Equal(2, (await table.ListAsync(TenantId.Default, All, false, 10, 0, cancel)).Item2);
        Assert.Equal(0, (await table.ListAsync(new TenantId("rival"), All, false, 10, 0, cancel)).Item2);
    }

    [Fact]
    [Trait("id", "F5.51-26")]
    public async Task An_append_that_is_refused_leaves_no_row()
    {
        await using var house = new StoreHouse(clock);
        var (table, run, now) = (new FailureTable(house.Get<IDatabase>()), New(), clock.GetUtcNow());
        await house.Journal.AppendAsync(house.Append(run, 0, 2, now), cancel);

        var reply = await house.Journal.AppendAsync(house.Append(run, 1, 1, now.AddSeconds(1)) with { Failures = [Failed(run, 2, "s0", "TIMEOUT")], Recovered = [new RecoveredStep(run, "s0", 2, now, "retry")] }, cancel);

        Assert.IsNotType<AppendReply.Appended>(reply);
        Assert.Equal(0, (await table.ListAsync(TenantId.Default, All, false, 10, 0, cancel)).Item2);
    }

    [Fact]
    [Trait("id", "F5.51-27")]
    public async Task Rows_go_with_their_time()
    {
        await using var house = new StoreHouse(clock);
        var (table, run) = (new FailureTable(house.Get<IDatabase>()), New());
        await house.Journal.AppendAsync(house.Append(run, 0, 1, clock.GetUtcNow()) with { Failures = [Failed(run, 1, "s0", "TIMEOUT")] }, cancel);
        var chore = new FailureRetention(table, new FailureOptions { RetentionDays = 2 }, house.Get<ICluster>());

        clock.Advance(TimeSpan.FromDays(1));
        var early = await chore.PassAsync(cancel);
        clock.Advance(TimeSpan.FromDays(2));
        var late = await chore.PassAsync(cancel);

        Assert.Equal((0, 1), (early, late));
        Assert.Equal(0, (await table.ListAsync(TenantId.Default, All, false, 10, 0, cancel)).Item2);
    }

    [Fact]
    [Trait("id", "F5.51-28")]
    public async Task Lists_are_narrowed_and_the_gravest_come_first()
    {
        await using var house = new StoreHouse(clock);
        var (table, run) = (new FailureTable(house.Get<IDatabase>()), New());
        FailedStep[] failed = [Failed(run, 1, "s0", "STORE_CORRUPT"), Failed(run, 2, "s1", "CANCELLED"), Failed(run, 3, "s2", "TIMEOUT"), Failed(run, 4, "s3", "PERMISSION_DENIED"), Failed(run, 5, "s4", null)];
        await house.Journal.AppendAsync(house.Append(run, 0, 5, clock.GetUtcNow()) with { Failures = [.. failed.Select(one => one with { At = one.At.AddSeconds(one.Seq) })] }, cancel);

        async Task<string[]> Places(FailureFilter filter, bool gravestFirst = false, int limit = 10, int offset = 0) =>
            [.. (await table.ListAsync(TenantId.Default, filter, gravestFirst, limit, offset, cancel)).Item1.Select(kept => kept.Failed.Place)];

        Assert.Equal(["s4", "s3", "s2", "s1", "s0"], await Places(All));
        Assert.Equal(["s3", "s2"], await Places(All, false, 2, 1));
        Assert.Equal(["s0", "s3", "s4", "s2", "s1"], await Places(All, true));
        Assert.Equal(["s2"], await Places(new FailureFilter { Category = FailureCategory.Transient, Run = run, Recovered = false, Matched = true, Code = "timeout", Skill = "charge", Agent = "a" }));
        Assert.Equal(["s4"], await Places(new FailureFilter { Matched = false }));
        Assert.Empty(await Places(new FailureFilter { Since = clock.GetUtcNow().AddMinutes(1) }));
        var counts = await table.CountAsync(TenantId.Default, null, 10, cancel);
        Assert.Equal((5, 5L, 0L), (counts.Count, counts.Sum(one => one.Count), counts.Sum(one => one.Recovered)));
    }

    private async Task<KeptFailure> Row(FailureTable table, RunId run, string place) => (await table.FindAsync(TenantId.Default, FailedStep.IdOf(run, place), cancel))!;

    private RunId New() => new(Guid.CreateVersion7(clock.GetUtcNow()));

    private FailedStep Failed(RunId run, int seq, string place, string? entry) => new()
    {
        Run = run, Tenant = TenantId.Default, Place = place, Seq = seq, At = clock.GetUtcNow(), Step = "pay", AgentId = "a", Skill = "charge", Code = entry ?? "ODD", Message = "It failed.",
        Entry = entry, Match = entry is null ? MatchKind.None : MatchKind.Code, Signature = FailureSignature.Of(entry ?? "ODD", "charge", "It failed."),
    };
}
