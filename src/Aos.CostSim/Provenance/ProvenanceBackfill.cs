using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.CostSim;

/// <summary>Takes records of the older system's files in; twice changes nothing.</summary>
internal sealed class ProvenanceBackfill(IProvenance provenance, ICluster cluster)
{
    /// <param name="lines">A list of records.</param>
    /// <param name="dryRun">True: only counts; what is there already counts as inserted.</param>
    internal async Task<BackfillReport> WriteAsync(Caller caller, JsonElement lines, bool dryRun, CancellationToken cancel)
    {
        var (good, bad) = (new List<ProvenanceRecord>(), new List<(int, string)>());
        foreach (var (index, line) in lines.EnumerateArray().Index())
        {
            var (record, problem) = OldProvenance.Read(line, caller.Tenant, caller.IsHouse, cluster.Now);
            if (record is not null) good.Add(record);
            else bad.Add((index, problem!));
        }

        var inserted = dryRun ? good.Count : await provenance.WriteAsync(good, cancel);
        return new BackfillReport(inserted, good.Count - inserted, bad);
    }
}
