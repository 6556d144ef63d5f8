namespace Aos.Contracts;

/// <summary>How a migration stands between this build and the store. On the wire in lower case.</summary>
public enum MigrationState
{
    /// <summary>Done, and as this build knows it.</summary>
    Applied,

    /// <summary>This build has it, the store not yet.</summary>
    Pending,

    /// <summary>A newer build did it; this one can work beside it.</summary>
    Newer,

    /// <summary>A newer build did it, and this one can't work with what it left.</summary>
    Breaking,

    /// <summary>Done, with another text than this build's.</summary>
    Changed,
}

/// <summary>One line of what a store's migrations come to.</summary>
public sealed record MigrationLine(string Room, int Number, string Name, MigrationState State);

/// <summary>The tables of the store by hand. A node that starts does the same by itself.</summary>
public interface IMigrations
{
    /// <summary>All, by room and number; nothing is changed. Throws <see cref="JournalUnavailableException"/> or <see cref="StoreRefusedException"/>.</summary>
    Task<IReadOnlyList<MigrationLine>> LookAsync(CancellationToken cancel);

    /// <summary>Runs what is pending; replies how many. What breaks other builds stays pending while their nodes are alive.</summary>
    Task<int> UpAsync(CancellationToken cancel);
}
