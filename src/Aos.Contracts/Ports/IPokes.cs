using Aos.Kernel;

namespace Aos.Contracts;

/// <summary>
/// Tells another node at once that a run of it has mail. It would find the mail at its next heartbeat anyway: pokes make
/// answers quicker, nothing depends on them.
/// </summary>
public interface IPokes
{
    /// <summary>Where a node takes pokes, by POST; the body is the run's id.</summary>
    const string Path = "/cluster/poke";

    /// <summary>Header with the seal of a poke.</summary>
    const string Header = "X-AOS-Poke";

    /// <summary>Sends a poke. Never throws but when cancelled; gives up after a second.</summary>
    /// <param name="address">Base URL of the node.</param>
    Task SendAsync(string address, NodeId to, RunId run, CancellationToken cancel);

    /// <summary>Whether a poke was sealed by a node of this cluster, for node <paramref name="to"/>, within the last minute.</summary>
    /// <param name="seal">As it came with the request.</param>
    Task<bool> IsGenuineAsync(NodeId to, RunId run, string? seal, CancellationToken cancel);
}
