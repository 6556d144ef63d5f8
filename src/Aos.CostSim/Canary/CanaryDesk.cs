using System.Globalization;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;
using Microsoft.Extensions.Logging;

namespace Aos.CostSim;

/// <summary>Runs the canary under its lease, stores what it found, and tells the breaker of what is wrong.</summary>
internal sealed partial class CanaryDesk(
    CanaryRun runner, CanaryTable table, CanaryLeases leases, GoldenShelf shelf, ICostModels models, CanaryOptions options, BreakerOptions node, CanaryMeter meter, ICluster cluster,
    TimeProvider clock, ILogger<CanaryDesk> logger, ICostBreaker? breaker = null) : ICanary
{
    internal const string Scheduled = "schedule";
    private const string Manual = "manual";
    private const int RunIdChars = 12;

    /// <summary>A failed run that is older says nothing about the models of today.</summary>
    private static readonly TimeSpan TellingTime = TimeSpan.FromDays(1);

    /// <summary>Longest that a node that stops waits to give its lease back; without it the lease ends by itself.</summary>
    private static readonly TimeSpan ReleaseTime = TimeSpan.FromSeconds(5);

    /// <summary>Nodes of one machine may have the same name; no two have the same id.</summary>
    private string Me => $"{node.Instance} ({cluster.Lease.Node.ToString()[..8]})";

    public Task<CanaryReport> RunAsync(CanaryOrder order, CancellationToken cancel) => RunAsync(Manual, order, cancel);

    internal async Task<CanaryReport> RunAsync(string trigger, CanaryOrder order, CancellationToken cancel)
    {
        var (run, now) = (Guid.NewGuid().ToString("D")[..RunIdChars], cluster.Now);
        var (lease, other) = await leases.TakeAsync(run, Me, now, now + options.LeaseTime, cancel);
        if (lease is null) return await SkippedAsync(run, trigger, now, other!, cancel);
        try
        {
            return await HeldAsync(lease, trigger, order, cancel);
        }
        catch (Exception e)
        {
            if (e is not OperationCanceledException) meter.Ran(CanaryStatus.Error); // Called off is no finding.
            await ReleaseAsync(lease);
            throw;
        }
    }

    public Task<(IReadOnlyList<CanaryReport> Reports, long Total)> ReportsAsync(CanaryStatus? status, int limit, int offset, CancellationToken cancel) => table.ListAsync(status, limit, offset, cancel);

    public Task<CanaryReport?> FindAsync(string runId, CancellationToken cancel) => table.FindAsync(runId, cancel);

    public Task<byte[]?> ArtifactAsync(string runId, string name, CancellationToken cancel) => table.ArtifactAsync(runId, name, cancel);

    public async Task<IReadOnlyList<CanaryGolden>> GoldensAsync(CancellationToken cancel) =>
        [(await shelf.PickAsync(models.Production, cancel)).Told, (await shelf.PickAsync(models.Shadow, cancel)).Told];

    public JsonElement? Answers(string model) => new[] { models.Production, models.Shadow }.FirstOrDefault(one => one.Name == model) is { } known ? Golden.Of(known).Write() : null;

    public async Task<IReadOnlyList<CanaryGolden>> SaveGoldensAsync(Caller by, CancellationToken cancel)
    {
        foreach (var model in new[] { models.Production, models.Shadow }) await shelf.SaveAsync(Golden.Of(model), by.Principal, cluster.Now, cancel);
        return await GoldensAsync(cancel);
    }

    /// <summary>Tells the breaker of failed runs whose node died before it did; replies how many.</summary>
    internal async Task<int> TellAsync(CancellationToken cancel)
    {
        var untold = await table.UntoldAsync(cluster.Now - TellingTime, cancel);
        foreach (var report in untold) await TellAsync(report, cancel);
        return untold.Count;
    }

    private async Task<CanaryReport> HeldAsync(CanaryLease lease, string trigger, CanaryOrder order, CancellationToken cancel)
    {
        var (report, artifacts, klBeyond) = await runner.JudgeAsync(lease.Run, trigger, lease.Holder, order, cancel);
        if (!await leases.CloseAsync(lease, report, artifacts, cancel))
        {
            meter.Ran(CanaryStatus.Error);
            return report with { Status = CanaryStatus.Error, DriftScore = 0, Artifacts = [], FailureReasons = ["Its lease was over before it ended, and another node has begun a run: what this one found was not stored."] };
        }

        meter.Ran(report.Status);
        if (report.Figures.Samples > 0) meter.Diverged(klBeyond);
        if (report.Status == CanaryStatus.Fail) await TellAsync(report, cancel);
        return report;
    }

    private async Task<CanaryReport> SkippedAsync(string run, string trigger, DateTimeOffset now, CanaryLease other, CancellationToken cancel)
    {
        var why = string.Create(CultureInfo.InvariantCulture, $"Another instance is the leader: {other.Holder} runs the canary as {other.Run}, until {other.Until.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'} at most.");
        var report = new CanaryReport(
            run, now, CanaryStatus.Skipped, trigger, Me, models.Production.Version, models.Shadow.Version, 0, 0, CanaryFigures.None, CanaryFigures.None, 0, [why], [], Json.EmptyObject);
        meter.Ran(report.Status);
        if (trigger == Manual) await table.InsertAsync(report, cancel); // The schedule comes again in minutes.
        return report;
    }

    /// <summary>
    /// Once for each run, whatever becomes of its node: the right to tell is taken first. So a node that dies in between leaves the breaker untold, which costs one failure of three; told twice, it
    /// would open for one trouble.
    /// </summary>
    private async Task TellAsync(CanaryReport report, CancellationToken cancel)
    {
        try
        {
            if (breaker is null || !await table.ClaimTellingAsync(report.RunId, cluster.Now, cancel)) return;
            await breaker.ReportAsync(new BreakerReport(report.DriftScore, report.Samples, Details(report)), cancel);
        }
        catch (JournalUnavailableException e)
        {
            Untold(logger, report.RunId, e); // The report stands; the run is over.
        }
    }

    private async Task ReleaseAsync(CanaryLease lease)
    {
        try
        {
            using var enough = new CancellationTokenSource(ReleaseTime, clock);
            await leases.ReleaseAsync(lease, enough.Token);
        }
        catch (Exception e) when (e is JournalUnavailableException or OperationCanceledException)
        {
            Held(logger, lease.Run, e);
        }
    }

    private static JsonElement Details(CanaryReport report) => Json.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("run_id", report.RunId);
        writer.WriteStartArray("failure_reasons");
        foreach (var reason in report.FailureReasons) writer.WriteStringValue(reason);
        writer.WriteEndArray();
        writer.WriteNumber("outlier_count", report.Figures.Outliers);
        writer.WriteEndObject();
    });

    [LoggerMessage(EventId = 4320, Level = LogLevel.Error, Message = "The canary {Run} failed, and the circuit breaker could not be told.")]
    private static partial void Untold(ILogger logger, string run, Exception why);

    [LoggerMessage(EventId = 4321, Level = LogLevel.Warning, Message = "The canary {Run} could not give its lease back; others wait until it is over.")]
    private static partial void Held(ILogger logger, string run, Exception why);
}
