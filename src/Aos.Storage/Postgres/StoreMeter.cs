using System.Diagnostics.Metrics;

namespace Aos.Storage;

/// <summary>Counts what the store does for this node.</summary>
internal sealed class StoreMeter : IDisposable
{
    private readonly MeterListener driver = new();
    private readonly Counter<long> statements;
    private readonly Counter<long> commits;
    private readonly Counter<long> appends;
    private readonly Counter<long> fenced;
    private readonly Counter<long> joins;
    private readonly Counter<long> takeovers;
    private readonly Counter<long> adopted;

    public StoreMeter(IMeterFactory factory, PostgresPool pool)
    {
        var meter = factory.Create("Aos.Storage");
        statements = meter.CreateCounter<long>("aos_store_statements_total", null, "Statements sent to the database; a batch counts as one.");
        commits = meter.CreateCounter<long>("aos_store_commits_total", null, "Group commits of the journal.");
        appends = meter.CreateCounter<long>("aos_store_appends_total", null, "Appends of runs, by outcome.");
        fenced = meter.CreateCounter<long>("aos_store_fenced_appends_total", null, "Appends refused because the node or the run is no longer this node's.");
        joins = meter.CreateCounter<long>("aos_node_joins_total", null, "How often this process joined the cluster: more than once after a lost lease.");
        takeovers = meter.CreateCounter<long>("aos_node_takeovers_total", null, "Dead nodes this node declared dead.");
        adopted = meter.CreateCounter<long>("aos_runs_adopted_total", null, "Runs of dead nodes this node took over.");
        Count(pool.Name);
    }

    public void Dispose() => driver.Dispose();

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

    /// <summary>The driver knows of every statement, whoever sends it; it tells of all pools of the process.</summary>
    private void Count(string pool)
    {
        driver.InstrumentPublished = static (instrument, listening) =>
        {
            if (instrument is { Meter.Name: "Npgsql", Name: "db.client.operation.duration" }) listening.EnableMeasurementEvents(instrument);
        };
        driver.SetMeasurementEventCallback<double>((_, _, tags, _) =>
        {
            foreach (var tag in tags)
            {
                if (tag.Key == "db.client.connection.pool.name" && pool.Equals(tag.Value)) statements.Add(1);
            }
        });
        driver.Start();
    }
}
