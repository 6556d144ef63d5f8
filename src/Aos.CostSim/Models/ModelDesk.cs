using System.Threading.Channels;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.CostSim;

/// <summary>The models of this house, and the queue before the second one.</summary>
internal sealed class ModelDesk : ICostModels
{
    /// <summary>Plans that may wait for the second model.</summary>
    internal const int QueueMax = 1_024;

    /// <summary>Longest that a question asked for the second model's sake waits for its breaker.</summary>
    private static readonly TimeSpan BreakerWait = TimeSpan.FromSeconds(2);

    private readonly Channel<ShadowWork> queue = Channel.CreateBounded<ShadowWork>(QueueMax);
    private readonly CostModelOptions options;
    private readonly ShadowMeter meter;
    private readonly TimeProvider clock;
    private readonly ICostBreaker? breaker;
    private readonly bool isWatched;

    /// <param name="models">Those that may stand beside the production model; the settings name one of them.</param>
    public ModelDesk(CostSimOptions options, IEnumerable<ICostModel> models, ShadowMeter meter, TimeProvider clock, ICostBreaker? breaker = null, IProvenance? provenance = null)
    {
        (this.options, this.meter, this.clock, this.breaker) = (options.Models, meter, clock, breaker);
        Production = new TableModel(this.options.Table);
        Shadow = Named(models.ToList(), this.options.ShadowModel);
        meter.Answers.Is(Shadow.Version);
        Keeps = provenance is not null && this.options.KeepsProvenance;
        isWatched = this.options.IsShadowOn; // What simulate said is recorded by itself; here it is only compared.
    }

    public ICostModel Production { get; }

    public ICostModel Shadow { get; }

    public DriftLimits Limits => options.Limits;

    internal ChannelReader<ShadowWork> Waiting => queue.Reader;

    /// <summary>What is simulated is kept.</summary>
    internal bool Keeps { get; }

    public (CostEstimate First, CostEstimate Second, CostComparison Comparison) Compare(CostQuestion question)
    {
        var (first, second) = (Production.Estimate(question), Shadow.Estimate(question));
        return (first, second, CostComparison.Of(first, second, Limits));
    }

    /// <summary>The same for a tenant, and measured.</summary>
    internal (CostEstimate First, CostEstimate Second, CostComparison Comparison) Compare(TenantId tenant, CostQuestion question)
    {
        var first = Production.Estimate(question);
        var (second, comparison) = Second(tenant, question, first);
        return (first, second, comparison);
    }

    public void Offer(SimulatedPlan plan)
    {
        if (isWatched) Enqueue(new ShadowWork(plan, null));
    }

    public async Task<ModelAnswers> AskAsync(TenantId tenant, RunId? run, CostQuestion question, CancellationToken cancel)
    {
        var first = Production.Estimate(question);
        if (!options.IsShadowOn) return Kept(new ModelAnswers(first, null, null, false, null, 0));
        var (leave, unknown) = await BoundedAsync(static (one, token) => one.AdmitAsync(token), cancel);
        if (unknown is not null) return Kept(new ModelAnswers(first, null, null, true, $"V2 was not asked: {unknown}", 0));
        if (leave is { Allowed: false }) return Kept(new ModelAnswers(first, null, null, false, $"V2 is disabled by the circuit breaker{(leave.State.Reason is { } why ? $": {why}" : ".")}", 0));
        var began = clock.GetTimestamp();
        try
        {
            var (second, comparison) = Second(tenant, question, first);
            var tripped = await ReportAsync(new BreakerReport(comparison.DriftScore, 1, ShadowRecords.Details(comparison, tenant, run), Probe: leave?.Probe), cancel);
            return Kept(new ModelAnswers(first, second, comparison, true, tripped, (int)clock.GetElapsedTime(began).TotalMilliseconds));
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            var tripped = await ReportAsync(new BreakerReport(1, 1, ShadowRecords.Threw(e), SchemaErrors: 1, Probe: leave?.Probe), cancel);
            return Kept(new ModelAnswers(first, null, null, true, tripped is null ? e.Message : $"{e.Message} {tripped}", 0));
        }

        ModelAnswers Kept(ModelAnswers answers)
        {
            if (Keeps) Enqueue(new ShadowWork(null, ShadowRecords.Of(tenant, run, "manual", question, answers.First, answers.Second, answers.Comparison, answers.RuntimeMs, null, clock.GetUtcNow())));
            return answers;
        }
    }

    public async Task<ModelStanding> StandingAsync(CancellationToken cancel)
    {
        var (state, unknown) = await BoundedAsync(static (one, token) => one.StateAsync(token), cancel);
        return new ModelStanding(options.IsShadowOn, state, unknown is null, queue.Reader.Count);
    }

    /// <summary>Throws what the model throws, and where its answer is none.</summary>
    private (CostEstimate Answer, CostComparison Comparison) Second(TenantId tenant, CostQuestion question, CostEstimate first)
    {
        var began = clock.GetTimestamp();
        try
        {
            var second = Shadow.Estimate(question);
            NoEstimateException.Check(question, second);
            var comparison = CostComparison.Of(first, second, Limits);
            meter.Answers.Answered(tenant, comparison, clock.GetElapsedTime(began));
            return (second, comparison);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            meter.Answers.Failed(tenant, e);
            throw;
        }
    }

    private static ICostModel Named(List<ICostModel> models, string name) => models.FindLast(model => model.Name == name)
        ?? throw new InvalidOperationException($"COSTSIM_SHADOW_MODEL is '{name}'; there are {string.Join(", ", models.Select(model => model.Name))}.");

    private void Enqueue(ShadowWork work)
    {
        if (!queue.Writer.TryWrite(work)) meter.Dropped("queue_full", 1);
    }

    /// <summary>Why the report opened the breaker, as a sentence; null: it did not, or nobody can tell.</summary>
    private async Task<string?> ReportAsync(BreakerReport report, CancellationToken cancel)
    {
        var (incident, unknown) = await BoundedAsync((one, token) => one.ReportAsync(report, token), cancel);
        if (unknown is not null) meter.Dropped("breaker_unavailable", 1);
        return incident is null ? null : $"The circuit breaker tripped on this question: {incident.Reason}";
    }

    /// <summary>Null with the reason where the breaker does not answer in time.</summary>
    private async Task<(T? Answer, string? Unknown)> BoundedAsync<T>(Func<ICostBreaker, CancellationToken, Task<T>> ask, CancellationToken cancel)
    {
        if (breaker is null) return (default, null);
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        try
        {
            return (await ask(breaker, enough.Token).WaitAsync(BreakerWait, clock, cancel), null);
        }
        catch (JournalUnavailableException e)
        {
            return (default, $"the circuit breaker cannot be read, {e.Message}");
        }
        catch (TimeoutException)
        {
            await enough.CancelAsync();
            return (default, $"the circuit breaker did not answer within {BreakerWait.TotalSeconds:0} s.");
        }
    }
}

/// <summary>Something for the worker: a plan to look at, or a record that is ready.</summary>
internal sealed record ShadowWork(SimulatedPlan? Plan, ProvenanceRecord? Record);
