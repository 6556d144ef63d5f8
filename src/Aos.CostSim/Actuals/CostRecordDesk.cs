using System.Collections.Immutable;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.CostSim;

/// <summary>Implements the door to the cost records.</summary>
internal sealed class CostRecordDesk(CostRecordTable table, ActualsFollower follower, ProvenanceBackfill files, ICluster cluster) : ICostRecords
{
    /// <summary>Is added to both sides of a ratio: a hundredth of a cent, a millisecond.</summary>
    private const double LeastCents = 0.01;
    private const double LeastMs = 1;

    public Task<int> WriteAsync(IReadOnlyList<CostRecord> records, CancellationToken cancel) => table.WriteAsync(records, cancel);

    public Task<IReadOnlyList<CostRecord>> ListAsync(CostRecordFilter filter, int limit, CancellationToken cancel) => table.ListAsync(filter, limit, cancel);

    public async Task<ImmutableArray<SkillDrift>> DriftAsync(TenantId tenant, string? skill, TimeSpan window, DriftMeasure measure, CancellationToken cancel)
    {
        var windows = new List<ILookup<string, DriftSample>>();
        for (var i = 0; i < DriftDetection.WindowsCritical; i++)
        {
            var until = cluster.Now - (window * i);
            var filter = new CostRecordFilter(tenant, skill, null, until - window, i == 0 ? null : until) { OkOnly = true };
            var records = await table.ListAsync(filter, ICostRecords.ReadMax, cancel);
            windows.Add(records.Where(record => measure == DriftMeasure.Cost || record.SimulatedMs is not null).ToLookup(record => record.Skill, record => Sample(record, measure), StringComparer.Ordinal));
        }

        return DriftDetection.Of(
            windows[0].ToImmutableSortedDictionary(of => of.Key, of => windows.Select(one => one[of.Key].ToImmutableArray()).ToImmutableArray(), StringComparer.Ordinal),
            measure == DriftMeasure.Cost ? LeastCents : LeastMs);
    }

    public async Task<ImmutableArray<CostBaseline>> BaselinesAsync(TenantId tenant, string? skill, int windowHours, CancellationToken cancel)
    {
        var records = await table.ListAsync(new CostRecordFilter(tenant, skill, null, cluster.Now - TimeSpan.FromHours(windowHours)) { OkOnly = true }, ICostRecords.ReadMax, cancel);
        return
        [
            .. records.GroupBy(record => record.Skill, StringComparer.Ordinal).OrderBy(group => group.Key, StringComparer.Ordinal)
                .Select(group => CostBaseline.Of(group.Key, [.. group.Select(record => (record.At, record.Actual.Value))], windowHours)!),
        ];
    }

    public async Task<CostTrend> TrendAsync(TenantId tenant, string? skill, int days, int ahead, CancellationToken cancel)
    {
        var today = cluster.Now.UtcTicks / TimeSpan.TicksPerDay; // Is not over: it would look like a fall.
        var first = today - days;
        var sums = await table.DaysAsync(new CostRecordFilter(tenant, skill, null, Start(first), Start(today)), cancel);
        var known = sums.ToDictionary(sum => sum.Day, sum => sum.Cents);
        return CostTrend.Of([.. Enumerable.Range(0, days).Select(day => known.GetValueOrDefault(first + day))], ahead);
    }

    public Task<ActualsReport> BackfillAsync(TenantId? tenant, DateTimeOffset? from, DateTimeOffset? until, bool dryRun, CancellationToken cancel) => follower.AgainAsync(tenant, from, until, dryRun, cancel);

    public Task<BackfillReport> TakeInAsync(Caller caller, JsonElement lines, bool dryRun, CancellationToken cancel) => files.WriteAsync(caller, lines, dryRun, cancel);

    private static DateTimeOffset Start(long day) => new(day * TimeSpan.TicksPerDay, TimeSpan.Zero);

    private static DriftSample Sample(CostRecord record, DriftMeasure measure) => measure == DriftMeasure.Cost
        ? new DriftSample((double)record.Simulated.Value, (double)record.Actual.Value, record.Run)
        : new DriftSample(record.SimulatedMs!.Value, record.DurationMs, record.Run);
}
