using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using static Aos.Kernel.SampleSet;

namespace Aos.Kernel;

/// <summary>
/// The five datasets a cost model is judged by: 84 samples, always the same. What a sample should cost stands beside it, worked out by hand from what its calls are
/// sold for: a model call is 3.5 cents, 0.8 per thousand characters asked and 1.2 per thousand answered (twice what is asked, at most 4,000); a mail is 0.8; a skill
/// that nobody knows is 5; everything else is free. The sum is rounded to whole cents, a half to the even one.
/// </summary>
public static class ReferenceDatasets
{
    /// <summary>
    /// The seed of the random parts of <c>high_variance</c>: the one that a plan without a seed is simulated with. It was not chosen for what comes of it.
    /// </summary>
    public const ulong Seed = 42;

    public static ImmutableArray<Dataset> All { get; } = [LowVariance(), HighVariance(Seed), MixedCity(), NoiseInjected(), Historical()];

    /// <summary>Null: there is none of this id.</summary>
    public static Dataset? Find(string id) => All.FirstOrDefault(dataset => dataset.Id == id);

    /// <summary>The dataset whose random parts another seed draws.</summary>
    public static Dataset HighVariance(ulong seed)
    {
        var (set, chance) = (new SampleSet(), new Chance(seed));
        (int Characters, long Cents)[] prompts = [(100, 4), (500, 5), (1000, 7), (2000, 10), (4000, 12), (8000, 15)];
        for (var i = 0; i < prompts.Length; i++) set.Add(Numbered("hv_llm", i), "llm variable", 50, prompts[i].Cents, true, 0.7, Ask(prompts[i].Characters));
        for (var i = 0; i < 5; i++)
        {
            var steps = new CostStep[3 + (int)chance.Below(5)];
            for (var step = 0; step < steps.Length; step++) steps[step] = chance.Below(3) switch { 0 => Http, 1 => Transform, _ => Ask("Process this data") };
            set.Add(Numbered("hv_workflow", i), "workflow complex", 200, CentsOf(steps), true, 0.5, steps);
        }

        for (var i = 0; i < 5; i++)
        {
            var call = Step("http_call", string.Create(CultureInfo.InvariantCulture, $$"""{"url":"https://external.example.com/api","timeout":{{10 + chance.Below(51)}}}"""));
            set.Add(Numbered("hv_external", i), "http external", 100, 0, true, 0.6, call);
        }

        return new Dataset(
            "high_variance", "High Variance Dataset", "Prompts of many lengths, workflows and external calls drawn by a fixed seed.", set.All, new DatasetLimits(10, 5, 15, 0.10, 0.15));
    }

    private static Dataset LowVariance() => new(
        "low_variance", "Low Variance Dataset", "Simple calls that cost nothing and take a known time.",
        new SampleSet()
            .Repeat(10, "lv_http", "http simple", 100, 0, 0.8, Http)
            .Repeat(10, "lv_json", "json simple", 100, 0, 0.95, Transform)
            .Repeat(5, "lv_kv_get", "kv simple", 100, 0, 0.95, Get)
            .Repeat(5, "lv_kv_set", "kv simple", 100, 0, 0.95, Set).All,
        new DatasetLimits(1.0, 0.5, 2.0, 0.02, 0.05));

    private static Dataset MixedCity() => new(
        "mixed_city", "Mixed City Dataset", "A day of a town: batches in the morning, a peak, notices in the afternoon, reports in the evening.",
        new SampleSet()
            .Repeat(10, "mc_morning", "batch morning", 50, 0, null, Get, Transform)
            .Repeat(5, "mc_peak", "peak", 100, 4, null, Http, Ask("Summarise the traffic"), Transform, Set) // 3.5 + 21 · 0.0032 = 3.5672
            .Repeat(5, "mc_afternoon", "notification afternoon", 50, 0, null, Transform, Webhook)
            .Repeat(5, "mc_evening", "report evening", 100, 4, null, Ask("Generate daily report"), Email).All, // 3.5 + 21 · 0.0032 + 0.8 = 4.3672
        new DatasetLimits(5, 3, 10, 0.05, 0.10));

    private static Dataset NoiseInjected() => new(
        "noise_injected", "Noise Injected Dataset", "Edges: nothing to do, no budget, unknown skills, very long plans and prompts.",
        new SampleSet()
            .Add("ni_empty", "edge_case empty", 100, 0, false, null)
            .Add("ni_unknown_skill", "edge_case unknown", 100, 5, true, 0.3, Step("unknown_skill_xyz"))
            .Add("ni_zero_budget", "edge_case budget", 0, 0, true, null, Http)
            .Add("ni_tiny_budget", "edge_case budget", 1, 4, false, null, Ask("Hello")) // 3.5 + 5 · 0.0032 = 3.516
            .Add("ni_long_plan", "edge_case long", 100, 0, true, null, [.. Enumerable.Repeat(Transform, 50)])
            .Add("ni_long_prompt", "edge_case long_prompt", 1000, 88, true, 0.4, Ask(100_000)) // 3.5 + 80 + 4.8 = 88.3
            .Add("ni_missing_params", "edge_case missing", 100, 0, true, null, Step("http_call"))
            .Add("ni_duplicate", "edge_case duplicate", 100, 0, true, null, Http, Http, Http).All,
        new DatasetLimits(20, 10, 25, 0.30, 0.25));

    private static Dataset Historical() => new(
        "historical", "Historical Dataset", "Plans as they are often written, put down by hand.",
        new SampleSet()
            .Add("hist_api_integration", "historical integration", 100, 0, true, null, Http, Transform, Set)
            .Add("hist_content_gen", "historical content", 100, 8, true, null, Ask(400), Ask(50), Transform) // 3.5 + 1.28 + 3.5 + 0.16 = 8.44
            .Add("hist_data_pipeline", "historical pipeline", 150, 5, true, null, Http, Transform, Ask(400), Set) // 3.5 + 1.28 = 4.78
            .Add("hist_notification", "historical notification", 50, 1, true, null, Get, Email, Webhook) // 0.8
            .Add("hist_monitoring", "historical monitoring", 50, 0, true, null, Http, Get, Webhook).All,
        new DatasetLimits(5, 3, 8, 0.05, 0.10));

    /// <summary>The rule of this class, for steps that chance has drawn: each model call among them is asked 17 characters, 3.5 + 17 · 0.0032 = 3.5544.</summary>
    private static long CentsOf(CostStep[] steps) => (long)Math.Round(3.5544m * steps.Count(step => step.Skill == "llm_invoke"), MidpointRounding.ToEven);

    private static string Numbered(string id, int number) => string.Create(CultureInfo.InvariantCulture, $"{id}_{number}");
}
