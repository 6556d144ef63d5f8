namespace Aos.Contracts;

/// <summary>How busy this process is with runs: read, and counted when somebody looks.</summary>
public interface IRunLoad
{
    /// <summary>Runs in memory now.</summary>
    int Live { get; }

    /// <summary>Runs of all tenants that waited for a slot at the last <see cref="LookAsync"/>.</summary>
    int Queued { get; }

    /// <summary>Runs in memory now, by the name of the stored workflow they are of; <c>inline</c>: of none.</summary>
    IReadOnlyDictionary<string, int> LiveByWorkflow { get; }

    /// <summary>When this process last stored something of a run; null: not since it started.</summary>
    DateTimeOffset? SavedAt { get; }

    /// <summary>Counts those that wait, at most once a second.</summary>
    Task LookAsync(CancellationToken cancel);
}
