using System.Diagnostics.Metrics;

namespace Aos.Bench;

/// <summary>Counts the group commits of this process, from the product's own meter.</summary>
internal sealed class Commits
{
    private readonly MeterListener listener = new();
    private long count;

    internal long Count => Interlocked.Read(ref count);

    internal static Commits Listen()
    {
        var commits = new Commits();
        commits.listener.InstrumentPublished = (instrument, own) =>
        {
            if (instrument.Name == "aos_store_commits_total") own.EnableMeasurementEvents(instrument);
        };
        commits.listener.SetMeasurementEventCallback<long>((_, more, _, _) => Interlocked.Add(ref commits.count, more));
        commits.listener.Start();
        return commits;
    }
}
