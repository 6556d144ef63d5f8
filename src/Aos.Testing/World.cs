using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics.Metrics;
using Aos.Contracts;
using Aos.Kernel;
using Aos.Runs;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Aos.Testing;

/// <summary>
/// A run host in a box: the real engine over a journal in memory, scripted skills and a clock that goes on only when
/// nothing else moves. Its process can die at any append or call; the world outside and the journal stay.
/// </summary>
public sealed partial class World : IAsyncDisposable
{
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(5);
    private static readonly IMeterFactory Meters = new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>();

    /// <summary>Notes who ended; its chore runs nowhere, so nothing is signed.</summary>
    private static readonly RunSigner Unsigned = new(null!, null!);
    private const int QuietMax = 2_000;

    /// <summary>Looks at runs that nothing more is due of; one that stays in memory all the same may stay.</summary>
    private const int LeavingMax = 20;

    /// <summary>An answer may wait for the store's next try, never for a step: on a busy machine the clock would run into its timeout.</summary>
    private static readonly TimeSpan PauseMax = TimeSpan.FromSeconds(10);
    private readonly ConcurrentQueue<string> violations = new();
    private readonly List<RunId> started = [];
    private readonly Dictionary<RunId, Ordered> ordered = [];
    private FaultyJournal process = null!;
    private Engine engine = null!;

    private readonly RunsOptions options;
    private readonly RunLog log;
    private readonly IMeterFactory meters;

    private readonly bool keepsLedger;

    private World(RunsOptions options, ILoggerFactory? logs, IMeterFactory? meters, bool keepsLedger)
    {
        (this.options, this.meters, this.keepsLedger) = (options, meters ?? Meters, keepsLedger);
        log = new RunLog(logs?.CreateLogger<RunLog>() ?? NullLogger<RunLog>.Instance);
        Journal = new MemoryJournal(Clock);
        Memory = new WorldMemory();
        Skills = new ScriptedSkills(Clock) { BeforeEffect = CheckOrdered };
        Skills.Again = AgainAsync;
    }

    public ManualClock Clock { get; } = new();

    public MemoryJournal Journal { get; }

    public ScriptedSkills Skills { get; }

    /// <summary>What plans read as <c>memory["KEY"]</c>.</summary>
    public WorldMemory Memory { get; }

    /// <summary>Asked at each append: what goes wrong with it.</summary>
    public Func<Fault> Faults { get; set; } = static () => Fault.None;

    /// <summary>How often the process has died.</summary>
    public int Crashes { get; private set; }

    /// <summary>Runs started here; their children are in the journal only.</summary>
    public IReadOnlyList<RunId> Started => started;

    /// <summary>A world whose process runs and has nothing to do.</summary>
    /// <param name="logs">Where the engine logs; null: nowhere.</param>
    /// <param name="meters">Where it counts; null: where nobody reads.</param>
    /// <param name="keepsLedger">Runs share the budgets of the journal's ledger.</param>
    public static async Task<World> OpenAsync(RunsOptions? options = null, ILoggerFactory? logs = null, IMeterFactory? meters = null, bool keepsLedger = false)
    {
        var world = new World(options ?? new RunsOptions(), logs, meters, keepsLedger);
        await world.BootAsync();
        return world;
    }

    /// <summary>Runs in memory by the name of their stored workflow, as the engine's gauge tells.</summary>
    public IReadOnlyDictionary<string, int> ActiveBySpec => engine.ActiveBySpec();

    /// <summary>Starts a run. Dies and comes back as often as it must.</summary>
    /// <param name="plan">A plan as JSON; must be valid.</param>
    public async Task<RunId> StartAsync(string plan, string inputs = "{}", Cents? budget = null, ulong seed = 42)
    {
        var reading = PlanReader.Read(Json.Parse(plan), Skills.Terms);
        if (reading.Plan is null) throw new ArgumentException(string.Join('\n', reading.Problems), nameof(plan));
        var id = new RunId(Guid.CreateVersion7(Clock.GetUtcNow()));
        var start = new StartRun(
            id, TenantId.Default, "agent", reading.Plan, Json.Parse(inputs), seed, budget, Skills.Terms.ToImmutableSortedDictionary(StringComparer.Ordinal),
            ImmutableSortedDictionary<string, string>.Empty, null);
        await InsistAsync(() => engine.StartAsync(start, null, null, CancellationToken.None));
        started.Add(id);
        return id;
    }

