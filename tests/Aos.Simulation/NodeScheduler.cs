namespace Aos.Simulation;

/// <summary>The tasks of one process, all on one thread. Which of those that are ready comes next is for the simulation to say.</summary>
internal sealed class NodeScheduler : TaskScheduler
{
    private readonly List<Task> ready = [];

    internal int Ready => ready.Count;

    /// <summary>A process that is dead runs nothing more.</summary>
    internal bool IsDead { get; private set; }

    internal void Die()
    {
        IsDead = true;
        ready.Clear();
    }

    internal void Run(int index)
    {
        var task = ready[index];
        ready[index] = ready[^1];
        ready.RemoveAt(ready.Count - 1);
        TryExecuteTask(task);
    }

    internal void Post(Action work) => new Task(work).Start(this);

    protected override void QueueTask(Task task)
    {
        if (!IsDead) ready.Add(task);
    }

    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) => false;

    protected override IEnumerable<Task> GetScheduledTasks() => ready;
}
