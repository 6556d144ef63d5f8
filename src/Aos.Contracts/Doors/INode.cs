using Aos.Kernel;

namespace Aos.Contracts;

/// <summary>This process as a driver of runs: what other nodes and operators want of it.</summary>
public interface INode
{
    /// <summary>True once it hands its runs back and takes no more.</summary>
    bool IsDraining { get; }

    /// <summary>Another node left mail for a run: it is read now when the run is here.</summary>
    Task ArrivedAsync(RunId run);

    /// <summary>
    /// Hands all runs back: no new calls, some seconds for those under way, then every run is free and due. Goes on answering
    /// reads and passing commands on. Replies at once; a second time changes nothing.
    /// </summary>
    void Drain();
}
