using System.Diagnostics.Metrics;
using System.Text.Json;
using Aos.Kernel;

namespace Aos.Skills;

/// <summary>Counts and times skill calls, and what models used. Made once per room, from the host's meter factory.</summary>
internal sealed class SkillMeter
{
    private readonly Counter<long> attempts;
    private readonly Histogram<double> duration;
    private readonly Counter<long> tokens;
    private readonly Counter<double> cost;
    private readonly Counter<long> invocations;
    private readonly Histogram<double> modelDuration;

    public SkillMeter(IMeterFactory factory)
    {
        var meter = factory.Create("Aos.Skills");
        attempts = meter.CreateCounter<long>("nova_skill_attempts_total", null, "Calls of skills.");
        duration = meter.CreateHistogram<double>("nova_skill_duration_seconds", "s", "How long calls of skills took.");
        tokens = meter.CreateCounter<long>("nova_llm_tokens_total", null, "Tokens models used, by type.");
        cost = meter.CreateCounter<double>("nova_llm_cost_cents_total", null, "What model calls cost, in cents.");
        invocations = meter.CreateCounter<long>("nova_llm_invocations_total", null, "Calls of models, by status.");
        modelDuration = meter.CreateHistogram<double>("nova_llm_duration_seconds", "s", "How long calls of models took.");
    }

    internal void Called(string skill, StructuredOutcome outcome)
    {
        attempts.Add(1, Tag("skill", skill));
        duration.Record(outcome.Latency.TotalSeconds, Tag("skill", skill));
        if (skill == "llm_invoke") CalledModel(outcome);
    }

    private void CalledModel(StructuredOutcome outcome)
    {
        var (provider, model) = (Tag("provider", outcome.Result.GetText("provider") ?? "unknown"), Tag("model", outcome.Result.GetText("model") ?? "unknown"));
        invocations.Add(1, provider, model, Tag("status", outcome.Ok ? "succeeded" : "failed"));
        modelDuration.Record(outcome.Latency.TotalSeconds, provider, model);
        cost.Add((double)outcome.Cost.Value, provider, model);
        foreach (var type in new[] { "input", "output" })
        {
            var used = outcome.Result.Get("usage")?.Get($"{type}_tokens") ?? outcome.Result.Get($"{type}_tokens");
            if (used is { ValueKind: JsonValueKind.Number } count && count.TryGetInt64(out var n)) tokens.Add(n, provider, model, Tag("token_type", type));
        }
    }

    private static KeyValuePair<string, object?> Tag(string name, string value) => new(name, value);
}
