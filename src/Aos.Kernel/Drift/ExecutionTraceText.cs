using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;

namespace Aos.Kernel;

/// <summary>An execution as it is written: <c>{"workflow_id", "steps": [{"skill", "params", "result", "status"}], "final_state", "agent_id"}</c>.</summary>
public static class ExecutionTraceText
{
    /// <summary>Steps of one execution.</summary>
    public const int StepsMax = 10_000;

    private static readonly string[] Members = ["workflow_id", "agent_id", "steps", "final_state", "memory_enabled", "memory_context", "metadata"];
    private static readonly string[] StepMembers = ["index", "skill", "params", "result", "status", "duration_ms", "timestamp"];

    /// <param name="at">Where it stands, for what is said of problems.</param>
    /// <returns>The execution, or the first thing that is wrong.</returns>
    public static (ExecutionTrace? Trace, string? Problem) Read(JsonElement text, string at)
    {
        if (text.ValueKind != JsonValueKind.Object) return (null, $"{at}: an execution is an object.");
        if (Unknown(text, Members) is { } name) return (null, $"{at}.{name}: is not known; there are {string.Join(", ", Members)}.");
        if (text.Get("steps") is not { ValueKind: JsonValueKind.Array } list) return (null, $"{at}.steps: a list of steps is missing.");
        if (list.GetArrayLength() > StepsMax) return (null, $"{at}.steps: {list.GetArrayLength()} steps, {StepsMax} are the most.");
        var steps = ImmutableArray.CreateBuilder<ExecutedStep>(list.GetArrayLength());
        foreach (var (i, step) in list.EnumerateArray().Index())
        {
            var (read, problem) = Step(step, i, string.Create(CultureInfo.InvariantCulture, $"{at}.steps[{i}]"));
            if (problem is not null) return (null, problem);
            steps.Add(read!);
        }

        if (text.Get("final_state") is { ValueKind: not JsonValueKind.Object }) return (null, $"{at}.final_state: is an object.");
        return (new ExecutionTrace(text.GetText("workflow_id") ?? "", steps.MoveToImmutable(), text.Get("final_state") ?? Json.EmptyObject)
        {
            AgentId = text.GetText("agent_id"), MemoryEnabled = text.Get("memory_enabled") is { ValueKind: JsonValueKind.True }, MemoryContext = text.Get("memory_context"),
            Metadata = text.Get("metadata") ?? Json.EmptyObject,
        }, null);
    }

    private static (ExecutedStep? Step, string? Problem) Step(JsonElement step, int index, string at)
    {
        if (step.ValueKind != JsonValueKind.Object) return (null, $"{at}: a step is an object.");
        if (Unknown(step, StepMembers) is { } name) return (null, $"{at}.{name}: is not known; there are {string.Join(", ", StepMembers)}.");
        if (step.GetText("skill") is not { Length: > 0 } skill) return (null, $"{at}.skill: the name of a skill is missing.");
        return (new ExecutedStep(index, skill, step.Get("params") ?? Json.EmptyObject)
        {
            Result = step.Get("result"), Status = step.GetText("status") ?? "completed", DurationMs = step.Get("duration_ms") is { ValueKind: JsonValueKind.Number } ms ? ms.GetDouble() : 0,
            Timestamp = step.GetText("timestamp"),
        }, null);
    }

    private static string? Unknown(JsonElement value, string[] known) =>
        value.EnumerateObject().Select(member => member.Name).FirstOrDefault(name => !known.Contains(name));
}
