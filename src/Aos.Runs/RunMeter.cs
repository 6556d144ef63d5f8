using System.Diagnostics.Metrics;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Runs;

/// <summary>Counts runs and the calls they make. Made once per room, from the host's meter factory.</summary>
internal sealed class RunMeter
{
    private readonly Counter<long> runs;
    private readonly Counter<long> failed;
    private readonly Counter<long> attempts;
    private readonly Histogram<double> duration;
    private readonly Counter<long> tokens;
    private readonly Counter<double> cost;
    private readonly Counter<long> invocations;
    private readonly Histogram<double> modelDuration;

    private readonly ICallRates? rates;

    public RunMeter(IMeterFactory factory, ICosts? costs = null, ICallRates? rates = null)
    {
        this.rates = rates;
        var meter = factory.Create("Aos.Runs");
        runs = meter.CreateCounter<long>("nova_runs_total", null, "Runs started and ended, by status and planner.");
        failed = meter.CreateCounter<long>("nova_runs_failed_total", null, "Runs that ended failed.");
        attempts = meter.CreateCounter<long>("nova_skill_attempts_total", null, "Calls of skills.");
        duration = meter.CreateHistogram<double>("nova_skill_duration_seconds", "s", "How long calls of skills took.");
        tokens = meter.CreateCounter<long>("nova_llm_tokens_total", null, "Tokens models used, by type.");
        cost = meter.CreateCounter<double>("nova_llm_cost_cents_total", null, "What model calls cost, in cents.");
        invocations = meter.CreateCounter<long>("nova_llm_invocations_total", null, "Calls of models, by status.");
        modelDuration = meter.CreateHistogram<double>("nova_llm_duration_seconds", "s", "How long calls of models took.");
        Workflows = new WorkflowMeter(factory, costs);
    }

    /// <summary>What is counted of stored events.</summary>
    internal WorkflowMeter Workflows { get; }

    internal void Started(RunState state)
    {
        Count("started", state);
        if (state.Status.IsOver()) Ended(state);
    }

    internal void Ended(RunState state)
    {
        Count(state.Status.Wire(), state);
        if (state.Status == RunStatus.Failed) failed.Add(1);
    }

    internal void Called(TenantId tenant, string skill, StructuredOutcome outcome)
    {
        rates?.Called(tenant, skill, outcome.Failure?.Code);
        attempts.Add(1, Tag("skill", skill));
        duration.Record(outcome.Latency.TotalSeconds, Tag("skill", skill));
        if (skill == "llm_invoke") CalledModel(outcome);
    }

    private void CalledModel(StructuredOutcome outcome)
    {
        var provider = Tag("provider", outcome.Result.GetText("provider") ?? "unknown");
        var model = Tag("model", outcome.Result.GetText("model") ?? "unknown");
        invocations.Add(1, provider, model, Tag("status", outcome.Ok ? "succeeded" : "failed"));
        modelDuration.Record(outcome.Latency.TotalSeconds, provider, model);
        cost.Add((double)outcome.Cost.Value, provider, model);
        foreach (var type in new[] { "input", "output" })
        {
            var used = outcome.Result.Get("usage")?.Get($"{type}_tokens") ?? outcome.Result.Get($"{type}_tokens");
            if (used is { ValueKind: JsonValueKind.Number } count && count.TryGetInt64(out var n)) tokens.Add(n, provider, model, Tag("token_type", type));
        }
    }

    /// <summary>The planner stands in the run's labels when one made the plan.</summary>
    private void Count(string status, RunState state) =>
        runs.Add(1, Tag("status", status), Tag("planner", state.Start!.Labels.GetValueOrDefault("planner", "none")));

    private static KeyValuePair<string, object?> Tag(string name, string value) => new(name, value);
}
