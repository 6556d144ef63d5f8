using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Aos.Contracts;
using Aos.Egress;
using Aos.Memory;
using Aos.Storage;
using Aos.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.CostSim.Tests;

/// <summary>Cost rooms on one database: on PostgreSQL each of a node of its own; the embedded store has one node, whose rooms have desks of their own.</summary>
internal sealed class CanaryHouse : IAsyncDisposable
{
    private readonly TestStore store;
    private readonly List<ServiceProvider> nodes = [];
    private readonly List<CanaryDesk> desks = [];
    private readonly CostSimOptions options;
    private readonly ICostModel? second;

    private CanaryHouse(CostSimOptions options, ICostModel? second)
    {
        (this.options, this.second) = (options, second);
        options.Breaker.Instance = "node";
        store = TestStore.Open(Register);
    }

    internal ManualClock Clock { get; } = new(new DateTimeOffset(2026, 3, 31, 2, 0, 0, TimeSpan.Zero));

    internal static CancellationToken Cancel => TestContext.Current.CancellationToken;

    internal static Caller Admin { get; } = new(TenantId.Default, "key:admin", []) { IsHouse = true };

    internal IReadOnlyList<CanaryDesk> Desks => desks;

    internal CanaryDesk Desk => desks[0];

    internal TestStore Store => store;

    internal DateTimeOffset Now => Get<ICluster>().Now;

    /// <param name="second">Takes the place of the shipped second model.</param>
    internal static async Task<CanaryHouse> OpenAsync(Action<CostSimOptions>? set = null, ICostModel? second = null, int rooms = 1)
    {
        var options = new CostSimOptions();
        set?.Invoke(options);
        var house = new CanaryHouse(options, second);
        for (var i = 0; i < rooms; i++) await house.JoinAsync();
        return house;
    }

    internal T Get<T>(int node = 0)
        where T : notnull => nodes[Math.Min(node, nodes.Count - 1)].GetRequiredService<T>();

    internal Task<CanaryReport> RunAsync(CanaryOrder? order = null) => Desk.RunAsync(order ?? new CanaryOrder(), Cancel);

    /// <summary>A chore of a room, its own desk in it.</summary>
    internal CanaryChore Chore(int room = 0) => new(desks[room], Get<CanaryTable>(room), options.Canary, Get<ICluster>(room));

    /// <summary>Both models are asked now, and what they said is recorded as the worker would.</summary>
    internal async Task<CostQuestion> AskedAsync(string tenant, TimeSpan ago, params (string Skill, string Params)[] steps)
    {
        var question = new CostQuestion([.. steps.Select(step => new CostStep(step.Skill, Json.Parse(step.Params)))], 1_000, []);
        var (first, second, comparison) = Get<ICostModels>().Compare(question);
        await Get<IProvenance>().WriteAsync([ShadowRecords.Of(new TenantId(tenant), null, "shadow", question, first, second, comparison, 1, null, Now - ago)], Cancel);
        return question;
    }

    /// <summary>Successful calls, each of which was estimated at 5 cents.</summary>
    internal Task<int> PaidAsync(string skill, int calls, decimal cents, string source = "run") => Get<CostRecordTable>().WriteAsync(
        [
            .. Enumerable.Range(0, calls).Select(i => Records.Cost("acme", string.Create(CultureInfo.InvariantCulture, $"{skill}-{source}-{i}"), skill, 5, cents, Now.AddHours(-1).AddSeconds(-i)) with { Source = source }),
        ],
        Cancel);

    internal async Task<string> ArtifactAsync(CanaryReport report, string name) => System.Text.Encoding.UTF8.GetString((await Desk.ArtifactAsync(report.RunId, name, Cancel))!);

    internal async Task<int> WriteAsync(string sql)
    {
        await using var connection = store.Connect();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        return await command.ExecuteNonQueryAsync(Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in nodes) await node.DisposeAsync();
        await store.DisposeAsync();
    }

    private async Task JoinAsync()
    {
        if (nodes.Count == 0 || store.Kind != TestStoreKind.Sqlite)
        {
            var services = new ServiceCollection();
            var storage = store.Options();
            storage.MasterKey = new string('m', StorageOptions.MasterKeyCharsMin);
            Register(services, storage);
            nodes.Add(services.BuildServiceProvider());
            await nodes[^1].GetRequiredService<ICluster>().JoinAsync(Cancel);
        }

        desks.Add(desks.Count < nodes.Count ? nodes[^1].GetRequiredService<CanaryDesk>() : ActivatorUtilities.CreateInstance<CanaryDesk>(nodes[0]));
    }

    private void Register(IServiceCollection services, StorageOptions storage)
    {
        services.AddLogging();
        services.AddSingleton<TimeProvider>(Clock);
        new AosBuilder(services, new ConfigurationBuilder().Build())
            .AddStorage(storage)
            .AddEgress(new EgressOptions { Allow = ["127.0.0.1"] })
            .AddMemory()
            .AddCostSim(options);
        if (second is not null) services.AddSingleton(second);
    }
}

/// <summary>A second model as a host registers one, with whatever version and behaviour it has.</summary>
internal sealed class OtherModel(ICostModel of, string? version = null, Action<CostQuestion>? before = null) : ICostModel
{
    public string Name => "v2";

    public string Version => version ?? of.Version;

    public CostEstimate Estimate(CostQuestion question)
    {
        before?.Invoke(question);
        return of.Estimate(question) with { ModelVersion = Version };
    }

    /// <summary>The shipped coefficients but for one skill.</summary>
    internal static CoefficientModel With(string skill, Func<CoefficientRow, CoefficientRow> change) =>
        new(ImmutableDictionary<string, CoefficientRow>.Empty.Add(skill, change(CoefficientModel.Rows.GetValueOrDefault(skill, CoefficientModel.Unknown))));
}
