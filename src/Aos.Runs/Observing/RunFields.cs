using System.Collections;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Runs;

/// <summary>
/// What stands beside every line that is logged while something of a run is under way: it flows with the call, so calls side by side
/// have each their own. Made for every call and read only when a line is written.
/// </summary>
internal sealed class RunFields(RunStarted start, PlanStep? step) : IReadOnlyList<KeyValuePair<string, object?>>
{
    public int Count => step is null ? 5 : 7;

    public KeyValuePair<string, object?> this[int index] => index switch
    {
        0 => new("correlation_id", Correlation.Of(start)),
        1 => new("run_id", start.Run),
        2 => new("workflow_id", start.Workflow?.Id ?? start.Plan.Name),
        3 => new("agent_id", start.AgentId),
        4 => new("tenant_id", start.Tenant.Value),
        5 when step is not null => new("step_id", step.Id),
        6 when step is not null => new("step_index", step.Index),
        _ => throw new ArgumentOutOfRangeException(nameof(index)),
    };

    public IEnumerator<KeyValuePair<string, object?>> GetEnumerator()
    {
        for (var i = 0; i < Count; i++) yield return this[i];
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>For loggers that write scopes as a text.</summary>
    public override string ToString() => string.Join(' ', this.Select(field => $"{field.Key}={field.Value}"));
}
