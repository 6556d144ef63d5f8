namespace Aos.Contracts;

/// <summary>How busy this process is with runs: read, never waited for.</summary>
public interface IRunLoad
{
    /// <summary>Runs in memory now.</summary>
    int Live { get; }
}
