using System.Diagnostics.Metrics;

namespace Aos.Storage;

/// <summary>Counts what the store does for this node.</summary>
internal sealed class StoreMeter
{
    private readonly Counter<long> commits;
    private readonly Counter<long> appends;
    private readonly Counter<long> fenced;
    private readonly Counter<long> joins;
    private readonly Counter<long> takeovers;
    private readonly Counter<long> adopted;

    public StoreMeter(IMeterFactory factory)
    {
        var meter = factory.Create("Aos.Storage");
        commits = meter.CreateCounter<long>("aos_store_commits_total", null, "Group commits of the journal.");
        appends = meter.CreateCounter<long>("aos_store_appends_total", null, "Appends of runs, by outcome.");
        fenced = meter.CreateCounter<long>("aos_store_fenced_appends_total", null, "Appends refused because the node or the run is no longer this node's.");
        joins = meter.CreateCounter<long>("aos_node_joins_total", null, "How often this process joined the cluster: more than once after a lost lease.");
        takeovers = meter.CreateCounter<long>("aos_node_takeovers_total", null, "Dead nodes this node declared dead.");
        adopted = meter.CreateCounter<long>("aos_runs_adopted_total", null, "Runs of dead nodes this node took over.");
    }

    internal void Committed(int written, int refused)
    {
        commits.Add(1);
        if (written > 0) appends.Add(written, new KeyValuePair<string, object?>("outcome", "written"));
        if (refused > 0) appends.Add(refused, new KeyValuePair<string, object?>("outcome", "refused"));
    }

    internal void Fenced(int count) => fenced.Add(count);

    internal void Joined() => joins.Add(1);

    internal void TookOver(int nodes) => takeovers.Add(nodes);

    internal void Adopted(int runs) => adopted.Add(runs);
}
