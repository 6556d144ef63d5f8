using System.Collections.Immutable;
using System.Text.Json;

namespace Aos.Kernel;

/// <summary>
/// A validated plan. Only <c>PlanReader.Read</c> makes one, so whoever holds a plan need not check it again.
/// Member and clause meanings: docs/plans.md.
/// </summary>
public sealed record Plan
{
    public required string Name { get; init; }
    public string Version { get; init; } = "1.0.0";
    public string? Goal { get; init; }

    /// <summary>Given by the plan; a run without one draws its seed from its id.</summary>
    public ulong? Seed { get; init; }

    /// <summary>Hard limit of the run. Null: unlimited; zero means zero.</summary>
    public Cents? Budget { get; init; }

    /// <summary>Of the whole run.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>JSON Schema per input name, or null: inputs are not checked.</summary>
    public JsonElement? Inputs { get; init; }

    /// <summary>The same, compiled.</summary>
    public PlanInputs? DeclaredInputs { get; init; }

    public required ImmutableArray<PlanStep> Steps { get; init; }

    /// <summary>Template of the run's result. Null: the result of the last step that succeeded.</summary>
    public JsonElement? Output { get; init; }

    /// <summary>Where calls of the run may go; null: wherever the house lets them.</summary>
    public ExternalCalls? Calls { get; init; }

    /// <summary>True: on failure, completed steps with a <c>compensate</c> clause are undone, newest first.</summary>
    public bool CompensateOnFailure { get; init; }

    /// <summary>Steps of a graph in flight at once, 1 to 1,000. Null: <see cref="RunMachine.ParallelStepsMax"/>.</summary>
    public int? MaxParallelSteps { get; init; }

    /// <summary>True when any step names <c>depends_on</c>: order is by dependency, not by list.</summary>
    public bool IsGraph { get; init; }

    /// <summary>The normalised plan in the shape of docs/plans.md; reading it gives an equal plan.</summary>
    public required JsonElement Source { get; init; }

    /// <summary>SHA-256 of the canonical JSON of <see cref="Source"/>, 64 lower-case hex digits.</summary>
    public required string Hash { get; init; }

    /// <summary>The stored workflows that the plan and those within it refer to, by the reference as it is written. A run keeps them.</summary>
    public ImmutableSortedDictionary<string, LinkedWorkflow> Workflows { get; init; } = WorkflowLinks.None;

    /// <summary>Versions of skills that the plan and those within it ask for. A run has one version of each skill.</summary>
    public ImmutableArray<SkillAsk> Asks { get; init; } = [];

    /// <summary>What <see cref="Output"/> reads of the memory.</summary>
    internal ImmutableArray<MemoryPath> OutputReads { get; init; } = [];

    private Dictionary<string, int>? indices;
    private int[][]? dependents;

    /// <summary>Steps that wait for this one, in order.</summary>
    internal ReadOnlySpan<int> DependentsOf(int step) => (dependents ??= Dependents())[step];

    private int[][] Dependents()
    {
        var of = new List<int>?[Steps.Length];
        foreach (var step in Steps)
        {
            foreach (var on in step.DependsOn) (of[on] ??= []).Add(step.Index);
        }

        return Array.ConvertAll(of, static found => found is null ? [] : found.ToArray());
    }

    /// <summary>Index of a step by id, or -1.</summary>
    public int IndexOf(string id)
    {
        indices ??= Steps.ToDictionary(step => step.Id, step => step.Index, StringComparer.Ordinal);
        return indices.TryGetValue(id, out var index) ? index : -1;
    }
}

/// <summary>One step. Exactly one of the action clauses, told by <see cref="Kind"/>, is set.</summary>
public sealed record PlanStep
{
    public required string Id { get; init; }
    public required int Index { get; init; }
    public string? Description { get; init; }
    public required StepKind Kind { get; init; }

    /// <summary>Of <see cref="StepKind.Skill"/>.</summary>
    public string? Skill { get; internal set; }

    /// <summary>Template of the skill's parameters, an object.</summary>
    public JsonElement Params { get; internal set; } = Json.EmptyObject;

    public TimeSpan? Sleep { get; init; }

    /// <summary>Parameters of a pause whose length a template gives; see <see cref="Pauses"/>. Null: <see cref="Sleep"/> says it.</summary>
    public JsonElement? SleepFrom { get; init; }
    public AwaitClause? Await { get; init; }
    public ChildClause? Child { get; init; }
    public AgentClause? Agent { get; init; }

    /// <summary>Indices of the steps this one waits for: named and implied. In a list plan: the step before.</summary>
    public ImmutableArray<int> DependsOn { get; internal set; } = [];

