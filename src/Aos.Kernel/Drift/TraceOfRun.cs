using System.Collections.Immutable;

namespace Aos.Kernel;

/// <summary>A run as an execution to compare.</summary>
public static class TraceOfRun
{
    /// <summary>Steps that have ended, in the order of the plan, their parameters and results redacted; the final state is the run's status, code and output.</summary>
    public static ExecutionTrace Of(RunState run) => new(
        run.Start!.Workflow?.Name ?? run.Plan.Name,
        [.. StepView.Server(run).Where(step => step.Status != "retry").Select(Step)],
        Json.Write(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("status", run.Status.Wire());
            writer.WriteString("error", run.End?.Failure?.Code);
            writer.WritePropertyName("output");
            (run.End?.Result is { } result ? Redactor.Redact(result) : Json.Null).WriteTo(writer);
            writer.WriteEndObject();
        }))
    {
        AgentId = run.Start.AgentId,
        MemoryEnabled = run.OutputMemory is not null || run.Steps.Any(step => step.Memory is not null),
    };

    private static ExecutedStep Step(TraceStep step) => new(step.StepIndex, step.SkillName, Redactor.Redact(step.Params))
    {
        Result = step.Data is { } data ? Redactor.Redact(data) : null, Status = step.Status, DurationMs = step.Duration.TotalMilliseconds,
    };
}
