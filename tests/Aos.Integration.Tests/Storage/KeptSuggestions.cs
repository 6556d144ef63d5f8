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
        var factory = new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>();
        var chore = new RecoveryOutcomes(results, house.Get<IRunRows>(), new RecoveryMeter(factory), new FailureMeter(factory), new FailureOptions { RetentionDays = 2 }, house.Get<ICluster>());

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

    private StoreHouse Open() => new(clock, services => services.AddSingleton(RecoveryRows.Migration));

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
