using System.Diagnostics.Metrics;
using Aos.Contracts;
using Aos.Kernel;
using Aos.Runs;
using Aos.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Aos.Simulation;

/// <summary>One process of a node, from its start to its death: the real engine on a scheduler, a clock and a wire of its own.</summary>
internal sealed class SimNode
{
    private static readonly RunMeter Meter = new(new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>());
    private static readonly RunLog Log = new(NullLogger<RunLog>.Instance);
    private readonly World world;
    private readonly int life;
    private MemoryCluster? cluster;
    private long frozenUntil;

    internal SimNode(World world, int place, int life)
    {
        (this.world, Place, this.life) = (world, place, life);
        Clock = new NodeClock(world.Time, Process);
        Link = new NodeLink(world, this);
    }

    internal int Place { get; }

    internal NodeScheduler Process { get; } = new();

    internal NodeClock Clock { get; }

    internal NodeLink Link { get; }

    internal Engine? Engine { get; private set; }

    internal bool IsDead => Process.IsDead;

    internal bool IsFrozen => world.Time.Now < frozenUntil;

    internal TimeSpan FrozenFor => TimeSpan.FromTicks(Math.Max(0, frozenUntil - world.Time.Now));

    /// <summary>It works, and takes commands.</summary>
    internal bool IsUp => !IsDead && !IsFrozen && Engine is { IsStopping: false } && isReady;

    /// <summary>A poke has reached it.</summary>
    internal void Arrived(RunId run) => Do("poke", async () =>
    {
        try
        {
            await Engine!.ArrivedAsync(run);
        }
        catch (JournalUnavailableException)
        {
            return; // It finds its mail at its next heartbeat.
        }
    });

    /// <summary>Under which id it is known now.</summary>
    internal NodeId? Id => cluster?.Lease.Node;

    internal bool Is(NodeId id) => cluster?.Lease.Node == id;

    internal bool HoldsLease => cluster is { HoldsLease: true };

    /// <summary>Nothing was wrong with it since then.</summary>
    internal bool WasWellSince(long then) => !IsDead && then > Math.Max(frozenUntil, Link.CutUntil);

    private bool isReady;

    public override string ToString() => $"node {Place}.{life}";

    internal void Freeze(TimeSpan time)
    {
        frozenUntil = Math.Max(frozenUntil, world.Time.Now + time.Ticks);
        world.Time.After(time, static () => { }); // So that the loop looks at it again.
    }

    internal void Boot() => Do("start", async () =>
    {
        var options = new RunsOptions { CallsMax = 1_000_000, Limits = new RunLimits(world.RunsMax is { } most ? [new RunLimitRule("*", null, most)] : []) };
        cluster = new MemoryCluster(Link, Link, Clock, () => new NodeId(world.Chance.Guid())) { ActsAlways = world.Planted.HasFlag(Planted.ActsWithoutLease) };
        Engine = new Engine(Link, Link, cluster, new NodeSkills(world, this), Clock, new RunChanges(), Log, Meter, new RunSigner(null!, null!), new NodePokes(world), options)
        {
            Mistakes = new Mistakes { DecidesAnew = world.Planted.HasFlag(Planted.DecidesAnew), ForgetsStarted = world.Planted.HasFlag(Planted.ForgetsStarted) },
        };
        try
        {
            await Engine.StartAsync(default);
            cluster.Announce($"http://node-{Place}");
            isReady = true;
            world.Tell($"{this} is up as {cluster.Lease.Node}");
        }
        catch (Exception e) when (e is JournalUnavailableException or TimeoutException)
        {
            world.Kill(this); // A process that cannot join ends; whoever looks after it starts the next.
        }
    });

    internal void Stop() => Do("stop", async () =>
    {
        await Engine!.StopAsync(default);
        world.Tell($"{this} has ended in good order");
        world.Kill(this);
    });

    /// <summary>A call answers a second time, by mail.</summary>
    internal void Answer(RunId run, EffectId effect, StructuredOutcome outcome) => Do("answer again", async () =>
    {
        try
        {
            await Link.SendAsync(new InboxItem(run, $"again:{effect}", "outcome", Mail.Write(effect, outcome)), default);
            await Engine!.DeliverAsync(TenantId.Default, run);
        }
        catch (JournalUnavailableException)
        {
            return; // The first answer counts anyway.
        }
    });

    /// <summary>Has the process do something. What it throws is a broken promise.</summary>
    internal void Do(string what, Func<Task> work) => Process.Post(() => _ = GuardAsync(what, work));

    private async Task GuardAsync(string what, Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (Exception e)
        {
            world.Violate($"{what} of {this} broke: {e}");
        }
    }
}
