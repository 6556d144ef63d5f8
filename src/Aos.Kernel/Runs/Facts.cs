namespace Aos.Kernel;

/// <summary>What the machine is told of the world at one decision. Journaled as the time of the events decided.</summary>
/// <param name="Now">The later of the clock and the run's last event: never goes back.</param>
public sealed record Facts(DateTimeOffset Now)
{
    /// <summary>The call that a shared budget has no room for; null: none. It fails as one that the run's own budget has no room for.</summary>
    public RefusedCall? Refused { get; init; }
}

/// <summary>A call that may not be begun.</summary>
public sealed record RefusedCall(EffectId Effect, Failure Why);

/// <summary>Numbered changes of the machine's behaviour. A run keeps the rules it started with.</summary>
public enum KernelRule
{
    /// <summary>The rules of the first version.</summary>
    First = 1,

    /// <summary>A run may wait for its turn before it begins.</summary>
    Queue = 2,

    /// <summary>A plan may have agent steps and await approvals. Only runs of such plans have this rule; they may wait for their turn too.</summary>
    Agents = 3,

    /// <summary>A plan may refer to stored workflows, whose plans are kept with the run; they may have agent steps and await approvals too.</summary>
    Workflows = 4,

    /// <summary>A run may begin with steps taken over from another run, and do all of the above.</summary>
    Fork = 5,

    /// <summary>Each child run has a share of its parent's budget to itself, so that children at the same time cannot spend it twice.</summary>
    Shares = 6,

    /// <summary>Where the run's calls may go is held to what its plan and its start say; children can only narrow it.</summary>
    Calls = 7,

    /// <summary>
    /// Each attempt of a run undoes under keys of its own, also what another one has undone before or was about to; and a fork may take over
    /// agent steps. Only runs of plans with <c>compensate</c> and such forks have this rule; they do all of the above.
    /// </summary>
    Undoing = 8,

    /// <summary>
    /// 100 steps of a graph at once, or as many as the plan says, where it was 64; a <c>for_each</c> may tolerate items that fail, and an item
    /// whose parameters cannot be made fails.
    /// </summary>
    Scale = 9,

    /// <summary>
    /// Children under way when their run ends are called off, and what they spent counts in it once they are over; until then their shares
    /// stay reserved.
    /// </summary>
    Settles = 10,

    /// <summary>A plan may read the tenant's memory: what a step reads is looked up once, when it begins, and kept with the run.</summary>
    Memory = 11,

    /// <summary>What undoes a step is tried again as the step says, else as the catalog says; it was given up at its first failure. Only runs of plans with <c>compensate</c> have this rule.</summary>
    Insists = 12,

    /// <summary>
    /// A retry may give a run another budget, and paid calls are held to budgets that runs share. No run starts with this rule: it is that of the row
    /// of runs whose calls may cost something, so that no node without a ledger drives them.
    /// </summary>
    Raise = 13,
}

/// <summary>The machine's answer: refused, or events to journal (none: the command changes nothing).</summary>
public sealed record Decision(Failure? Refusal, IReadOnlyList<RunEvent> Events)
{
    /// <summary>The state with these events folded in, where deciding has made it; null: fold them.</summary>
    public RunState? After { get; init; }

    /// <summary>The state that follows the one it was decided upon.</summary>
    public RunState From(RunState before) => After ?? Events.Aggregate(before, RunMachine.Evolve);

    public static Decision Nothing { get; } = new(null, []);

    public static Decision Refused(Failure why) => new(why, []);

    public static Decision Of(params IReadOnlyList<RunEvent> events) => new(null, events);
}
