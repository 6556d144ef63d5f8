using Aos.Kernel;

namespace Aos.Contracts;

/// <summary>Something that is asked before an act, and how it answers now.</summary>
/// <param name="Name">One of those that docs/identity.md lists, for instance <c>role</c>, <c>agent_domain</c>, <c>runs_per_day</c>.</param>
/// <param name="IsPassed">False: the act is refused for this.</param>
/// <param name="Rule">By what it passes or is refused, for instance <c>role:machine</c>, <c>blocked_skills</c>, <c>per_day</c>.</param>
public sealed record AccessWall(string Name, bool IsPassed, string Rule)
{
    /// <summary>True: the act is not refused, it waits in line for this.</summary>
    public bool Waits { get; init; }

    /// <summary>Why it is refused or waits; null: it passes.</summary>
    public string? Says { get; init; }

    /// <summary>Of a wall that counts: how much there may be, in <see cref="Unit"/>. Null: no limit.</summary>
    public decimal? Limit { get; init; }

    public decimal? Used { get; init; }

    public decimal? Left { get; init; }

    /// <summary><c>cents</c>, <c>requests</c>, <c>goals</c>, <c>runs</c>, <c>tokens</c> or <c>bytes</c>; null: the wall counts nothing.</summary>
    public string? Unit { get; init; }

    /// <summary>A wall that counts and has room.</summary>
    public static AccessWall Counted(string name, string unit, decimal? limit, decimal? used) =>
        new(name, true, limit is null ? "no limit" : name) { Unit = unit, Limit = limit, Used = used, Left = limit is { } most && used is { } taken ? Math.Max(0, most - taken) : null };

    /// <summary>The same wall, which refuses for this.</summary>
    public AccessWall Denied(string rule, string says) => this with { IsPassed = false, Rule = rule, Says = says };
}

/// <summary>May this caller do that?</summary>
/// <param name="Permission">What the route needs.</param>
public sealed record AccessQuestion(Caller Caller, Permission Permission)
{
    /// <summary>The agent it would be done as; null: no agent does it.</summary>
    public string? AgentId { get; init; }

    /// <summary>A skill that a step of the run would call.</summary>
    public string? Skill { get; init; }

    /// <summary>Where that call would go.</summary>
    public WebTarget? Target { get; init; }

    /// <summary>What the run may cost at most.</summary>
    public Cents Cost { get; init; }
}

/// <summary>The decision with all that was asked for it.</summary>
/// <param name="Decision">Its rule is that of the first wall that refuses, else what the policy allows it by.</param>
/// <param name="Walls">In the order in which an admission asks them.</param>
public sealed record AccessAnswer(AccessDecision Decision, IReadOnlyList<AccessWall> Walls)
{
    /// <summary>The first wall that refuses; null: none does.</summary>
    public AccessWall? DeniedBy => Walls.FirstOrDefault(wall => !wall.IsPassed);
}

/// <summary>Door of explanations: the rules of admission, asked without taking anything.</summary>
public interface IAccess
{
    /// <summary>Not counted and not logged. Throws <see cref="JournalUnavailableException"/> when the database does not answer.</summary>
    ValueTask<AccessAnswer> ExplainAsync(AccessQuestion question, CancellationToken cancel);
}

/// <summary>Door of what holds an agent: the rules of the gate that every start passes, asked without starting anything.</summary>
public interface IAgentLimits
{
    /// <summary>Standing, skill, domain, money, goals a minute. An id that the house does not know is a label: it has one wall, which it passes.</summary>
    Task<IReadOnlyList<AccessWall>> WallsAsync(TenantId tenant, string agent, string? skill, WebTarget? target, Cents cost, CancellationToken cancel);

    /// <summary>Runs at work of the agent (null: of none) and of its tenant. Nothing is refused there: a run waits for its slot.</summary>
    Task<IReadOnlyList<AccessWall>> SlotsAsync(TenantId tenant, string? agent, CancellationToken cancel);

    /// <summary>
    /// What a start of the agent would be refused with for its standing and its money, as facts of a simulation. What was spent may
    /// have been read up to five seconds before.
    /// </summary>
    /// <param name="cost">What the plan costs at most.</param>
    ValueTask<IReadOnlyList<MomentFact>> MomentAsync(Agent agent, Cents cost, CancellationToken cancel);
}