    /// <summary>Expression without the surrounding <c>${{ }}</c>; false skips the step.</summary>
    public string? When { get; init; }

    /// <summary>Template that gives the list; the step runs once per item.</summary>
    public JsonElement? ForEach { get; init; }

    /// <summary>Name of the item in expressions. Default <c>item</c>.</summary>
    public string As { get; init; } = "item";

    /// <summary>Items in flight at once. Default 8.</summary>
    public int MaxParallel { get; init; } = 8;

    /// <summary>How many items may fail without failing the step; null: none.</summary>
    public Tolerance? Tolerate { get; init; }

    public RepeatClause? Repeat { get; init; }
    public TimeSpan? Timeout { get; init; }
    public RetryClause? Retry { get; init; }
    public OnError OnError { get; init; }

    /// <summary>Index of the step run in this one's place; set exactly when <see cref="OnError"/> is Fallback.</summary>
    public int? Fallback { get; init; }

    public bool FallbackOnly { get; init; }
    public Cents? MaxCost { get; init; }

    /// <summary>Template of an explicit idempotency key.</summary>
    public string? IdempotencyKey { get; init; }

    public CompensateClause? Compensate { get; init; }

    /// <summary>What the step's templates read of the memory, each once.</summary>
    internal ImmutableArray<MemoryPath> Reads { get; set; } = [];

    /// <summary>What a replay that calls skills does with the step; null: it is called when it has no effects, and compared.</summary>
    public ReplayBehavior? Replay { get; init; }
}

/// <summary>What a replay that calls skills does with a step: calls it without comparing, leaves it as recorded, or calls it and compares.</summary>
public enum ReplayBehavior { Execute, Skip, Check }

public enum StepKind { Skill, Sleep, Await, Child, Agent }

public enum OnError { Abort, Continue, Fallback, Compensate }

/// <summary>Waits for a signal or an approval; exactly one of the two is set.</summary>
public sealed record AwaitClause(string? Signal, ApprovalClause? Approval, TimeSpan? Timeout);

/// <summary>A child run of an inline plan (<paramref name="Plan"/>) or a stored workflow (<paramref name="Workflow"/>).</summary>
public sealed record ChildClause(JsonElement? Plan, string? Workflow, JsonElement Inputs)
{
    /// <summary>The child's plan as read; null for a stored workflow that was not looked up.</summary>
    public Plan? Read { get; init; }

    /// <summary>True: the author wrote it as a call of <see cref="AgentClause.Invoke"/>, which whoever runs it must be allowed.</summary>
    public bool IsInvokedAgent { get; init; }
}

/// <summary>Runs the skill until the expression is true, at most <paramref name="Max"/> rounds, else <c>REPEAT_LIMIT</c>.</summary>
public sealed record RepeatClause(string Until, int Max, TimeSpan Delay);

/// <summary>Tries in all (first one included), first delay, growth and cap. Jitter of ±10 % comes from the seed.</summary>
public sealed record RetryClause(int MaxAttempts, TimeSpan Backoff, TimeSpan MaxBackoff, decimal Factor);

public sealed record CompensateClause(string Skill, JsonElement Params);

/// <summary>One mistake in a plan.</summary>
/// <param name="Path">For instance <c>steps[2].params.url</c>.</param>
/// <param name="Code">A code of <see cref="FailureCatalog"/>, such as <c>INVALID_REFERENCE</c>.</param>
/// <param name="Suggestion">What to write instead, or null.</param>
public sealed record PlanProblem(string Path, string Code, string Message, string? Suggestion = null)
{
    /// <summary>A member that lists mistakes or warnings, each with its place.</summary>
    public static void WriteList(Utf8JsonWriter writer, string name, IEnumerable<PlanProblem> problems)
    {
        writer.WriteStartArray(name);
        foreach (var problem in problems)
        {
            writer.WriteStartObject();
            writer.WriteString("path", problem.Path);
            writer.WriteString("code", problem.Code);
            writer.WriteString("message", problem.Message);
            if (problem.Suggestion is { } suggestion) writer.WriteString("suggestion", suggestion);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }
}

/// <summary>Either a plan or at least one problem (both, when unknown skills were allowed); warnings in both cases.</summary>
public sealed record PlanReading(
    Plan? Plan, ImmutableArray<PlanProblem> Problems, ImmutableArray<PlanProblem> Warnings)
{
    /// <summary>Versions of skills that it asks for, also where there is no plan.</summary>
    public ImmutableArray<SkillAsk> Asks { get; init; } = [];
}
