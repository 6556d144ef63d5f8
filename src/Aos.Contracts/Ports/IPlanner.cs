using System.Text.Json;
using Aos.Kernel;

namespace Aos.Contracts;

/// <summary>Problems of a planned plan as <c>PlanReader</c> and the inspector see it; none: it may run.</summary>
public delegate Task<IReadOnlyList<PlanProblem>> PlanCheck(JsonElement plan, CancellationToken cancel);

/// <summary>Turns a goal into a plan. Never throws but when cancelled: what goes wrong is a <see cref="PlannerError"/>.</summary>
public interface IPlanner
{
    /// <summary>For instance <c>rules</c>.</summary>
    string Id { get; }

    /// <summary>Semantic version.</summary>
    string Version { get; }

    PlannerMode Mode { get; }

    /// <param name="check">A planner that can repair its plan asks this before it answers.</param>
    Task<PlannerReply> PlanAsync(PlannerRequest request, PlanCheck check, CancellationToken cancel);
}
