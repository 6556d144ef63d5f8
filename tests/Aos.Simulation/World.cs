using System.Runtime.CompilerServices;
using Aos.Contracts;
using Aos.Kernel;
using Aos.Runs;
using Aos.Testing;

namespace Aos.Simulation;

/// <summary>What came of one schedule.</summary>
/// <param name="Hash">Of everything that was done, in order.</param>
/// <param name="Hits">How often each point was hit.</param>
/// <param name="Steps">Tasks run.</param>
internal sealed record Verdict(ulong Seed, ulong Hash, IReadOnlyList<string> Violations, int[] Hits, int Steps, int Runs, int Takeovers, int Fenced);

/// <summary>A cluster in one thread: a store, nodes, the outside, those who ask for runs, and one seed for all of it.</summary>
internal sealed class World
{
    /// <summary>After this nothing may still be under way.</summary>
    private static readonly TimeSpan End = TimeSpan.FromSeconds(180);

    private readonly ulong seed;
    private readonly SimNode?[] nodes;
    private readonly int[] lives;
    private readonly List<string> violations = [];
    private readonly Action<string>? story;
    private readonly Dictionary<RunId, string> names = [];
    private readonly List<(NodeId Node, Action Then)> late = [];
    private int steps;

    internal World(ulong seed, Planted planted, Action<string>? story = null)
    {
        (this.seed, Planted, this.story) = (seed, planted, story);
        Chance = new Chance(seed);
        Size = 2 + Chance.Below(2);
        (nodes, lives) = (new SimNode?[Size], new int[Size]);
        RunsMax = seed % 3 == 0 ? 1 + (int)(seed / 3 % 2) : null;
        Store = new MemoryJournal(new NodeClock(Time, null)) { Planted = planted, Accepted = Audit, Claimed = Audit, DeclaredDead = BringLate };
        Faults = new Faults(this, seed);
        Outside = new Outside(this);
        Clients = new Clients(this);
    }

    internal Chance Chance { get; }

    internal int Size { get; }

    /// <summary>Runs that may have slots at once; null: no limit, as in two schedules of three.</summary>
    internal int? RunsMax { get; }

    internal Timeline Time { get; } = new();

    internal MemoryJournal Store { get; }

    internal Faults Faults { get; }

    /// <summary>A schedule takes some hundred tasks; one that takes so many turns on the spot.</summary>
    private const long TasksMax = 50_000;

    internal Outside Outside { get; }

    internal Clients Clients { get; }

    internal Planted Planted { get; }

    internal long StoreDownUntil { get; private set; }

    internal Verdict Run()
    {
        for (var i = 0; i < Size; i++) Boot(i);
        while (!Clients.IsDone && Time.Now < End.Ticks && violations.Count == 0)
        {
            if (!RunTask() && !Time.Step()) break;
            if (steps > TasksMax) Violate($"it goes round in circles: {steps} tasks, and nothing comes of them");
        }

        if (violations.Count == 0) Judge();
        return new Verdict(seed, Time.Hash, violations, Faults.Hits, steps, Store.Rows.Count, Store.TakeoverCount, Store.FencedCount);
    }

    internal bool IsTold => story is not null;

    internal void Tell([InterpolatedStringHandlerArgument("")] Telling what) => Say(what.Text);

    private void Say(string what) => story?.Invoke($"{TimeSpan.FromTicks(Time.Now).TotalSeconds,9:0.0000} {what}");

    internal void Violate(string what)
    {
        Say($"VIOLATION: {what}");
        lock (violations) violations.Add(what);
    }

    internal string Name(RunId run) => names.TryGetValue(run, out var name) ? name : names[run] = $"run {names.Count + 1}";

    /// <summary>Any node that works; null: none does now.</summary>
    internal SimNode? AnyNode()
    {
        var first = Chance.Below(Size);
        for (var i = 0; i < Size; i++)
        {
            if (nodes[(first + i) % Size] is { IsUp: true } node) return node;
        }

        return null;
    }

    /// <summary>The process that is known under this id, if it lives.</summary>
    internal SimNode? Find(NodeId id) => Array.Find(nodes, node => node is { IsDead: false } && node.Is(id));

    internal void Kill(SimNode node)
    {
        if (node.IsDead) return;
        Tell($"{node} is dead");
        node.Process.Die();
        Time.After(Chance.Between(300, 9_000), () => Boot(node.Place));
    }

    internal void Freeze(SimNode node, TimeSpan time) => node.Freeze(time);

    internal void Cut(SimNode node, TimeSpan time) => node.Link.CutUntil = Time.Now + time.Ticks;

    /// <summary>The node at a place dies, or stands still for a while.</summary>
    internal void Strike(int place, TimeSpan? still)
    {
        if (nodes[place] is not { IsDead: false } node) return;
        Tell($"{node} is struck");
        if (still is { } time) node.Freeze(time);
        else Kill(node);
    }

    internal void Drain(int place)
    {
        if (nodes[place] is { IsUp: true } node) node.Stop();
    }

