using System.Collections.Immutable;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Runs;

/// <summary>One request a planner served.</summary>
internal sealed record PlannerCallRecord(string AgentId, string Goal, DateTimeOffset At);

/// <summary>Plans by keyword rules: free, offline, the same plan for the same request. Remembers its last requests.</summary>
internal sealed class RulePlanner(TimeProvider clock) : IPlanner
{
    private const int HistoryMax = 1_000;

    private readonly Lock gate = new();
    private readonly Queue<PlannerCallRecord> history = new();
    private ImmutableArray<PlannerRule> rules = PlannerRules.Default;

    public string Id => "rules";

    public string Version => PlannerRules.Version;

    public PlannerMode Mode => PlannerMode.Full;

    internal IReadOnlyList<PlannerCallRecord> History
    {
        get
        {
            lock (gate) return [.. history];
        }
    }

    public Task<PlannerReply> PlanAsync(PlannerRequest request, PlanCheck check, CancellationToken cancel) => Task.FromResult(Plan(request));

    internal PlannerReply Plan(PlannerRequest request)
    {
        lock (gate)
        {
            if (history.Count == HistoryMax) history.Dequeue();
            history.Enqueue(new PlannerCallRecord(request.AgentId, request.Goal.Trim(), clock.GetUtcNow()));
        }

        var reply = PlannerRules.Plan(request, rules, Id);
        return reply.Output is { } output
            ? reply with { Output = output with { Metadata = output.Metadata with { GeneratedAt = clock.GetUtcNow() } } }
            : reply;
    }

    internal void Reset()
    {
        lock (gate) history.Clear();
    }

    internal void Add(PlannerRule rule) => ImmutableInterlocked.Update(ref rules, list => list.Add(rule));

    internal void ClearRules() => rules = [];
}