    /// <summary>Has a run decide about a command. Dies and comes back as often as it must, so the command may arrive twice.</summary>
    public async Task<CommandReply> CommandAsync(RunId run, RunCommand command) =>
        (await InsistAsync(() => engine.CommandAsync(TenantId.Default, run, command, CancellationToken.None)))!;

    /// <summary>
    /// The same for a command that must not arrive twice, as a resolve, which speaks of the newest call. Null: the answer got lost
    /// or the store was not there; look at the run again before anything else.
    /// </summary>
    public Task<CommandReply?> CommandOnceAsync(RunId run, RunCommand command) =>
        InsistAsync(() => engine.CommandAsync(TenantId.Default, run, command, CancellationToken.None), once: true);

    /// <summary>A run as folded from its journal.</summary>
    public async Task<RunState> ReadAsync(RunId run) => (await Loading.FoldAsync(Journal, run, CancellationToken.None)).State;

    /// <summary>Lets runs go on whose shared budget has room again; gives how many.</summary>
    public async Task<int> ResumePaidAsync() => (int)(await InsistAsync<object>(async () => await new BudgetResumes(process, engine.Purse!, engine, Clock).PassAsync(CancellationToken.None)))!;

    /// <summary>Kills the process and starts the next one.</summary>
    public async Task CrashAsync()
    {
        process.Die();
        await RestartAsync();
    }

    /// <summary>Stops the process in good order and starts the next one.</summary>
    public async Task RestartGentlyAsync()
    {
        var stopped = engine.StopAsync(CancellationToken.None);
        while (!stopped.IsCompleted)
        {
            await Task.WhenAny(stopped, Task.Delay(Quiet, TimeProvider.System));
            if (!stopped.IsCompleted) Clock.Advance(TimeSpan.FromSeconds(1));
        }

        await BootAsync();
    }

    /// <summary>
    /// Lets everything happen, moving the clock whenever nothing else moves, until every run is over or waits for a person
    /// or a signal. Throws <see cref="TimeoutException"/> when a run neither moves nor waits for anything: it is lost.
    /// </summary>
    public async Task SettleAsync()
    {
        var quiet = 0;
        while (true)
        {
            if (process.IsDead)
            {
                await RestartAsync();
                continue;
            }

            var change = Journal.NextChange;
            var rows = Journal.Rows;
            var busy = rows.Any(row => row.Owned || row.WakeAt <= Clock.GetUtcNow() || row.Lane < Lane.Held);
            if (!busy)
            {
                if (rows.Min(row => row.WakeAt) is not { } next)
                {
                    await LeftAsync();
                    return;
                }

                Clock.GoTo(next);
                continue;
            }

            if (await Task.WhenAny(change, process.Died, Task.Delay(Quiet, TimeProvider.System)) is var first && (first == change || first == process.Died))
            {
                quiet = 0;
                continue;
            }

            if (ThreadPool.PendingWorkItemCount > 0) continue; // Something moves, but has no core yet.
            if (++quiet > QuietMax) throw new TimeoutException("Lost: " + string.Join(", ", rows.Where(row => row.Owned).Select(row => $"{row.Id} {row.Status.Wire()} at {row.Seq}")));
            if (Clock.NextDue is { } due) Clock.GoTo(due);
        }
    }

    /// <summary>Everything that broke a promise so far: see <c>docs/testing.md</c> for the list.</summary>
    public async Task<IReadOnlyList<string>> ViolationsAsync()
    {
        foreach (var row in Journal.Rows) await new RunChecks(row, Journal, Skills.Effects, violations.Enqueue).CheckAsync();
        return [.. violations];
    }

