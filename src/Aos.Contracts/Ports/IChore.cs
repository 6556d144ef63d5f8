namespace Aos.Contracts;

/// <summary>Something done on a timer: one pass is one method, tested without a timer.</summary>
public interface IChore
{
    string Name { get; }

    TimeSpan Interval { get; }

    /// <summary>True: every process does its own; false: of several nodes one at a time does it.</summary>
    bool IsLocal => false;

    /// <summary>Returns how many things it did.</summary>
    Task<int> PassAsync(CancellationToken cancel);
}