    internal void RestartStore(TimeSpan down)
    {
        Say("the store is down");
        StoreDownUntil = Time.Now + down.Ticks;
    }

    internal void JumpClock(int place, TimeSpan by)
    {
        if (nodes[place] is { } node) node.Clock.Ahead += by;
    }

    /// <summary>The run as its events say; null: they do not fold.</summary>
    internal RunState? Fold(RunId run)
    {
        try
        {
            return Loading.FoldAsync(Store, run, default).GetAwaiter().GetResult().State;
        }
        catch (JournalCorruptException e)
        {
            Violate(e.Message);
            return null;
        }
    }

    private void Boot(int place)
    {
        var node = new SimNode(this, place, ++lives[place]);
        nodes[place] = node;
        node.Boot();
    }

    /// <summary>False: no task of a node that runs is ready.</summary>
    private bool RunTask()
    {
        var ready = 0;
        foreach (var node in nodes)
        {
            if (node is { IsFrozen: false }) ready += node.Process.Ready;
        }

        if (ready == 0) return false;
        var pick = ready == 1 ? 0 : Chance.Below(ready);
        foreach (var node in nodes)
        {
            if (node is not { IsFrozen: false }) continue;
            if (pick < node.Process.Ready)
            {
                Time.Note((ulong)((node.Place * 1_000) + pick));
                steps++;
                node.Process.Run(pick);
                return true;
            }

            pick -= node.Process.Ready;
        }

        return true;
    }

    /// <summary>Carries something out right after a node was declared dead, at the latest after a while: what it sent was on its way so long.</summary>
    internal void WhenDeclaredDead(NodeId node, TimeSpan atLatest, Action then)
    {
        var isDone = false;
        void Once()
        {
            if (isDone) return;
            isDone = true;
            then();
        }

        late.Add((node, Once));
        Time.After(atLatest, Once);
    }

    private void BringLate(NodeId dead)
    {
        foreach (var (_, then) in late.Where(one => one.Node == dead)) Time.After(TimeSpan.FromTicks(1), then);
        late.RemoveAll(one => one.Node == dead);
    }

    /// <summary>Sees each claim: whoever takes a run is alive.</summary>
    private void Audit(NodeId by, RunRow row)
    {
        Tell($"{by.Value.ToString()[..4]} claims {Name(row.Id)} at {row.Seq}");
        if (!Store.LiveNodes.Contains(by)) Violate($"run {row.Id} was claimed by a dead node");
    }

    /// <summary>Sees each append that the store accepts: whoever writes drives the run, and is alive.</summary>
    private void Audit(JournalAppend append, RunRow? before)
    {
        var by = append.Row.Owner ?? append.By ?? default;
        Time.Note((ulong)append.Row.Seq);
        Tell($"{by.Value.ToString()[..4]} writes {Name(append.Row.Id)} to {append.Row.Seq} {append.Row.Status.Wire()}{(append.Park ? ", parked" : "")}: {string.Join(' ', append.Entries.Select(entry => entry.Kind))}");
        if (before is not null && before.Owner != by) Violate($"run {append.Row.Id} was written by {by} while {before.Owner?.ToString() ?? "nobody"} drives it");
        if (before is not null && before.Seq != append.ExpectedSeq) Violate($"run {append.Row.Id} was written after event {append.ExpectedSeq} where {before.Seq} stands");
        if (Store.Rows.Count(row => row.HoldsSlot) is var slots && slots > RunsMax) Violate($"{slots} runs have slots where {RunsMax} may");
        if (append.Entries.Any(entry => entry.Kind is "step.started.v1" or "run.begun.v1") && RunsMax is not null && append.Row.Lane is not null) Violate($"run {append.Row.Id} went on without a slot");
        if (!Store.LiveNodes.Contains(by)) Violate($"run {append.Row.Id} was written by a dead node");
    }

    private void Judge()
    {
        var rows = Store.Rows;
        foreach (var row in rows.Where(row => !row.Status.IsOver()))
        {
            Violate($"{Name(row.Id)} ({row.Id}) never ended: it is {row.Status.Wire()} at {row.Seq}, owned by {row.Owner?.ToString() ?? "nobody"}, due {row.WakeAt:O}");
            foreach (var entry in Store.Events(row.Id)) Say(System.Text.Encoding.UTF8.GetString(entry.Body.Span));
        }

        if (rows.Count(row => row.Parent is null) != Clients.Wished) Violate($"{rows.Count(row => row.Parent is null)} runs were started for {Clients.Wished} keys");
        foreach (var row in rows) new RunChecks(row, Store, Outside.Effects, Violate).CheckAsync().GetAwaiter().GetResult();
        foreach (var row in rows)
        {
            foreach (var entry in Store.Events(row.Id))
            {
                if (entry.Kind.StartsWith("run.quarantined", StringComparison.Ordinal) && EventCodec.Decode(row.Id, entry) is RunQuarantined why && !why.Reason.Contains("times in a row", StringComparison.Ordinal))
                    Violate($"run {row.Id} was quarantined: {why.Reason}");
            }
        }
    }
}
