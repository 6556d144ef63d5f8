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

    /// <summary>
    /// On PostgreSQL: whether a node that was given no master key may make one in its data directory while the database holds no
    /// keys yet. Only for development: every further node needs the same one.
    /// </summary>
    public bool MakesMasterKey { get; set; } = true;

    /// <summary>
    /// The PostgreSQL database that all nodes share: <c>postgres://user:password@host:port/database?sslmode=...</c>. Null: the
    /// embedded store in <see cref="Data"/>.
    /// </summary>
    public string? DatabaseUrl { get; set; }

    /// <summary>How long a starting node waits for a PostgreSQL that does not answer yet. Default 15 s.</summary>
    public TimeSpan Patience { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>What is wrong with the settings, a sentence each, without secrets.</summary>
    public IReadOnlyList<string> Problems =>
    [
        .. DatabaseUrl is { } url && PostgresUrl.Problem(url) is { } problem ? [$"The database URL: {problem}"] : Array.Empty<string>(),
        .. RedisProblem is { } wrong ? [wrong] : Array.Empty<string>(),
    ];

    /// <summary>Redis for shared limits and the shared cache. Null: limits are counted in this process.</summary>
    public RedisOptions? Redis { get; set; }

    private string? RedisProblem { get; init; }

    /// <summary>Appends waiting for the writer before callers have to wait. Default 10,000.</summary>
    public int QueueMax { get; set; } = 10_000;

    /// <summary>Appends in one commit. Default 2,000.</summary>
    public int BatchMax { get; set; } = 2_000;

    /// <summary>Reads <c>AOS_DATABASE_URL</c>, else <c>DATABASE_URL</c>; <c>AOS_REDIS_URL</c>, else <c>REDIS_URL</c>; and <c>AOS_MASTER_KEY</c>.</summary>
    public static StorageOptions Read(Func<string, string?> setting, string data)
    {
        var (redis, problem) = RedisOptions.Read(setting);
        return new StorageOptions
        {
            Data = data, MasterKey = setting("AOS_MASTER_KEY"), DatabaseUrl = setting("AOS_DATABASE_URL") ?? setting("DATABASE_URL"), Redis = redis, RedisProblem = problem,
        };
    }
}
