using System.Collections.Immutable;
using System.Text.Json;

namespace Aos.Kernel;

/// <summary>
/// What steps read of the tenant's memory. A step that reads it asks once, when all it waits for is over and before its condition is
/// looked at; the answer is journaled, and every template of the step sees that answer, however often it is evaluated.
/// </summary>
internal static class Memories
{
    /// <summary>Stands for the run's output in place of a step.</summary>
    internal const int Output = -1;

    /// <summary>Stands for the reading in place of an item.</summary>
    private const int Item = -2;

    /// <summary>Whether the plan or one of the child plans in it reads the memory.</summary>
    internal static bool Reads(Plan plan) =>
        !plan.OutputReads.IsEmpty || plan.Steps.Any(step => !step.Reads.IsEmpty || (step.Child?.Read is { } child && Reads(child)));

    /// <summary>Whether the memory has to be read before the step begins, or the run ends.</summary>
    internal static bool Wants(RunState state, int step)
    {
        if (state.Start!.Rule < KernelRule.Memory || PathsOf(state, step).IsEmpty || ReadOf(state, step) is not null) return false;
        return (step < 0 || state.Steps[step].IsReady) && Keys(state, step).Count > 0;
    }

    /// <summary>The order to read; its generation is the attempt, so that an answer to an earlier one is known as such.</summary>
    internal static EffectId Effect(RunState state, int step) => new(step, Item, state.Attempt);

    /// <summary>An entry as it was read; null: there was none.</summary>
    internal static JsonElement? Find(RunState state, int step, string key)
    {
        if (state.Start!.Rule < KernelRule.Memory) return null; // As the builds before this rule had it.
        foreach (var entry in ReadOf(state, step)?.Entries ?? [])
        {
            if (string.Equals(entry.Key, key, StringComparison.Ordinal)) return entry.Value;
        }

        throw new ExpressionException("INVALID_REFERENCE", $"memory[\"{key}\"] was not read when the step began, so it has no value here.");
    }

    internal static Failure? Record(Turn turn, RecordMemory command)
    {
        var step = command.Effect.Step;
        if (step >= turn.State.Steps.Length || turn.State.Status.IsOver() || command.Effect != Effect(turn.State, step) || !IsAwaited(turn.State, step)) return null;
        turn.Add(new MemoryRead
        {
            At = turn.Now,
            Step = step,
            Entries = command.Failure is null ? [.. Keys(turn.State, step).Select(key => new MemoryEntry(key, Given(command, key)))] : [],
            Failure = command.Failure,
        });
        return null;
    }

    /// <summary>Of the steps that are open those that want to read; with none open the run's output.</summary>
    internal static void AddOrders(RunState state, List<RunEffect> orders)
    {
        if (state.Start!.Rule < KernelRule.Memory) return;
        if (Open.Sum(state).Open == 0) Add(state, Output, orders);
        var left = RunMachine.ParallelStepsOf(state);
        for (var i = -1; left > 0 && (i = Open.Next(state, i, static sum => sum.Ready > 0)) >= 0;)
        {
            if (Add(state, i, orders)) left--;
        }
    }

    private static bool Add(RunState state, int step, List<RunEffect> orders)
    {
        if (!Wants(state, step)) return false;
        orders.Add(new ReadMemory { Id = Effect(state, step), Keys = Keys(state, step) });
        return true;
    }

    private static bool IsAwaited(RunState state, int step) =>
        state is { BegunAt: not null, Compensating: null } && Wants(state, step) && (step >= 0 || Open.Sum(state).Open == 0);

    private static JsonElement? Given(RecordMemory command, string key)
    {
        foreach (var entry in command.Entries)
        {
            if (string.Equals(entry.Key, key, StringComparison.Ordinal)) return entry.Value;
        }

        return null;
    }

    private static ImmutableArray<MemoryPath> PathsOf(RunState state, int step) => step < 0 ? state.Plan.OutputReads : state.Plan.Steps[step].Reads;

    private static MemoryRead? ReadOf(RunState state, int step) => step < 0 ? state.OutputMemory : state.Steps[step].Memory;

    /// <summary>What the step reads. A key that cannot be told is left out: the expression that has it fails when it is evaluated, if it is.</summary>
    private static List<string> Keys(RunState state, int step)
    {
        var keys = new List<string>();
        foreach (var path in PathsOf(state, step))
        {
            if (KeyOf(path, new RunScope(state, step, -1)) is { } key && !keys.Contains(key)) keys.Add(key);
        }

        return keys;
    }

    private static string? KeyOf(MemoryPath path, RunScope scope)
    {
        try
        {
            return path.Name(new Evaluation(scope));
        }
        catch (Exception e) when (e is ExpressionException or CanonicalJsonException or OverflowException)
        {
            return null;
        }
    }
}
