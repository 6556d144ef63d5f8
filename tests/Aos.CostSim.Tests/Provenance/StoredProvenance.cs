using System.Text;
using Aos.App;
using Aos.Contracts;
using Aos.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.CostSim.Tests;

/// <summary>What is recorded stays, once, for whose it is.</summary>
public sealed class StoredProvenance : IAsyncLifetime
{
    private readonly TestStore store = TestStore.Open(Register);
    private readonly List<ServiceProvider> nodes = [];
    private ManualClock clock = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private IProvenance Book => Of<IProvenance>(0);

    public ValueTask InitializeAsync()
    {
        clock = new ManualClock(Records.At);
        Open();
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in nodes) await node.DisposeAsync();
        await store.DisposeAsync();
    }

    [Fact]
    [Trait("id", "D9.31-01")]
    [Trait("id", "D6.2-01")]
    [Trait("id", "D6.2-02")]
    [Trait("id", "D6.2-06")]
    public async Task What_is_written_is_found_by_hash_run_version_and_time_and_only_by_its_tenant()
    {
        var run = new RunId(Guid.CreateVersion7());
        Assert.Equal(0, await Book.WriteAsync([], Cancel));
        Assert.Equal(2, await Book.WriteAsync([Records.Provenance("acme", "a"), Records.Provenance("acme", "b", 10, 14, run, Records.At.AddDays(1), "2.1.0")], Cancel));
        Assert.Equal(1, await Book.WriteAsync([Records.Provenance("rival", "a")], Cancel));
        var mine = new ProvenanceFilter(new TenantId("acme"));

        var a = Assert.Single(await Book.QueryAsync(mine with { InputHash = Records.Hash("a") }, 10, 0, Cancel));
        Assert.Equal((Records.Hash("a"), 100m, null, 0.25, "mismatch", Records.At), (a.InputHash, a.V1Cents, a.V2Cents, a.DriftScore, a.Verdict, a.At));
        Assert.Equal("""{"plan":[{"skill":"a"}]}""", a.Payload.GetRawText());
        Assert.Equal(64, a.Id.Length);
        Assert.Equal(a.Id, Assert.Single(await Book.QueryAsync(mine with { Id = a.Id }, 1, 0, Cancel)).Id);
        var b = Assert.Single(await Book.QueryAsync(mine with { Run = run }, 10, 0, Cancel));
        foreach (var filter in new[] { mine with { ModelVersion = "2.1.0" }, mine with { From = Records.At.AddDays(1) }, mine with { Paired = true } })
            Assert.Equal(b.Id, Assert.Single(await Book.QueryAsync(filter, 10, 0, Cancel)).Id);
        Assert.Equal([b.Id, a.Id], (await Book.QueryAsync(mine, 10, 0, Cancel)).Select(record => record.Id));
        Assert.Equal(a.Id, Assert.Single(await Book.QueryAsync(mine, 1, 1, Cancel)).Id);
        Assert.Equal((2, 1, 0, 3), (await Book.CountAsync(mine, Cancel), await Book.CountAsync(mine with { Until = Records.At.AddDays(1) }, Cancel), await Book.CountAsync(mine with { Source = "shadow" }, Cancel), await Book.CountAsync(new ProvenanceFilter(null), Cancel)));
        Assert.Empty(await Book.QueryAsync(new ProvenanceFilter(new TenantId("rival")) { Id = a.Id }, 1, 0, Cancel));
    }

    [Fact]
    [Trait("id", "D6.2-03")]
    public async Task Drift_is_summed_over_records_with_both_costs()
    {
        await Book.WriteAsync([Records.Provenance("acme", "a", 10, 14), Records.Provenance("acme", "b", 10, 8), Records.Provenance("acme", "c", 10), Records.Provenance("rival", "d", 1, 1_000)], Cancel);

        Assert.Equal(new ProvenanceStats(2, 1, -2, 4, 3), await Book.StatsAsync(new ProvenanceFilter(new TenantId("acme")), Cancel));
        Assert.Equal(new ProvenanceStats(0, 0, 0, 0, 0), await Book.StatsAsync(new ProvenanceFilter(new TenantId("nobody")), Cancel));
    }

    [Fact]
    [Trait("id", "D6.2-04")]
    public async Task Three_nodes_that_write_the_same_at_once_write_it_once()
    {
        var others = store.Kind == TestStoreKind.Sqlite ? 1 : 3; // The embedded store has one node.
        while (nodes.Count < others) Open();
        var records = Enumerable.Range(0, 40).Select(n => Records.Provenance("acme", $"q{n}")).ToList();

        var written = await Task.WhenAll(Enumerable.Range(0, 6).Select(n => Task.Run(() => Of<IProvenance>(n % nodes.Count).WriteAsync(n % 2 == 0 ? records : [.. records.AsEnumerable().Reverse()], Cancel))));

        Assert.Equal(40, written.Sum());
        Assert.Equal(40, await Book.CountAsync(new ProvenanceFilter(new TenantId("acme")), Cancel));
        // Of another day or run, or with another answer, it is another record; of the same day it is not.
        var one = records[0];
        Assert.Equal(3, await Book.WriteAsync([one with { At = one.At.AddDays(1) }, one with { Run = new RunId(Guid.CreateVersion7()) }, one with { OutputHash = Records.Hash("else") }, one with { At = one.At.AddHours(1) }], Cancel));
    }

    [Fact]
    [Trait("id", "D6.2-05")]
    public async Task What_is_too_old_goes_and_with_a_deleted_run_what_was_recorded_of_it()
    {
        var run = new RunId(Guid.CreateVersion7());
        var costs = Of<ICostRecords>(0);
        await Book.WriteAsync([Records.Provenance("acme", "old", at: Records.At.AddDays(-91)), Records.Provenance("acme", "new", at: Records.At.AddDays(-89)), Records.Provenance("acme", "of run", run: run)], Cancel);
        await costs.WriteAsync([Records.Cost("acme", "1", "a", 1, 1, Records.At.AddDays(-91)), Records.Cost("acme", "2", "a", 1, 1, Records.At.AddDays(-89))], Cancel);

        foreach (var chore in new[] { "provenance-retention", "cost-record-retention" })
        {
            Assert.Equal(1, await Chore(chore).PassAsync(Cancel));
            Assert.Equal(0, await Chore(chore).PassAsync(Cancel));
        }

        await Of<IDatabase>(0).ForHouse.WriteAsync(
            (connection, transaction) =>
            {
                foreach (var room in nodes[0].GetServices<IForgetsRuns>()) room.Forget(connection, transaction, [(new TenantId("acme"), run)]);
                return 0;
            },
            Cancel);

        Assert.Equal(Records.Hash("new"), Assert.Single(await Book.QueryAsync(new ProvenanceFilter(new TenantId("acme")), 10, 0, Cancel)).InputHash);
        Assert.Equal("2", Assert.Single(await costs.ListAsync(new CostRecordFilter(new TenantId("acme")), 10, Cancel)).Id);
    }

    [Fact]
    [Trait("id", "D6.1-01")]
    [Trait("id", "D6.1-02")]
    public async Task Simulations_are_written_off_the_way_and_none_is_lost_when_the_node_stops()
    {
        var (buffer, costs) = (Of<ProvenanceBuffer>(0), Of<ICosts>(0));
        var reading = Of<ISkills>(0).ReadPlan(Json.Parse("""{"name":"p","steps":[{"id":"a","skill":"echo","params":{}}]}"""));
        var mine = new ProvenanceFilter(new TenantId("acme"), Variant: "v1", Source: "simulate");
        await buffer.StartAsync(Cancel); // By a clock that stands still it gathers for ever.

        for (var budget = 0; budget < 500; budget++) costs.Simulate(new SimulationRequest(reading, new TenantId("acme"), null, new Cents(budget), null, 0, null, Json.EmptyObject));
        var repeated = costs.Simulate(new SimulationRequest(reading, new TenantId("acme"), null, new Cents(1), null, 0, null, Json.EmptyObject));
        await buffer.StopAsync(Cancel);

        Assert.Equal(500, await Book.CountAsync(mine, Cancel));
        var one = (await Book.QueryAsync(mine, 1, 0, Cancel))[0];
        Assert.Equal((repeated.Status, reading.Plan!.Hash), (one.Status, one.Payload.GetProperty("input").GetText("plan_hash")));
    }

    [Fact]
    [Trait("id", "D6.1-03")]
    [Trait("store", "none")]
    public void A_payload_is_packed_and_comes_back_as_it_was()
    {
        var json = Json.Parse("{\"b\":\"" + new string('x', 100_000) + "\",\"a\":1}");

        var packed = Payload.Pack(json, compress: true);

        Assert.InRange(packed.Length, 10, 1_000);
        Assert.Equal(CanonicalJson.Bytes(json), Payload.Unpack(packed).Raw().ToArray());
        Assert.Equal(1 + CanonicalJson.Bytes(json).Length, Payload.Pack(json, compress: false).Length);
        Assert.Equal("{}", Payload.Unpack(Payload.Pack(Json.EmptyObject, compress: true)).GetRawText());
        Assert.Throws<InvalidDataException>(() => Payload.Unpack(Encoding.UTF8.GetBytes("9{}")));
    }

    private T Of<T>(int node)
        where T : notnull => nodes[node].GetRequiredService<T>();

    private IChore Chore(string name) => nodes[0].GetServices<IChore>().Single(chore => chore.Name == name);

    private void Open()
    {
        var services = new ServiceCollection();
        Register(services, store.Options());
        nodes.Add(services.AddSingleton<TimeProvider>(clock).BuildServiceProvider());
        nodes[^1].GetRequiredService<IRunRows>(); // Opens the store.
    }

    private static void Register(IServiceCollection services, Storage.StorageOptions options) =>
        services.AddLogging().AddHouse(new ConfigurationBuilder().Build(), new HouseOptions(options.Data, options.Data) { DatabaseUrl = options.DatabaseUrl });
}
