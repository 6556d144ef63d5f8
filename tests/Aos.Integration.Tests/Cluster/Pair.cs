using Aos.Contracts;
using Aos.Runs;
using Aos.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using System.Collections.Immutable;
using System.Diagnostics.Metrics;

namespace Aos.Integration.Tests.Cluster;

/// <summary>One of two engines, with the door over it.</summary>
internal sealed record PairHost(PairNode Cluster, Engine Engine, RunsDoor Runs);

/// <summary>Two engines over one store in memory.</summary>
internal sealed class Pair : IAsyncDisposable
{
    private static readonly IMeterFactory Meters = new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>();

    private Pair(bool pokes, RunsOptions options)
    {
        Options = options;
        var find = new LocalPokes(node => pokes ? new[] { A, B }.Single(host => host!.Cluster.Lease.Node == node)!.Engine : null);
        A = Host(find);
        B = Host(find);
    }

    internal RunsOptions Options { get; }

    internal MemoryJournal Journal { get; } = new(TimeProvider.System);

    internal GatedSkills Skills { get; } = new();

    internal PairHost A { get; }

    internal PairHost B { get; }

    internal static Caller Caller { get; } = new(TenantId.Default, "test", []);

    internal static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <param name="pokes">False: every poke is lost.</param>
    internal static async Task<Pair> OpenAsync(bool pokes = true, RunsOptions? options = null)
    {
        var pair = new Pair(pokes, options ?? new RunsOptions());
        await pair.A.Engine.StartAsync(Cancel);
        await pair.B.Engine.StartAsync(Cancel);
        return pair;
    }

    /// <summary>Starts a run on a node.</summary>
    internal async Task<RunId> StartAsync(PairHost host, string plan, TenantId? tenant = null, int priority = 0)
    {
        var reading = PlanReader.Read(Json.Parse(plan), Skills.Terms);
        Assert.True(reading.Plan is not null, string.Join('\n', reading.Problems));
        var id = new RunId(Guid.CreateVersion7());
        var start = new StartRun(
            id, tenant ?? TenantId.Default, "agent", reading.Plan, Json.EmptyObject, 42, null, Skills.Terms.ToImmutableSortedDictionary(StringComparer.Ordinal),
            ImmutableSortedDictionary<string, string>.Empty, null) { Priority = priority };
        Assert.IsType<AppendReply.Appended>(await host.Engine.StartAsync(start, null, null, Cancel));
        return id;
    }

    internal RunRow Row(RunId run) => Journal.Rows.Single(row => row.Id == run);

    /// <summary>Waits until the store shows it.</summary>
    internal async Task UntilAsync(Func<bool> holds)
    {
        while (true)
        {
            var change = Journal.NextChange;
            if (holds()) return;
            await change.WaitAsync(TimeSpan.FromSeconds(20), TimeProvider.System, Cancel);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Skills.Open();
        foreach (var host in new[] { A, B })
        {
            await host.Engine.StopAsync(CancellationToken.None);
            host.Engine.Dispose();
        }
    }

    private PairHost Host(IPokes pokes)
    {
        var cluster = new PairNode(Journal);
        var changes = new RunChanges();
        var engine = new Engine(
            Journal, Journal, cluster, Skills, TimeProvider.System, changes, new RunLog(NullLogger<RunLog>.Instance), new RunMeter(Meters), new RunSigner(null!, null!), pokes, Options);
        return new PairHost(cluster, engine, new RunsDoor(engine, Journal, Journal, Skills, null!, TimeProvider.System, changes));
    }
}
