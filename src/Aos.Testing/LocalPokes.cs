using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Testing;

/// <summary>Pokes between nodes in one process: the node is called straight away.</summary>
/// <param name="find">The node with an id; null: the poke is lost, as a poke may be.</param>
public sealed class LocalPokes(Func<NodeId, INode?> find) : IPokes
{
    /// <summary>Every poke is lost.</summary>
    public static LocalPokes None { get; } = new(static _ => null);

    public Task SendAsync(string address, NodeId to, RunId run, CancellationToken cancel) => find(to)?.ArrivedAsync(run) ?? Task.CompletedTask;

    public Task<bool> IsGenuineAsync(NodeId to, RunId run, string? seal, CancellationToken cancel) => Task.FromResult(find(to) is not null);
}
