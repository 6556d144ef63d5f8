namespace Aos.Contracts;

/// <summary>Something done on a timer: one pass is one method, tested without a timer.</summary>
public interface IChore
{
    string Name { get; }

    TimeSpan Interval { get; }

    /// <summary>Returns how many things it did.</summary>
    Task<int> PassAsync(CancellationToken cancel);
}
