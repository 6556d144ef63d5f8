using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Data.Common;
using Aos.Contracts;
using Aos.Runs;
using Aos.Storage;
using Aos.Testing;
using Dapper;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.Integration.Tests.Budgets;

/// <summary>Nodes that spend from one store's budgets: three on PostgreSQL, one on the embedded store, where a process that dies is followed by the next.</summary>
internal sealed class SpendingHouse : IAsyncDisposable
{
    /// <summary>As long as this nothing is stored only if something went wrong.</summary>
    private static readonly TimeSpan StillMax = TimeSpan.FromMinutes(1);
    private readonly TestStore store;
    private readonly List<SpendingNode> nodes = [];
    private TaskCompletionSource change = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private SpendingHouse(TestStore store) => this.store = store;

    internal Till Till { get; } = new();

    internal bool IsShared => store.Kind != TestStoreKind.Sqlite;

    internal IReadOnlyList<SpendingNode> Nodes => nodes;

    internal static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Asked around each write and call: true: the node dies there.</summary>
    internal Func<string, bool> Dies { get; set; } = static _ => false;

    /// <summary>What is wrong on purpose.</summary>
    internal Mistake Planted { get; set; }

    /// <summary>How often a node has died.</summary>
    internal int Deaths { get; private set; }

    internal static async Task<SpendingHouse> OpenAsync(int? nodes = null)
    {
        var house = new SpendingHouse(await Task.Run(() => TestStore.Open(Register)));
        for (var i = 0; i < (house.IsShared ? nodes ?? 3 : 1); i++) house.nodes.Add(await SpendingNode.OpenAsync(house, house.Provider()));
        return house;
    }

    /// <summary>A provider of the store as a process has it.</summary>
    internal ServiceProvider Provider()
    {
        var services = new ServiceCollection();
        Register(services, store.Options());
        return services.BuildServiceProvider();
    }

    internal DbConnection Connect() => store.Connect();

    internal T Ask<T>(string sql, object? with = null)
    {
        using var connection = Connect();
        return connection.ExecuteScalar<T>(sql, with)!;
    }

    internal Task<bool> LimitAsync(AccountScope scope, string name, AccountPeriod period, decimal? hard, bool fails = false) => nodes[0].Get<AccountTable>().PutAsync(
        TenantId.Default, new BudgetAccount(new AccountKey(scope, name, period)) { Hard = hard is { } cents ? new Cents(cents) : null, Fails = fails }, "test", DateTimeOffset.UnixEpoch, Cancel);

    /// <summary>Starts a run on a node, as often as it takes.</summary>
    internal async Task<RunId> StartAsync(int node, string plan, string agent = "agent", Cents? budget = null)
    {
        var reading = PlanReader.Read(Json.Parse(plan), Till.Terms);
        Assert.True(reading.Plan is not null, string.Join('\n', reading.Problems));
        var id = new RunId(Guid.CreateVersion7());
        var start = new StartRun(
            id, TenantId.Default, agent, reading.Plan, Json.EmptyObject, 42, budget, Till.Terms.ToImmutableSortedDictionary(StringComparer.Ordinal), ImmutableSortedDictionary<string, string>.Empty, null);
        while (true)
        {
            var here = nodes[node % nodes.Count];
            var asked = here.Engine.StartAsync(start, null, null, Cancel);
            // A process that dies meanwhile answers nobody: whoever asked asks the next one.
            await Task.WhenAny(asked, here.Life.Died);
            if (!asked.IsCompleted) continue;
            try
            {
                if (await asked is AppendReply.Appended or AppendReply.AlreadyExists) return id;
            }
            catch (JournalUnavailableException)
            {
                // Again.
            }
        }
    }

    internal async Task<RunState> ReadAsync(RunId run) => (await Loading.FoldAsync(nodes[0].Get<IJournal>(), run, Cancel)).State;

    /// <summary>Waits until no run does anything more: each is over, or stands still for want of a budget.</summary>
    internal async Task<RunState[]> SettleAsync(IReadOnlyList<RunId> runs)
    {
        while (true)
        {
            var next = Volatile.Read(ref change).Task;
            var states = await Task.WhenAll(runs.Select(ReadAsync));
            if (states.All(state => state.Status.IsOver() || state is { IsPaused: true } && state.Steps.Sum.Started == 0)) return states;
            await next.WaitAsync(StillMax, Cancel);
        }
    }

    /// <summary>A node dies: others take its runs, or the next process does. What it was about to do happens nowhere, or too late.</summary>
    internal async Task DieAsync(SpendingNode node)
    {
        if (!IsShared)
        {
            if (!await node.Life.EndAsync()) return;
            Deaths++;
            nodes[0] = await SpendingNode.OpenAsync(this, node.Services);
            return;
        }

        Deaths++;

        await using (var connection = Connect())
            await connection.ExecuteAsync("UPDATE nodes SET epoch = epoch + 1, state = 2 WHERE id = @id AND epoch = 1", new { id = node.Cluster.Lease.Node.Value });
        foreach (var other in nodes) other.Cluster.Announce(null);
    }

    /// <summary>Something was stored.</summary>
    internal void Changed() => Interlocked.Exchange(ref change, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();

    /// <summary>Does what a mistaken ledger would do behind an append.</summary>
    internal async Task PlantAsync(JournalAppend append)
    {
        if (append.Money is not { } money) return;
        if (Planted == Mistake.ReleasesByTime) await PlantAsync("UPDATE ledger SET state = 2, closed_at = opened_at WHERE state = 0; UPDATE budget_balances SET reserved = 0");
        if (Planted != Mistake.SettlesTwice) return;
        foreach (var line in money.Lines.Where(line => line.Kind == MoneyKind.Settled))
            await PlantAsync("UPDATE budget_balances SET spent = spent + @actual WHERE scope = 'tenant'", new { actual = line.Actual.ToMicros() });
    }

    /// <summary>It takes rows in no order, so it may be what PostgreSQL ends of two transactions that wait for each other: then again.</summary>
    private async Task PlantAsync(string sql, object? with = null)
    {
        await using var connection = Connect();
        while (true)
        {
            try
            {
                await connection.ExecuteAsync(sql, with);
                return;
            }
            catch (DbException e) when (e.SqlState == "40P01")
            {
                // Undone as a whole.
            }
        }
    }

    /// <summary>What of the ledger contradicts the journals; nothing: it is as it must be.</summary>
    internal async Task<IReadOnlyList<string>> WrongAsync(IReadOnlyList<RunId> runs) => await new LedgerAudit(this).WrongAsync(runs);

    public async ValueTask DisposeAsync()
    {
        foreach (var node in nodes) await node.DisposeAsync();
        await store.DisposeAsync();
    }

    private static void Register(IServiceCollection services, StorageOptions options)
    {
        services.AddLogging();
        services.AddSingleton(TimeProvider.System);
        new AosBuilder(services, new ConfigurationBuilder().Build()).AddStorage(options);
    }
}
