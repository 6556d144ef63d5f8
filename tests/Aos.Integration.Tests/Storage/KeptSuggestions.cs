using Aos.Contracts;
using Aos.Failures;
using Aos.Testing;
using Microsoft.Extensions.DependencyInjection;
using System.Diagnostics.Metrics;

namespace Aos.Integration.Tests.Storage;

/// <summary>Suggestions in the store: decided once, taken once, forgotten in time.</summary>
public sealed class KeptSuggestions
{
    private static readonly RecoveryAction Retry = new(RecoveryKind.Retry);
    private readonly CancellationToken cancel = TestContext.Current.CancellationToken;
    private readonly ManualClock clock = new(new DateTimeOffset(2026, 3, 1, 0, 0, 0, TimeSpan.Zero));

    [Fact]
    [Trait("id", "F5.55-02")]
    [Trait("id", "F5.57-06")]
    public async Task Of_many_who_decide_or_apply_at_once_one_does()
    {
        await using var house = Open();
        var table = new RecoveryTable(house.Get<IDatabase>());
        var made = await AddAsync(table, new RunId(Guid.CreateVersion7(clock.GetUtcNow())));

        var decided = await Task.WhenAll(Enumerable.Range(0, 6).Select(i => table.DecideAsync(made.Tenant, made.Id, Decision(i % 2 == 0 ? RecoveryStatus.Approved : RecoveryStatus.Rejected), cancel)));
        var other = await AddAsync(table, made.Run!.Value);
        await table.DecideAsync(other.Tenant, other.Id, Decision(RecoveryStatus.Approved), cancel);
        var taken = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => table.TakeAsync(other.Tenant, other.Id, Decision(RecoveryStatus.Applied), made.Run, 2, cancel)));
        var foreign = await table.DecideAsync(new TenantId("rival"), other.Id, Decision(RecoveryStatus.Approved), cancel);
        await table.GiveBackAsync(other.Tenant, other.Id, Decision(RecoveryStatus.Approved), cancel);

        Assert.Single(decided, one => one.Decided);
        Assert.Single(taken, one => one);
        Assert.Equal((null, false), foreign);
        Assert.Equal(["Approved", "Applied", "Approved"], (await table.DecisionsAsync(other.Tenant, other.Id, cancel)).Select(one => one.Decision.ToString()));
        Assert.Equal((RecoveryStatus.Approved, null), ((await table.FindAsync(other.Tenant, other.Id, cancel))!.Status, (await table.FindAsync(other.Tenant, other.Id, cancel))!.AppliedRun));
    }

    [Fact]
    [Trait("id", "F5.57-11")]
    public async Task Suggestions_go_with_their_run_and_with_their_time()
    {
        await using var house = Open();
        var (table, results) = (new RecoveryTable(house.Get<IDatabase>()), new RecoveryResults(house.Get<IDatabase>()));
        var gone = await AddAsync(table, new RunId(Guid.CreateVersion7(clock.GetUtcNow())));
        await table.DecideAsync(gone.Tenant, gone.Id, Decision(RecoveryStatus.Rejected), cancel);
        await house.Get<IDatabase>().For(gone.Tenant).WriteAsync((connection, transaction) => Forget(table, connection, transaction, gone), cancel);
        var old = await AddAsync(table, new RunId(Guid.CreateVersion7(clock.GetUtcNow())));
        await table.DecideAsync(old.Tenant, old.Id, Decision(RecoveryStatus.Rejected), cancel);
        var chore = Chore(house, results);

        var early = await chore.PassAsync(cancel);
        clock.Advance(TimeSpan.FromDays(3));
        var late = await chore.PassAsync(cancel);

        Assert.Null(await table.FindAsync(gone.Tenant, gone.Id, cancel));
        Assert.Empty(await table.DecisionsAsync(gone.Tenant, gone.Id, cancel));
        Assert.Equal((0, 1), (early, late));
        Assert.Null(await table.FindAsync(old.Tenant, old.Id, cancel));
        Assert.Empty(await table.DecisionsAsync(old.Tenant, old.Id, cancel));
        Assert.Equal(0, await chore.PassAsync(cancel));
    }

    [Fact]
    [Trait("id", "F5.57-14")]
    public async Task What_is_still_at_it_hides_nothing_and_keeps_the_chore_coming()
    {
        await using var house = Open();
        var (table, results) = (new RecoveryTable(house.Get<IDatabase>()), new RecoveryResults(house.Get<IDatabase>()));
        var (atIt, over) = (await AppliedAsync(house, table, RunStatus.Waiting, 2), await AppliedAsync(house, table, RunStatus.Succeeded, 2));
        var before = await AppliedAsync(house, table, RunStatus.Failed, 1); // Its next attempt is on its way.
        var foreign = await results.OpenAsync(new TenantId("rival"), 9, cancel);
        var open = await results.OpenAsync(TenantId.Default, 9, cancel);
        var chore = Chore(house, results);

        var passes = (await chore.PassAsync(cancel), await chore.PassAsync(cancel));

        Assert.Empty(foreign);
        Assert.Equal([over, before], open.Select(one => one.Id));
        Assert.Equal((1, 1), passes); // The second finds nothing, and comes again as soon: something is at it.
        Assert.Equal(RecoveryResult.Succeeded, (await table.FindAsync(TenantId.Default, over, cancel))!.Result);
        Assert.Null((await table.FindAsync(TenantId.Default, atIt, cancel))!.Result);
    }

    [Fact]
    [Trait("id", "F5.57-15")]
    public void Chores_come_each_day_also_where_nothing_was_found_for_long()
    {
        Assert.InRange(64 * Chore(null, null).Interval, TimeSpan.Zero, TimeSpan.FromDays(1));
        Assert.InRange(64 * new FailureAggregation(null!, null!, null!).Interval, TimeSpan.Zero, TimeSpan.FromDays(1)); // Else the alert of docs/failures.md is told for nothing.
    }

    [Fact]
    [Trait("id", "F5.57-11")]
    [Trait("id", "F5.58-09")]
    public async Task Many_are_counted_whatever_their_codes_and_go_in_one_pass()
    {
        await using var house = Open();
        var (table, results) = (new RecoveryTable(house.Get<IDatabase>()), new RecoveryResults(house.Get<IDatabase>()));
        var one = await AddAsync(table, new RunId(Guid.CreateVersion7(clock.GetUtcNow())));
        await table.DecideAsync(one.Tenant, one.Id, Decision(RecoveryStatus.Rejected), cancel);
        await house.Get<IDatabase>().For(one.Tenant).WriteAsync(Copies, cancel);

        var counts = await results.CountAsync(TenantId.Default, null, 2, cancel);
        clock.Advance(TimeSpan.FromDays(3));
        var gone = await Chore(house, results).PassAsync(cancel);

        Assert.Equal(1_201, counts.Sum(count => count.Count));
        Assert.Equal([(null, 1_199L), ("CODE0", 1L), ("CODE1", 1L)], counts.GroupBy(count => count.Code).Select(group => (group.Key, group.Sum(count => count.Count))).OrderBy(pair => pair.Key, StringComparer.Ordinal));
        Assert.InRange(counts.Count, 3, 8);
        Assert.Equal(1_201, gone);
        Assert.Empty(await table.DecisionsAsync(one.Tenant, one.Id, cancel));
        Assert.Equal(0, (await table.ListAsync(TenantId.Default, new RecoveryFilter(), 1, 0, cancel)).Item2);
    }

    /// <summary>1,200 suggestions, each for a code of its own that nobody knows.</summary>
    private static int Copies(System.Data.Common.DbConnection connection, System.Data.Common.DbTransaction transaction)
    {
        using var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = """
            WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 1199)
            INSERT INTO recovery_candidates (id, tenant_id, code, kind, suggestion, action, confidence, status, proposed_by, created_at)
            SELECT substr(c.id, 1, 32) || substr(CAST(10000 + n.i AS TEXT), 2, 4), c.tenant_id, 'CODE' || CAST(n.i AS TEXT), c.kind, c.suggestion, c.action, c.confidence, 'proposed', c.proposed_by, c.created_at
            FROM recovery_candidates c, n WHERE c.tenant_id = 'default'
            """;
        return command.ExecuteNonQuery();
    }

    /// <summary>A suggestion that was applied as attempt 2 of a run, which stands so.</summary>
    private async Task<Guid> AppliedAsync(StoreHouse house, RecoveryTable table, RunStatus status, int attempt)
    {
        var (run, now) = (new RunId(Guid.CreateVersion7(clock.GetUtcNow())), clock.GetUtcNow());
        var append = house.Append(run, 0, 1, now);
        var row = append.Row with { Status = status, Attempt = attempt, Owner = null, EndedAt = status == RunStatus.Waiting ? null : now };
        Assert.IsType<AppendReply.Appended>(await house.Journal.AppendAsync(append with { Row = row }, cancel));
        var made = await AddAsync(table, run);
        await table.DecideAsync(made.Tenant, made.Id, Decision(RecoveryStatus.Approved), cancel);
        Assert.True(await table.TakeAsync(made.Tenant, made.Id, Decision(RecoveryStatus.Applied), run, 2, cancel));
        clock.Advance(TimeSpan.FromSeconds(1));
        return made.Id;
    }

    private static RecoveryOutcomes Chore(StoreHouse? house, RecoveryResults? results)
    {
        var factory = new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>();
        return new RecoveryOutcomes(results!, house?.Get<IRunRows>()!, new RecoveryMeter(factory), new FailureMeter(factory), new FailureOptions { RetentionDays = 2 }, house?.Get<ICluster>()!);
    }

    private StoreHouse Open() => new(clock, services => services.AddSingleton(RecoveryRows.Migration).AddSingleton(RecoveryHistory.Migration));

    private static int Forget(RecoveryTable table, System.Data.Common.DbConnection connection, System.Data.Common.DbTransaction transaction, RecoveryCandidate gone)
    {
        table.Forget(connection, transaction, [(gone.Tenant, gone.Run!.Value)]);
        return 0;
    }

    private RecoveryDecision Decision(RecoveryStatus status) => new(status, "somebody", null, Retry, clock.GetUtcNow());

    private async Task<RecoveryCandidate> AddAsync(RecoveryTable table, RunId run)
    {
        var made = new RecoveryCandidate
        {
            Id = Guid.CreateVersion7(clock.GetUtcNow()), Tenant = TenantId.Default, Code = "TIMEOUT", Entry = FailureCatalog.Find("TIMEOUT"), Run = run, Attempt = 1, Action = Retry, Confidence = 0.5m,
            ProposedBy = "somebody", CreatedAt = clock.GetUtcNow(),
        };
        await table.AddAsync(made, cancel);
        return made;
    }
}
