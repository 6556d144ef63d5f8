using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Aos.CostSim;

/// <summary>
/// Asks the second model about what was simulated, once a second and off every request's path: one leave of the breaker, one report to it and one write of provenance for
/// all that has come since. A probe of a breaker that is half open is one question and its own report.
/// </summary>
internal sealed partial class ShadowWorker(
    ModelDesk desk, ShadowMeter meter, TimeProvider clock, ILogger<ShadowWorker> logger, ICostBreaker? breaker = null, IProvenance? provenance = null) : BackgroundService, ILater
{
    internal static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>Records that wait for a database that is away; beyond it they are let go.</summary>
    private const int KeptMax = 4_096;

    private readonly List<ProvenanceRecord> unwritten = [];

    /// <summary>Looks at all that waits; returns how many questions the second model answered.</summary>
    internal async Task<int> PassAsync(CancellationToken cancel)
    {
        var questions = Take();
        var asked = questions.Count > 0 ? await AskAsync(questions, cancel) : 0;
        await WriteAsync(cancel);
        return asked;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (await desk.Waiting.WaitToReadAsync(stoppingToken))
            {
                await SafelyAsync(stoppingToken);
                await Task.Delay(Pause, clock, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops; what was not compared is lost, and nothing depends on it.
        }
    }

    /// <summary>What goes wrong with one pass must not end all that would follow.</summary>
    private async Task SafelyAsync(CancellationToken cancel)
    {
        try
        {
            await PassAsync(cancel);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Failed(logger, e);
        }
    }

    [LoggerMessage(1, LogLevel.Error, "The second cost model could not be asked; what is simulated from now on is looked at again.")]
    private static partial void Failed(ILogger logger, Exception exception);

    private List<(SimulatedPlan Plan, CostQuestion Question)> Take()
    {
        var questions = new List<(SimulatedPlan, CostQuestion)>();
        for (var taken = 0; taken < ModelDesk.QueueMax && desk.Waiting.TryRead(out var work); taken++)
        {
            if (work.Record is { } ready) Hold(ready);
            else if (PlanCalls.Of(work.Plan!) is { } question) questions.Add((work.Plan!, question));
        }

        return questions;
    }

    /// <summary>How many of the questions, from the first on, were answered.</summary>
    private async Task<int> AskAsync(List<(SimulatedPlan Plan, CostQuestion Question)> questions, CancellationToken cancel)
    {
        BreakerLeave? leave = null;
        try
        {
            if (breaker is not null) leave = await breaker.AdmitAsync(cancel);
        }
        catch (JournalUnavailableException)
        {
            meter.Dropped("breaker_unavailable", questions.Count);
            return 0;
        }

        if (leave is { Allowed: false })
        {
            meter.Dropped("breaker_open", questions.Count);
            return 0;
        }

        var batch = leave?.Probe is null ? questions : questions[..1];
        await ReportAsync(Compare(batch) with { Probe = leave?.Probe }, cancel);
        return batch.Count;
    }

    private async Task ReportAsync(BreakerReport report, CancellationToken cancel)
    {
        try
        {
            if (breaker is not null) await breaker.ReportAsync(report, cancel);
        }
        catch (JournalUnavailableException)
        {
            meter.Dropped("breaker_unavailable", 1);
        }
    }

    /// <summary>The mean drift of the questions: one odd plan among many is no reason to stop.</summary>
    private BreakerReport Compare(List<(SimulatedPlan Plan, CostQuestion Question)> questions)
    {
        var (sum, errors, counted) = (0.0, 0, 0);
        var verdicts = new SortedDictionary<string, int>(StringComparer.Ordinal);
        Exception? thrown = null;
        foreach (var (plan, question) in questions)
        {
            try
            {
                var began = clock.GetTimestamp();
                var (first, second, comparison) = desk.Compare(plan.Tenant, question);
                (sum, counted) = (sum + comparison.DriftScore, counted + 1);
                verdicts[comparison.Verdict] = verdicts.GetValueOrDefault(comparison.Verdict) + 1;
                Keep(plan, question, first, second, comparison, (int)clock.GetElapsedTime(began).TotalMilliseconds);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                (errors, thrown) = (errors + 1, e); // What the second model throws is a finding about it.
            }
        }

        return new BreakerReport(counted == 0 ? 1 : sum / counted, questions.Count, Details(verdicts, thrown), errors);
    }

    private static JsonElement Details(SortedDictionary<string, int> verdicts, Exception? thrown) => Json.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteStartObject("verdicts");
        foreach (var (verdict, count) in verdicts) writer.WriteNumber(verdict, count);
        writer.WriteEndObject();
        if (thrown is not null) writer.WriteString("exception", $"{thrown.GetType().Name}: {thrown.Message}");
        writer.WriteEndObject();
    });

    private void Keep(SimulatedPlan plan, CostQuestion question, CostEstimate first, CostEstimate second, CostComparison comparison, int runtimeMs)
    {
        if (!desk.Keeps) return;
        Hold(ShadowRecords.Of(plan.Tenant, null, "shadow", question, first, second, comparison, runtimeMs, plan.Estimate, clock.GetUtcNow()));
    }

    private void Hold(ProvenanceRecord record)
    {
        if (unwritten.Count < KeptMax) unwritten.Add(record);
        else meter.Dropped("provenance", 1);
    }

    private async Task WriteAsync(CancellationToken cancel)
    {
        if (unwritten.Count == 0 || provenance is null) return;
        try
        {
            await provenance.WriteAsync([.. unwritten], cancel);
            unwritten.Clear();
        }
        catch (JournalUnavailableException)
        {
            // Written with the next pass.
        }
    }
}
