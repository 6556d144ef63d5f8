using Aos.Kernel;

namespace Aos.Contracts;

/// <summary>What came of trying a connection.</summary>
/// <param name="Latency">From the first look-up to the answer.</param>
/// <param name="Failure">Null: it works.</param>
/// <param name="Version">Of the connection that was tried.</param>
/// <param name="Checked">What was found to work, in order, such as <c>connect</c>, <c>tls</c>, <c>auth</c>.</param>
public sealed record ConnectionTest(long Version, TimeSpan Latency, Failure? Failure, IReadOnlyList<string> Checked);

/// <summary>Tries connections, through the egress guard.</summary>
public interface IConnectionTests
{
    /// <summary>Longest try.</summary>
    public static readonly TimeSpan TimeMax = TimeSpan.FromSeconds(10);

    /// <summary>Tries it as a call of this agent would use it; rules for the connection and for its secrets hold. No failure holds a secret.</summary>
    /// <param name="agentId">Null: the first agent that the connection is for.</param>
    Task<ConnectionTest> TestAsync(Connection connection, string? agentId, CancellationToken cancel);
}
