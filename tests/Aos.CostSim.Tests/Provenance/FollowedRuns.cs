using System.Collections.Immutable;
using Aos.App;
using Aos.Contracts;
using Aos.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.CostSim.Tests;

/// <summary>The follower goes along the ends of runs, once.</summary>
public sealed class FollowedRuns : IAsyncDisposable
{
    private const string NoLabels = "{}";

    private readonly TestStore store = TestStore.Open((services, options) => Register(services, options, null));
    private readonly ManualClock clock = new(Records.At);
    private readonly PlantedCalls calls = new();
    private readonly ServiceProvider services;

    public FollowedRuns()
    {
        var collection = new ServiceCollection();
        Register(collection, store.Options(), calls);
        services = collection.AddSingleton<TimeProvider>(clock).BuildServiceProvider();
        services.GetRequiredService<IRunRows>(); // Opens the store.
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private IChore Follower => services.GetServices<IChore>().Single(chore => chore.Name == "cost-actuals");

    public async ValueTask DisposeAsync()
    {
        await services.DisposeAsync();
        await store.DisposeAsync();
    }

    [Fact]
    [Trait("id", "D7.9-01")]
    [Trait("id", "D7.9-02")]
    [Trait("id", "D7.9-03")]
    public async Task Each_ended_run_is_read_once_also_when_the_node_ends_between_batches()
    {
        var runs = ActualsFollower.BatchMax + 20;
        for (var n = 0; n < runs; n++) await EndAsync(n, "acme", Records.At.AddHours(-1).AddSeconds(n / 2));
        calls.FailsAt = ActualsFollower.BatchMax + 5;

        await Assert.ThrowsAsync<IOException>(() => Follower.PassAsync(Cancel));
        Assert.Equal(ActualsFollower.BatchMax, (await ListAsync("acme")).Count);
        calls.FailsAt = null;
        Assert.Equal(20, await Follower.PassAsync(Cancel)); // Goes on where the cursor is: the first batch is not read again.
        Assert.Equal(0, await Follower.PassAsync(Cancel));

        Assert.Equal(runs, (await ListAsync("acme")).Count);
        Assert.Equal(runs, await services.GetRequiredService<IProvenance>().CountAsync(new ProvenanceFilter(new TenantId("acme"), Variant: "actual"), Cancel));
        Assert.Equal(new ActualsReport(runs, 0, runs, 0), await Costs.BackfillAsync(null, null, null, false, Cancel));
    }

    [Fact]
    [Trait("id", "D7.9-04")]
    [Trait("id", "D7.9-05")]
    [Trait("id", "D7.9-06")]
    public async Task What_has_just_ended_waits_a_minute_free_calls_leave_nothing_and_damage_holds_up_nobody()
    {
        await EndAsync(0, "acme", Records.At.AddMinutes(-2));
        await EndAsync(1, "rival", Records.At.AddMinutes(-2));
        await EndAsync(2, "acme", Records.At.AddSeconds(-30));
        calls.Damaged = PlantedCalls.Id(1);

        Assert.Equal(2, await Follower.PassAsync(Cancel));
        Assert.Empty(await ListAsync("rival"));
        var record = Assert.Single(await ListAsync("acme"));
        Assert.Equal(("priced", 10m, 7.25m, 120, true, "run"), (record.Skill, record.Simulated.Value, record.Actual.Value, record.DurationMs, record.Ok, record.Source));
        clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(1, await Follower.PassAsync(Cancel));
        Assert.Equal(2, (await ListAsync("acme")).Count);

        // Told again within a time, and only for whom it is asked.
        calls.Damaged = default;
        Assert.Equal(new ActualsReport(1, 1, 0, 0), await Costs.BackfillAsync(new TenantId("rival"), Records.At.AddMinutes(-3), Records.At, true, Cancel));
        Assert.Equal(new ActualsReport(1, 1, 0, 0), await Costs.BackfillAsync(new TenantId("rival"), Records.At.AddMinutes(-3), Records.At, false, Cancel));
        Assert.Equal(new ActualsReport(0, 0, 0, 0), await Costs.BackfillAsync(new TenantId("rival"), Records.At.AddMinutes(-1), null, false, Cancel));
    }

    private ICostRecords Costs => services.GetRequiredService<ICostRecords>();

    private Task<IReadOnlyList<CostRecord>> ListAsync(string tenant) => Costs.ListAsync(new CostRecordFilter(new TenantId(tenant)), 1_000, Cancel);

    /// <summary>The row of a run that is over; its journal is planted.</summary>
    private async Task EndAsync(int number, string tenant, DateTimeOffset at)
    {
        var id = PlantedCalls.Id(number);
        calls.Tenants[id] = (new TenantId(tenant), at);
        await using var connection = store.Connect();
        await using var command = connection.CreateCommand();
        var (of, owner) = store.Kind == TestStoreKind.Sqlite ? ($"X'{id.Value:N}'", "owned") : ($"'{id.Value:D}'::uuid", "owner");
        command.CommandText =
            $"""
            INSERT INTO runs (id, tenant_id, agent_id, status, labels, last_seq, {owner}, attempt, spent, created_at, updated_at, ended_at)
            VALUES ({of}, '{tenant}', 'a', {(int)RunStatus.Succeeded}, '{NoLabels}', 1, {(store.Kind == TestStoreKind.Sqlite ? "0" : "NULL")}, 1, 0, {at.UtcTicks}, {at.UtcTicks}, {at.UtcTicks})
            """;
        await command.ExecuteNonQueryAsync(Cancel);
    }

    private static void Register(IServiceCollection services, Storage.StorageOptions options, IFinishedCalls? calls)
    {
        services.AddLogging().AddHouse(new ConfigurationBuilder().Build(), new HouseOptions(options.Data, options.Data) { DatabaseUrl = options.DatabaseUrl });
        if (calls is not null) services.AddSingleton(calls);
    }

    /// <summary>Each run has made one call that costs and one that does not.</summary>
    private sealed class PlantedCalls : IFinishedCalls
    {
        private int read;

        internal Dictionary<RunId, (TenantId Tenant, DateTimeOffset At)> Tenants { get; } = [];

        /// <summary>The reading that the process dies at.</summary>
        internal int? FailsAt { get; set; }

        internal RunId Damaged { get; set; }

        internal static RunId Id(int number) => new(new Guid($"01900000-0000-7000-8000-{number:x12}"));

        public Task<RunCalls?> ReadAsync(RunId run, CancellationToken cancel)
        {
            if (++read == FailsAt) throw new IOException("The node ends.");
            if (run == Damaged) throw new JournalCorruptException(run, 2, "Damaged.");
            var (tenant, at) = Tenants[run];
            FinishedCall Call(int seq, string skill, decimal cents) => new(seq, $"s{seq}.-1.0", "a", skill, Json.EmptyObject, null, new Cents(cents), TimeSpan.FromMilliseconds(120), true, at);
            return Task.FromResult<RunCalls?>(new RunCalls(run, tenant, "ab", RunStatus.Succeeded, null, new Cents(7.25m), at, [Call(2, "priced", 7.25m), Call(4, "json_transform", 0)]));
        }
    }
}
