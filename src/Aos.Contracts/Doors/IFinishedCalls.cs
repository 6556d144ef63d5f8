using System.Collections.Immutable;
using System.Text.Json;
using Aos.Kernel;

namespace Aos.Contracts;

/// <summary>One call of a skill that came to an end, as its run's journal tells it.</summary>
/// <param name="Seq">Number of the event that ended it.</param>
/// <param name="Place">Step, item and generation, for instance <c>s0.-1.0</c>.</param>
/// <param name="Step">The step's id in the plan.</param>
/// <param name="Params">As the skill got them; an empty object for calls whose start is not journaled, which are free.</param>
/// <param name="Model">The model that answered, or that was asked; null: none.</param>
public sealed record FinishedCall(int Seq, string Place, string Step, string Skill, JsonElement Params, string? Model, Cents Cost, TimeSpan Duration, bool Ok, DateTimeOffset At);

/// <summary>A run with all calls that came to an end in it, those of earlier attempts included; what it took over of another run is not among them.</summary>
/// <param name="PlanHash">64 hex digits.</param>
/// <param name="EndedAt">Null: it is not over.</param>
public sealed record RunCalls(RunId Run, TenantId Tenant, string PlanHash, RunStatus Status, Cents? Budget, Cents Spent, DateTimeOffset? EndedAt, ImmutableArray<FinishedCall> Calls);

/// <summary>Door of the runs room to what calls did cost.</summary>
public interface IFinishedCalls
{
    /// <summary>Null: there is no such run. Throws <see cref="JournalCorruptException"/>.</summary>
    Task<RunCalls?> ReadAsync(RunId run, CancellationToken cancel);
}
