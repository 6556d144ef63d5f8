namespace Aos.Memory.Tests.Drift;

/// <summary>Executions to compare.</summary>
internal static class Traces
{
    internal static ExecutedStep Step(string skill = "http_call", string parameters = "{}", string? result = null, string status = "completed", int index = 0) =>
        new(index, skill, Json.Parse(parameters)) { Result = result is null ? null : Json.Parse(result), Status = status };

    internal static ExecutionTrace Of(params ExecutedStep[] steps) => new("wf", [.. steps], Json.EmptyObject);

    internal static ExecutionTrace Ending(string state) => new("wf", [Step()], Json.Parse(state));

    internal static DriftResult Compare(ExecutionTrace baseline, ExecutionTrace memory) => new DriftDetector().Compare(baseline, memory);

    /// <summary>Two executions whose one call answers these.</summary>
    internal static DriftResult CompareResults(string baseline, string memory, DriftDetector? detector = null) =>
        (detector ?? new DriftDetector()).Compare(Of(Step(result: baseline)), Of(Step(result: memory)));
}
