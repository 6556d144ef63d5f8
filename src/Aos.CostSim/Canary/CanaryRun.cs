using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.CostSim;

/// <summary>What a run came to.</summary>
internal sealed record CanaryOutcome(CanaryReport Report, ImmutableArray<(string Name, byte[] Text)> Artifacts, double KlBeyond);

/// <summary>One run from its samples to its report. It stores nothing and tells nobody.</summary>
internal sealed class CanaryRun(
    ICostModels models, CanaryOptions options, BreakerOptions breaker, ProvenanceTable provenance, CostRecordTable records, GoldenShelf shelf, ICluster cluster, TimeProvider clock)
{
    /// <summary>How far back simulations and calls are recent.</summary>
    private static readonly TimeSpan Window = TimeSpan.FromDays(7);

    /// <summary>Newest calls of a skill that are looked at.</summary>
    private const int CallsMax = 200;

    private const double LeastCents = 0.01; // Is added to both sides of a ratio, as the drift of skills does it.

    private volatile Hanging? hanging;

    /// <summary>Ends within <see cref="CanaryOptions.MaxRuntime"/>, whatever the models do.</summary>
    internal async Task<CanaryOutcome> JudgeAsync(string run, string trigger, string instance, CanaryOrder order, CancellationToken cancel)
    {
        var at = cluster.Now;
        using var over = new CancellationTokenSource(options.MaxRuntime, clock);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancel, over.Token);
        try
        {
            return await JudgeAsync(new Draft(run, at, trigger, instance, models), order, over.Token, both.Token);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return Failed($"The database was not read within {Limit}; see COSTSIM_CANARY_MAX_RUNTIME_SECONDS.");
        }
        catch (Exception e) when (e is not OperationCanceledException and not JournalUnavailableException)
        {
            return Failed($"It could not judge: {e.GetType().Name}: {e.Message}");
        }

        CanaryOutcome Failed(string why)
        {
            var draft = new Draft(run, at, trigger, instance, models);
            return Written(draft.Report(CanaryStatus.Error, CanaryMeasure.None, 0, 0, 0, [why], []), [], 0);
        }
    }

    private string Limit => string.Create(CultureInfo.InvariantCulture, $"{options.MaxRuntime.TotalSeconds:0} s");

    private async Task<CanaryOutcome> JudgeAsync(Draft draft, CanaryOrder order, CancellationToken over, CancellationToken cancel)
    {
        var (first, second) = (await shelf.PickAsync(models.Production, cancel), await shelf.PickAsync(models.Shadow, cancel));
        var recent = Recent.Of(await provenance.RecentAsync(draft.At - Window, order.SampleCount ?? options.SampleCount, cancel));
        var paid = Drifts(await records.NewestAsync(draft.At - Window, CallsMax, cancel));
        Finding[] stored = [.. CanaryJudge.Damaged(recent), .. CanaryJudge.Drifted(paid)];
        var (trial, silent) = await AskAsync(draft.Run, [.. CanarySample.OfDatasets(first, second), .. recent.Samples], over, cancel);
        var judge = new CanaryJudge(order.DriftThreshold ?? options.DriftThreshold, options.OutlierMax, options.MajorMax);
        var measure = trial is null ? CanaryMeasure.None : CanaryMeasure.Of(trial.Answers, models.Limits);
        Finding[] findings = [.. silent is null ? [] : new[] { silent }, .. trial is null ? [] : judge.Of(trial, measure, first, second), .. stored];
        var artifacts = trial is null ? [] : CanaryArtifacts.Of(trial.Answers, models.Limits, draft.At);
        var failed = trial?.Answers.Count(answer => answer.Thrown is not null) ?? 0;
        var score = findings.Length == 0 ? 0 : Finding.Score(findings, breaker.DriftThreshold);
        var report = draft.Report(
            findings.Length == 0 ? CanaryStatus.Pass : CanaryStatus.Fail, measure, recent.Samples.Length, failed, score, [.. findings.Select(finding => finding.Reason)],
            [(first, Changed(trial, first, answer => answer.First)), (second, Changed(trial, second, answer => answer.Second))]);
        return Written(report, artifacts, measure.KlBeyond);
    }

    /// <summary>The report names all artifacts, its own among them.</summary>
    private static CanaryOutcome Written(CanaryReport report, ImmutableArray<(string Name, byte[] Text)> artifacts, double klBeyond)
    {
        var whole = report with { Artifacts = [CanaryArtifacts.Report, .. artifacts.Select(artifact => artifact.Name)] };
        return new CanaryOutcome(whole, [CanaryArtifacts.Of(whole), .. artifacts], klBeyond);
    }

    /// <summary>A model that has never answered an earlier run is not asked again by this process: each time would cost a thread.</summary>
    private async Task<(TrialResult? Trial, Finding? Silent)> AskAsync(string run, ImmutableArray<CanarySample> samples, CancellationToken over, CancellationToken cancel)
    {
        if (hanging is { Trial.IsCompleted: false } still) return (null, new Finding($"{still.Asking} has not answered since run {still.Run} of this node; restart it when the model is mended."));
        var trial = new CanaryTrial(models, samples);
        var asked = trial.StartAsync(cancel);
        try
        {
            return (await asked.WaitAsync(cancel), null);
        }
        catch (OperationCanceledException) when (over.IsCancellationRequested)
        {
            hanging = new Hanging(run, trial.Asking, asked);
            return (null, new Finding($"{trial.Asking} did not answer: the run was over after {Limit}, see COSTSIM_CANARY_MAX_RUNTIME_SECONDS."));
        }
    }

    private static IEnumerable<PaidDrift> Drifts(IEnumerable<(string Skill, decimal Simulated, decimal Actual)> calls)
    {
        var skills = calls.GroupBy(call => call.Skill, StringComparer.Ordinal).ToImmutableSortedDictionary(
            of => of.Key, of => ImmutableArray.Create(of.Select(call => new DriftSample((double)call.Simulated, (double)call.Actual, null)).ToImmutableArray()), StringComparer.Ordinal);
        return DriftDetection.Of(skills, LeastCents).Select(drift => new PaidDrift(drift.Skill, drift.Newest, drift.Level));
    }

    /// <summary>Samples whose golden answer is another one; null: they were not asked.</summary>
    private static int? Changed(TrialResult? trial, GoldenPick pick, Func<CanaryAnswer, ModelAnswer?> of) => trial is null || pick.Golden is null ? null : trial.Answers.Count(answer =>
        answer.Sample.Dataset is not null && of(answer) is { } now && pick.Golden.Find(answer.Sample.Question)?.ChangeTo(now) is not null);

    private sealed record Hanging(string Run, string Asking, Task Trial);

    /// <summary>What is known of a report before its run.</summary>
    private sealed record Draft(string Run, DateTimeOffset At, string Trigger, string Instance, ICostModels Models)
    {
        internal CanaryReport Report(
            CanaryStatus status, CanaryMeasure measure, int recent, int failed, double score, ImmutableArray<string> reasons, ImmutableArray<(GoldenPick Pick, int? Changed)> goldens) => new(
            Run, At, status, Trigger, Instance, Models.Production.Version, Models.Shadow.Version, recent, failed, measure.All, measure.ByDesign, score, reasons, [], Golden(goldens));

        private static JsonElement Golden(ImmutableArray<(GoldenPick Pick, int? Changed)> goldens) => Json.Write(writer =>
        {
            writer.WriteStartObject();
            writer.WriteBoolean("golden_loaded", goldens.Any(one => one.Pick.Golden is not null));
            writer.WriteStartArray("models");
            foreach (var (pick, changed) in goldens)
            {
                writer.WriteStartObject();
                writer.WriteString("model", pick.Model.Name);
                writer.WriteString("version", pick.Model.Version);
                writer.WriteString("golden_version", pick.Golden?.Version);
                writer.WriteString("source", pick.Source);
                if (changed is { } count) writer.WriteNumber("changed_samples", count);
                else writer.WriteNull("changed_samples");
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        });
    }
}