    /// <exception cref="CatchAllException">A run of it ended with a code that says nothing.</exception>
    public ValueTask DisposeAsync()
    {
        process.Die();
        CatchAlls.Check(Journal.Rows.Select(row => ($"{row.Id}", row.FailureCode)));
        return ValueTask.CompletedTask;
    }

    /// <summary>What is on record is also told to logs and meters: a run leaves memory after that.</summary>
    private async Task LeftAsync()
    {
        for (var looks = 0; engine.LiveCount > 0 && looks < LeavingMax; looks++) await Task.Delay(Quiet, TimeProvider.System);
    }

    private Task BootAsync()
    {
        var journal = process = new FaultyJournal(Journal, () => Faults(), Clock);
        engine = new Engine(journal, journal, new MemoryNode(Journal, Clock), Skills, Clock, new RunChanges(), log, new RunMeter(meters), Unsigned, LocalPokes.None, options, memory: Memory,
            purse: keepsLedger ? new Purse(journal) : null);
        Skills.Crash = () =>
        {
            journal.Die();
            return FaultyJournal.Never<StructuredOutcome>();
        };
        return engine.StartAsync(CancellationToken.None);
    }

    private Task RestartAsync()
    {
        Crashes++;
        return BootAsync();
    }

    /// <summary>Asks until there is an answer: a caller that repeats itself after every refusal and every death.</summary>
    private async Task<T?> InsistAsync<T>(Func<Task<T>> ask, bool once = false)
        where T : class
    {
        while (true)
        {
            var (asked, here) = (ask(), process);
            while (!asked.IsCompleted && !here.IsDead)
            {
                if (await Task.WhenAny(asked, here.Died, Task.Delay(Quiet, TimeProvider.System)) is var first && first != asked && !here.IsDead && ThreadPool.PendingWorkItemCount == 0 && Clock.NextDue is { } due && due - Clock.GetUtcNow() <= PauseMax)
                    Clock.GoTo(due);
            }

            if (here.IsDead && !asked.IsCompleted)
            {
                await RestartAsync();
                if (once) return null;
                continue;
            }

            try
            {
                return await asked;
            }
            catch (JournalUnavailableException)
            {
                Clock.Advance(TimeSpan.FromMilliseconds(10));
                if (once) return null;
            }
        }
    }

    private void CheckOrdered(ScriptedCall call)
    {
        var run = call.Call.Run!.Value;
        if (!IsOrdered(run, call.Call.IdempotencyKey)) violations.Enqueue($"{call.Skill} of step {call.Call.StepId} happened before it was ordered.");
    }

    /// <summary>Each event is read once, so that big runs can be watched too.</summary>
    private bool IsOrdered(RunId run, string key)
    {
        lock (ordered)
        {
            if (!ordered.TryGetValue(run, out var known)) ordered[run] = known = new Ordered();
            foreach (var entry in Journal.Events(run, known.Read))
            {
                known.Read++;
                if (EventCodec.Decode(run, entry) is StepStarted order) known.Keys.Add(order.IdempotencyKey);
            }

            return known.Keys.Contains(key);
        }
    }

    private sealed class Ordered
    {
        internal int Read { get; set; }

        internal HashSet<string> Keys { get; } = new(StringComparer.Ordinal);
    }

    private async Task AgainAsync(ScriptedCall call, StructuredOutcome outcome)
    {
        var run = call.Call.Run!.Value;
        foreach (var entry in Journal.Events(run))
        {
            if (EventCodec.Decode(run, entry) is not StepStarted ordered || ordered.IdempotencyKey != call.Call.IdempotencyKey) continue;
            await process.SendAsync(new InboxItem(run, $"again:{ordered.Effect}", "outcome", Mail.Write(ordered.Effect, outcome)), CancellationToken.None);
            await engine.DeliverAsync(TenantId.Default, run);
        }
    }
}
