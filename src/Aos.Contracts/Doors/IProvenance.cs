using System.Text.Json;
using Aos.Kernel;

namespace Aos.Contracts;

/// <summary>What a cost model was asked and what it said, or what a run really cost.</summary>
/// <param name="Variant"><c>v1</c>, <c>v2</c>, <c>canary</c> or <c>actual</c>.</param>
/// <param name="Source"><c>simulate</c>, <c>shadow</c>, <c>canary</c>, <c>run</c>, <c>manual</c> or <c>backfill</c>.</param>
/// <param name="InputHash">64 hex digits: SHA-256 of the canonical question.</param>
/// <param name="OutputHash">64 hex digits: of the answer without what differs from call to call.</param>
/// <param name="V1Cents">Null: that model was not asked.</param>
/// <param name="Payload">Question and answer; stored compressed.</param>
public sealed record ProvenanceRecord(
    TenantId Tenant, RunId? Run, string Variant, string Source, string ModelVersion, string InputHash, string OutputHash, decimal? V1Cents, decimal? V2Cents, decimal? ActualCents,
    double? DriftScore, string? Verdict, string Status, int RuntimeMs, DateTimeOffset At, JsonElement Payload)
{
    /// <summary>
    /// Given by the store: 64 hex digits of a hash over what makes two records the same, which is tenant, variant, source, model version, both hashes, and
    /// the run; without a run, the UTC day.
    /// </summary>
    public string Id { get; init; } = "";
}

/// <summary>Which records. Null members don't filter; from is inclusive, until is not.</summary>
public sealed record ProvenanceFilter(
    TenantId? Tenant, RunId? Run = null, string? Variant = null, string? Source = null, string? ModelVersion = null, string? InputHash = null, DateTimeOffset? From = null,
    DateTimeOffset? Until = null)
{
    /// <summary>One record by its id.</summary>
    public string? Id { get; init; }

    /// <summary>True: only records with the costs of both models.</summary>
    public bool Paired { get; init; }
}

/// <summary>How far the second model's cost is from the first's, over records that have both; cents, all 0 without any.</summary>
/// <param name="StdDev">Of the population.</param>
public sealed record ProvenanceStats(long Total, double AvgDelta, double MinDelta, double MaxDelta, double StdDev);

/// <summary>Door of the record of simulations and costs.</summary>
public interface IProvenance
{
    /// <summary>Stores what is not there yet, in one transaction; replies how many were new. Equal records are one.</summary>
    Task<int> WriteAsync(IReadOnlyList<ProvenanceRecord> records, CancellationToken cancel);

    /// <summary>Newest first.</summary>
    /// <param name="limit">1 to 1000.</param>
    Task<IReadOnlyList<ProvenanceRecord>> QueryAsync(ProvenanceFilter filter, int limit, int offset, CancellationToken cancel);

    Task<long> CountAsync(ProvenanceFilter filter, CancellationToken cancel);

    Task<ProvenanceStats> StatsAsync(ProvenanceFilter filter, CancellationToken cancel);
}
