using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Storage;

/// <summary>What one caller wants written, and where the answer goes.</summary>
internal abstract class JournalWork
{
    /// <summary>The run whose row it changes: a batch changes a row once.</summary>
    internal abstract RunId Run { get; }

    /// <summary>How often it stood alone and collided with another node.</summary>
    internal int Tries { get; set; }

    internal abstract void Fail(Exception e);
}

internal sealed class AppendWork(JournalAppend append) : JournalWork
{
    private readonly TaskCompletionSource<AppendReply> reply = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal JournalAppend Append { get; } = append;

    /// <summary>It was sent before and the answer got lost: what stands there may be its own.</summary>
    internal bool InDoubt { get; set; }

    /// <summary>The node it speaks for: of a new run its owner, also when it is over at once.</summary>
    internal required NodeId Node { get; init; }

    internal override RunId Run => Append.Row.Id;

    internal Task<AppendReply> Reply => reply.Task;

    internal void Done(AppendReply with) => reply.TrySetResult(with);

    internal override void Fail(Exception e) => reply.TrySetException(e);
}

internal sealed class SendWork(InboxItem item) : JournalWork
{
    private readonly TaskCompletionSource<bool> reply = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal InboxItem Item { get; } = item;

    internal override RunId Run => Item.Run;

    internal Task<bool> Reply => reply.Task;

    internal void Done(bool isNew) => reply.TrySetResult(isNew);

    internal override void Fail(Exception e) => reply.TrySetException(e);
}
