using System.Collections.Immutable;
using Aos.Contracts;
using Aos.Kernel;
using Aos.Runs;

namespace Aos.Simulation;

/// <summary>Those who start runs and ask again until they are answered, and a person who gives signals and says what really happened.</summary>
internal sealed class Clients
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);
    private readonly World world;
    private readonly List<Wish> wishes = [];
    private readonly Dictionary<RunId, (int Seq, long Since, RunState? State)> still = [];
    private readonly Dictionary<RunId, long> asked = [];
    private int signals;

    internal Clients(World world)
    {
        this.world = world;
        for (var i = 1 + world.Chance.Below(3); i > 0; i--)
        {
            var wish = new Wish($"k{i}", world.Chance.Of(Plans.All), world.Chance.OneIn(4) ? new Cents(1 + world.Chance.Below(5)) : null);
            wishes.Add(wish);
            world.Time.After(world.Chance.Between(50, 1_500), () => Ask(wish));
        }

        world.Time.After(Look, Tick);
    }

    internal int Wished => wishes.Count;

    /// <summary>Everybody has what they asked for.</summary>
    internal bool IsDone { get; private set; }

    private void Ask(Wish wish)
    {
        if (wish.IsGranted) return;
        world.Time.After(world.Chance.Between(2_000, 6_000), () => Ask(wish)); // No answer is no answer.
        if (world.AnyNode() is not { } node) return;
        var id = new RunId(Guid.CreateVersion7(world.Time.Utc)) is var minted ? Minted(minted) : default;
        node.Do("start a run", async () =>
        {
            var start = new StartRun(
                id, TenantId.Default, "agent", wish.Plan, Json.EmptyObject, 42, wish.Budget, Plans.TermsOf(wish.Plan), ImmutableSortedDictionary<string, string>.Empty, null);
            try
            {
                var claim = new IdempotencyClaim(TenantId.Default, "runs", wish.Key, [1], Timeline.Start.AddDays(1));
                var reply = await node.Engine!.StartAsync(start, null, claim, default);
                if (reply is AppendReply.Appended or AppendReply.KeyTaken { SameFingerprint: true }) wish.IsGranted = true;
                else if (reply is not AppendReply.AlreadyExists) world.Violate($"a start was answered with {reply}");
                world.Tell($"{node} answers the start of {wish.Key} as {world.Name(id)} with {reply.GetType().Name}");
            }
            catch (Exception e) when (e is JournalUnavailableException or OperationCanceledException)
            {
                world.Tell($"{node} does not answer the start of {wish.Key}: {e.Message}");
            }
        });
    }

    /// <summary>A time-ordered id whose rest is from the seed.</summary>
    private RunId Minted(RunId model)
    {
        Span<byte> bytes = stackalloc byte[16];
        model.Value.TryWriteBytes(bytes, bigEndian: true, out _);
        Span<byte> rest = stackalloc byte[16];
        world.Chance.Guid().TryWriteBytes(rest);
        rest[6..].CopyTo(bytes[6..]); // All but the time.
        return new RunId(new Guid(bytes, bigEndian: true));
    }

    private void Tick()
    {
        world.Time.After(Look, Tick);
        var over = 0;
        var rows = world.Store.Rows;
        foreach (var row in rows)
        {
            if (row.Status.IsOver()) over++;
            else Watch(row);
        }

        IsDone = over == rows.Count && wishes.TrueForAll(wish => wish.IsGranted);
    }

    private void Watch(RunRow row)
    {
        if (!still.TryGetValue(row.Id, out var since) || since.Seq != row.Seq)
        {
            still[row.Id] = (row.Seq, world.Time.Now, null);
            return;
        }

        var quiet = TimeSpan.FromTicks(world.Time.Now - since.Since);
        if (quiet < TimeSpan.FromSeconds(2) || row.Status is RunStatus.Queued || (asked.TryGetValue(row.Id, out var last) && world.Time.Now < last)) return;
        if (since.State is not { } state)
        {
            if (world.Fold(row.Id) is not { } folded) return;
            still[row.Id] = since with { State = state = folded };
        }

        if (Help(state, quiet) is { } command && world.AnyNode() is { } node) Command(node, row.Id, command);
    }

    private RunCommand? Help(RunState state, TimeSpan quiet)
    {
        if (state.IsPaused) return new ResumeRun("go on");
        if (state.IsQuarantined) return new ResumeRun("looked at it");
        for (var i = 0; i < state.Steps.Length; i++)
        {
            var step = state.Steps[i];
            if (step.Wait is { For: WaitKind.Signal, Signal: { } signal }) return new SignalRun($"signal-{signals++}", signal, Json.True);
            if (step is { Wait.For: WaitKind.Approval, Approval: null }) return new DecideApproval($"decision-{signals++}", state.Plan.Steps[i].Id, step.Wait.Item, true, "person", null, 5);
            for (var item = 0; item < step.Calls.Length; item++)
            {
                if (step.Calls[item] is { Status: CallStatus.Unknown, Started: { } started } && quiet > TimeSpan.FromSeconds(12) && Truth(state, i, item, started.IdempotencyKey) is { } truth) return truth;
            }
        }

        return null;
    }

    /// <summary>Null: it may still happen.</summary>
    private ResolveStep? Truth(RunState state, int step, int item, string key)
    {
        if (world.Outside.IsUnderWay(key)) return null;
        if (world.Outside.Knows(key) is var (node, at) && node.WasWellSince(at) && world.Time.Now - at > TimeSpan.FromSeconds(10).Ticks && world.Time.Now - world.StoreDownUntil > TimeSpan.FromSeconds(10).Ticks)
            world.Violate($"the outcome of {key} came to {node} and is not on record");
        var happened = world.Outside.Effect(key);
        return new ResolveStep(
            state.Plan.Steps[step].Id, state.Steps[step].Items is null ? -1 : item, happened is null ? ResolveVerdict.NotDone : ResolveVerdict.Done, happened?.Params ?? Json.Null);
    }

    private void Command(SimNode node, RunId run, RunCommand command)
    {
        asked[run] = world.Time.Now + Patience.Ticks;
        node.Do("command", async () =>
        {
            using var patience = new CancellationTokenSource(Patience, node.Clock);
            try
            {
                var reply = await node.Engine!.CommandAsync(TenantId.Default, run, command, patience.Token);
                world.Tell($"{node} answers {command.GetType().Name} of {world.Name(run)} with {(reply is CommandReply.Refused no ? no.Why.Code : reply.GetType().Name)}");
                if (reply is CommandReply.Unknown) world.Violate($"{node} does not know run {run}");
                if (reply is CommandReply.Refused { Why.Code: "STORE_CORRUPT" } broken) world.Violate($"run {run}: {broken.Why.Message}");
                asked.Remove(run);
            }
            catch (Exception e) when (e is JournalUnavailableException or OperationCanceledException)
            {
                world.Tell($"{node} does not answer {command.GetType().Name} of {world.Name(run)}: {e.Message}");
            }
        });
    }

    private sealed record Wish(string Key, Plan Plan, Cents? Budget)
    {
        internal bool IsGranted { get; set; }
    }
}
