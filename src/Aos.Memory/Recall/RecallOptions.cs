using System.Globalization;
using Aos.Kernel;

namespace Aos.Memory;

/// <summary>Settings of recall.</summary>
public sealed class RecallOptions
{
    /// <summary>Vectors without a model only.</summary>
    public const string BuiltIn = "builtin";

    private const string OpenAi = "openai";
    private const string OpenAiModel = "text-embedding-3-small";

    /// <summary>Whose vectors notes get beside the built-in ones. Default <c>builtin</c>: nobody's.</summary>
    public string Provider { get; set; } = BuiltIn;

    /// <summary>The provider's model.</summary>
    public string Model { get; set; } = HashEmbedding.Name;

    /// <summary>Numbers of a vector, where the model can be told; null: its own number.</summary>
    public int? Dimensions { get; set; }

    /// <summary>Texts of a tenant that the provider is asked about in one day of UTC; 0: no limit. Default 10,000.</summary>
    public long DailyQuota { get; set; } = 10_000;

    /// <summary>False: notes are found by their words alone. Default true.</summary>
    public bool SearchesVectors { get; set; } = true;

    /// <summary>Bytes of vectors and words of all tenants that a node keeps in memory; a tenant with more is searched in pages. Default 1 GiB.</summary>
    public long CacheBytes { get; set; } = 1024L * 1024 * 1024;

    /// <summary>Notes of a tenant. Default 200,000.</summary>
    public int NotesMax { get; set; } = 200_000;

    /// <summary>How long notes are kept; null: until their own time is over.</summary>
    public TimeSpan? Kept { get; set; }

    /// <summary>What is wrong with the settings, a sentence each.</summary>
    public IReadOnlyList<string> Problems { get; private init; } = [];

    /// <summary>The model's name where its vectors are kept and told; null: built-in vectors only.</summary>
    internal string? ModelName => Provider == BuiltIn || !SearchesVectors ? null
        : Dimensions is { } dimensions ? string.Create(CultureInfo.InvariantCulture, $"{Provider}/{Model}:{dimensions}") : $"{Provider}/{Model}";

    /// <summary>
    /// Reads <c>EMBEDDING_PROVIDER</c>, <c>EMBEDDING_MODEL</c>, <c>EMBEDDING_DIMENSIONS</c> (1 to 4,096), <c>EMBEDDING_DAILY_QUOTA</c>, <c>VECTOR_SEARCH_ENABLED</c>,
    /// <c>AOS_RECALL_CACHE_MB</c> (16 to 1,048,576), <c>AOS_RECALL_NOTES_MAX</c> (1 to 10,000,000) and <c>AOS_RECALL_KEEP</c> (an hour to ten years).
    /// </summary>
    public static RecallOptions Read(Func<string, string?> setting)
    {
        var problems = new List<string>();
        long Whole(string name, long min, long max, long otherwise)
        {
            if (setting(name) is not { Length: > 0 } text) return otherwise;
            if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= min && number <= max) return number;
            problems.Add($"{name} is a whole number from {min} to {max}, not '{text}'.");
            return otherwise;
        }

        var usual = new RecallOptions();
        var provider = setting("EMBEDDING_PROVIDER")?.Trim().ToLowerInvariant() is { Length: > 0 } named ? named : BuiltIn;
        var model = setting("EMBEDDING_MODEL") is { Length: > 0 } asked ? asked : provider switch { BuiltIn => HashEmbedding.Name, OpenAi => OpenAiModel, _ => null };
        if (model is null) problems.Add($"EMBEDDING_MODEL names the model of the provider {provider} whose vectors notes get; there is no default for it.");
        var dimensions = Whole("EMBEDDING_DIMENSIONS", 1, 4_096, 0);
        return new RecallOptions
        {
            Provider = provider,
            Model = model ?? "",
            Dimensions = dimensions == 0 ? null : (int)dimensions,
            DailyQuota = Whole("EMBEDDING_DAILY_QUOTA", 0, 1_000_000_000, usual.DailyQuota),
            SearchesVectors = setting("VECTOR_SEARCH_ENABLED") is not { } searches || !searches.Trim().Equals("false", StringComparison.OrdinalIgnoreCase),
            CacheBytes = Whole("AOS_RECALL_CACHE_MB", 16, 1_048_576, usual.CacheBytes >> 20) << 20,
            NotesMax = (int)Whole("AOS_RECALL_NOTES_MAX", 1, 10_000_000, usual.NotesMax),
            Kept = setting("AOS_RECALL_KEEP") is { Length: > 0 } kept ? Age(kept, problems) : null,
            Problems = problems,
        };
    }

    private static TimeSpan? Age(string text, List<string> problems)
    {
        if (Durations.Read(Json.Of(text)) is { } age && age >= TimeSpan.FromHours(1)) return age;
        problems.Add("AOS_RECALL_KEEP must be a time of at least an hour, such as 365d.");
        return null;
    }
}
