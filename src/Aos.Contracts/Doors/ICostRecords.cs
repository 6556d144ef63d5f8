using System.Collections.Immutable;
using System.Text.Json;
using Aos.Kernel;

namespace Aos.Contracts;

/// <summary>What one call was estimated to cost, beside what it did cost.</summary>
/// <param name="Id">Run and event of the call, or a hash of what was told by hand; a record is written once.</param>
/// <param name="Run">Null: it was told by hand, of no run of this house.</param>
/// <param name="Place">Step, item and generation within the run; empty where it was told by hand.</param>
/// <param name="Simulated">As simulate counts such a call.</param>
/// <param name="SimulatedMs">Typical latency of the skill; null: not known.</param>
/// <param name="Version">Of the figures that were estimated with.</param>
/// <param name="Source"><c>run</c>, <c>manual</c> or <c>backfill</c>.</param>
public sealed record CostRecord(
    TenantId Tenant, string Id, RunId? Run, string Place, string Step, string Skill, string? Model, Cents Simulated, Cents Actual, int? SimulatedMs, int DurationMs, bool Ok, string Version,
    string Source, DateTimeOffset At);

/// <summary>Which records. Null members don't filter; from is inclusive, until is not.</summary>
public sealed record CostRecordFilter(TenantId Tenant, string? Skill = null, string? Version = null, DateTimeOffset? From = null, DateTimeOffset? Until = null)
{
    /// <summary>True: only of calls that succeeded. What failed is often not charged, which says nothing about an estimate.</summary>
    public bool OkOnly { get; init; }
}

/// <summary>What is measured of a skill.</summary>
public enum DriftMeasure { Cost, Duration }

/// <summary>A pass over ended runs.</summary>
/// <param name="Damaged">Runs whose journal cannot be read; they are left out.</param>
public sealed record ActualsReport(int Runs, int Records, int Known, int Damaged);

/// <summary>What a backfill of older files did, or would do.</summary>
/// <param name="Skipped">Were there already.</param>
/// <param name="Errors">Place in the list, from 0, and a sentence.</param>
public sealed record BackfillReport(int Inserted, int Skipped, IReadOnlyList<(int Index, string Problem)> Errors);

/// <summary>Door of what calls did cost, beside what they were estimated to.</summary>
public interface ICostRecords
{
    /// <summary>Records of one reading; older ones are left out.</summary>
    const int ReadMax = 20_000;

    /// <summary>Stores what is not there yet, in one transaction; replies how many were new.</summary>
    Task<int> WriteAsync(IReadOnlyList<CostRecord> records, CancellationToken cancel);

    /// <summary>Newest first.</summary>
    /// <param name="limit">1 to <see cref="ReadMax"/>.</param>
    Task<IReadOnlyList<CostRecord>> ListAsync(CostRecordFilter filter, int limit, CancellationToken cancel);

    /// <summary>Drift of every skill, or of one, in the newest window and the two before it, of equal length.</summary>
    Task<ImmutableArray<SkillDrift>> DriftAsync(TenantId tenant, string? skill, TimeSpan window, DriftMeasure measure, CancellationToken cancel);

    /// <param name="windowHours">1, 24 or 168.</param>
    Task<ImmutableArray<CostBaseline>> BaselinesAsync(TenantId tenant, string? skill, int windowHours, CancellationToken cancel);

    /// <param name="days">Whole UTC days before today, 3 to 90.</param>
    /// <param name="ahead">Days to forecast, 1 to 90.</param>
    Task<CostTrend> TrendAsync(TenantId tenant, string? skill, int days, int ahead, CancellationToken cancel);

    /// <summary>Records the calls of ended runs again; what is recorded already stays as it is.</summary>
    /// <param name="tenant">Null: of all.</param>
    /// <param name="dryRun">True: only counts.</param>
    Task<ActualsReport> BackfillAsync(TenantId? tenant, DateTimeOffset? from, DateTimeOffset? until, bool dryRun, CancellationToken cancel);

    /// <summary>Takes records of the older system's files into the provenance; twice changes nothing.</summary>
    /// <param name="lines">A list of records; those of other tenants are refused, but for callers of the house.</param>
    /// <param name="dryRun">True: only counts; what is there already counts as inserted.</param>
    Task<BackfillReport> TakeInAsync(Caller caller, JsonElement lines, bool dryRun, CancellationToken cancel);
}
