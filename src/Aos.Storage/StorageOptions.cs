namespace Aos.Storage;

/// <summary>Settings of the store.</summary>
public sealed class StorageOptions
{
    /// <summary>Folder of everything AOS keeps. Held by one process at a time.</summary>
    public string Data { get; set; } = ".aos";

    /// <summary>Shortest master key, characters.</summary>
    public const int MasterKeyCharsMin = 32;

    /// <summary>AOS_MASTER_KEY: wraps all other keys. Null: the file master.key of the data directory, made on first use.</summary>
    public string? MasterKey { get; set; }

    /// <summary>Appends waiting for the writer before callers have to wait. Default 10,000.</summary>
    public int QueueMax { get; set; } = 10_000;

    /// <summary>Appends in one commit. Default 2,000.</summary>
    public int BatchMax { get; set; } = 2_000;
}
