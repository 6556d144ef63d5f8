using System.Collections.Concurrent;

namespace Aos.Storage;

/// <summary>
/// Runs writes on threads of their own: they stand still in every fsync, and a worker of the pool that stands still is missing
/// where runs are decided.
/// </summary>
internal sealed class WriterThreads : TaskScheduler, IDisposable
{
    private readonly BlockingCollection<Task> tasks = [];
    private readonly Thread[] threads;

    internal WriterThreads(int count, string name)
    {
        threads = [.. Enumerable.Range(0, count).Select(_ => new Thread(Work) { IsBackground = true, Name = name })];
        foreach (var thread in threads) thread.Start();
    }

    public override int MaximumConcurrencyLevel => threads.Length;

    /// <summary>Ends the threads; call it when their work is over.</summary>
    public void Dispose() => tasks.CompleteAdding();

    protected override IEnumerable<Task> GetScheduledTasks() => tasks;

    protected override void QueueTask(Task task) => tasks.Add(task);

    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) => threads.Contains(Thread.CurrentThread) && TryExecuteTask(task);

    private void Work()
    {
        foreach (var task in tasks.GetConsumingEnumerable()) TryExecuteTask(task);
    }
}
