using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Runs;

/// <summary>A command in a mailbox, and who waits for the answer.</summary>
/// <param name="InboxSeq">Number of the inbox item it came in; 0: it did not.</param>
/// <param name="Begun">The child run of this effect stands in the journal: its parent may leave memory.</param>
internal sealed record Letter(RunCommand Command, long InboxSeq, TaskCompletionSource<CommandReply>? Reply, EffectId? Begun = null)
{
    /// <summary>The call of this effect ended with the attempt that made it and is no longer under way.</summary>
    internal EffectId? CalledOff { get; init; }

    /// <summary>The row of this run as this node has just claimed it.</summary>
    internal RunRow? Claimed { get; init; }

    /// <summary>It came from another node, which waits for the answer in the inbox.</summary>
    internal bool IsAsked { get; init; }

    /// <summary>Why it cannot be decided at all.</summary>
    internal Failure? Refusal { get; init; }
}

/// <summary>This node no longer drives the run.</summary>
internal sealed class RunLostException(RunId run) : Exception($"Run {run} is driven by another node.");
