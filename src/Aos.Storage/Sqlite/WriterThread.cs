using System.Collections.Concurrent;

namespace Aos.Storage;

/// <summary>
/// Runs the writer on a thread of its own: it stands still in every fsync, and a worker of the pool that stands still is
/// missing where runs are decided.
/// </summary>
internal sealed class WriterThread : TaskScheduler, IDisposable
{
    private readonly BlockingCollection<Task> tasks = [];
    private readonly Thread thread;

    internal WriterThread()
    {
        thread = new Thread(Work) { IsBackground = true, Name = "aos writer" };
        thread.Start();
    }

    public override int MaximumConcurrencyLevel => 1;

    /// <summary>Ends the thread; call it when its work is over.</summary>
    public void Dispose() => tasks.CompleteAdding();

    protected override IEnumerable<Task> GetScheduledTasks() => tasks;

    protected override void QueueTask(Task task) => tasks.Add(task);

    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) => Thread.CurrentThread == thread && TryExecuteTask(task);

    private void Work()
    {
        foreach (var task in tasks.GetConsumingEnumerable()) TryExecuteTask(task);
    }
}
