using Aos.Contracts;
using Aos.Kernel;

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

    /// <summary>How long after their end runs stay in the database before they go into files. At least a day. Default null: for ever.</summary>
    public TimeSpan? ArchiveAfter { get; set; }

    /// <summary>How long after their end runs are deleted for good, in the database and in files. At least a day. Default null: never.</summary>
    public TimeSpan? DeleteAfter { get; set; }

    /// <summary>Folder of the archive files. Null: <c>archive</c> in <see cref="Data"/>. Several nodes read one another's files only when they share it.</summary>
    public string? ArchiveDirectory { get; set; }

    /// <summary>How long deliveries that were given up stay to be looked at and sent again. Default 90 days.</summary>
    public TimeSpan DeadLettersKept { get; set; } = TimeSpan.FromDays(90);

    /// <summary>What is wrong with the settings, a sentence each, without secrets.</summary>
    public IReadOnlyList<string> Problems =>
    [
        .. DatabaseUrl is { } url && PostgresUrl.Problem(url) is { } problem ? [$"The database URL: {problem}"] : Array.Empty<string>(),
        .. RedisProblem is { } wrong ? [wrong] : Array.Empty<string>(),
        .. AgeProblems,
        .. DeleteAfter is { } delete && ArchiveAfter is { } archive && delete <= archive
            ? ["AOS_DELETE_AFTER must be longer than AOS_ARCHIVE_AFTER: what is deleted first is never archived."]
            : Array.Empty<string>(),
    ];

    /// <summary>Redis for shared limits and the shared cache. Null: limits are counted in this process.</summary>
    public RedisOptions? Redis { get; set; }

    private string? RedisProblem { get; init; }

    private IReadOnlyList<string> AgeProblems { get; init; } = [];

    /// <summary>Appends waiting for the writer before callers have to wait. Default 10,000.</summary>
    public int QueueMax { get; set; } = 10_000;

    /// <summary>Appends in one commit. Default 2,000.</summary>
    public int BatchMax { get; set; } = 2_000;

    /// <summary>
    /// Reads <c>AOS_DATABASE_URL</c>, else <c>DATABASE_URL</c>; <c>AOS_REDIS_URL</c>, else <c>REDIS_URL</c>; <c>AOS_MASTER_KEY</c>;
    /// <c>AOS_ARCHIVE_AFTER</c>, <c>AOS_ARCHIVE_DIR</c>, <c>AOS_DELETE_AFTER</c> and <c>AOS_DEAD_LETTERS_KEEP</c>.
    /// </summary>
    public static StorageOptions Read(Func<string, string?> setting, string data)
    {
        var (redis, problem) = RedisOptions.Read(setting);
        var ages = new Ages(setting);
        return new StorageOptions
        {
            Data = data, MasterKey = setting("AOS_MASTER_KEY"), DatabaseUrl = setting("AOS_DATABASE_URL") ?? setting("DATABASE_URL"), Redis = redis, RedisProblem = problem,
            ArchiveAfter = ages.Of("AOS_ARCHIVE_AFTER"), DeleteAfter = ages.Of("AOS_DELETE_AFTER"), ArchiveDirectory = setting("AOS_ARCHIVE_DIR"),
            DeadLettersKept = ages.Of("AOS_DEAD_LETTERS_KEEP") ?? TimeSpan.FromDays(90), AgeProblems = ages.Problems,
        };
    }

    /// <summary>Ages out of the environment, such as <c>30d</c>; what cannot be read is collected.</summary>
    private sealed class Ages(Func<string, string?> setting)
    {
        private readonly List<string> problems = [];

        internal IReadOnlyList<string> Problems => problems;

        internal TimeSpan? Of(string name)
        {
            if (setting(name) is not { Length: > 0 } text) return null;
            if (Durations.Read(Json.Of(text)) is { } age && age >= IArchive.AgeMin) return age;
            problems.Add($"{name} must be a time of at least a day, such as 30d.");
            return null;
        }
    }
}
