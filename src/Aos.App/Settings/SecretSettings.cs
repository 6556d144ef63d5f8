using System.Collections.Concurrent;

namespace Aos.App;

/// <summary>A secret as it was found.</summary>
/// <param name="Source">The variable that says it: <c>NAME</c>, <c>NAME_FILE</c> or <c>NAME_COMMAND</c>; null: none is set.</param>
/// <param name="Problem">Why it cannot be had, without anything of it; null: nothing is wrong.</param>
internal sealed record FoundSecret(string? Value, string? Source, string? Problem)
{
    internal static FoundSecret None { get; } = new(null, null, null);
}

/// <summary>
/// Secrets of the server: each is said by the variable of its name, by the file that <c>NAME_FILE</c> names, or by what the command
/// <c>NAME_COMMAND</c> prints. Looked up once a process.
/// </summary>
internal sealed class SecretSettings(IReadOnlyCollection<string> names, Func<string, string?> environment)
{
    internal const string FileSuffix = "_FILE";
    internal const string CommandSuffix = "_COMMAND";

    /// <summary>Largest secret, bytes.</summary>
    internal const int BytesMax = 64 * 1024;

    private readonly ConcurrentDictionary<string, Lazy<FoundSecret>> found = new(StringComparer.Ordinal);

    /// <summary>How long a command may take.</summary>
    internal TimeSpan CommandTimeMax { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>What is wrong with secrets that are said; a sentence each.</summary>
    internal IReadOnlyList<string> Problems => [.. names.Select(name => Find(name).Problem).OfType<string>()];

    internal bool Holds(string name) => names.Contains(name);

    internal FoundSecret Find(string name) => found.GetOrAdd(name, asked => new Lazy<FoundSecret>(() => Look(asked))).Value;

    private FoundSecret Look(string name)
    {
        string[] said = [.. new[] { name, name + FileSuffix, name + CommandSuffix }.Where(one => environment(one) is { Length: > 0 })];
        if (said is []) return FoundSecret.None;
        if (said is not [var source]) return new FoundSecret(null, null, $"{string.Join(" and ", said)} are set; set one of them.");
        var text = environment(source)!;
        if (source == name) return new FoundSecret(text, source, null);
        var (value, problem) = source.EndsWith(FileSuffix, StringComparison.Ordinal) ? OfFile(text) : SecretCommand.Run(text, CommandTimeMax);
        if (problem is null && value!.Length == 0) problem = "is empty";
        return problem is null ? new FoundSecret(value, source, null) : new FoundSecret(null, source, $"{source}: {problem}.");
    }

    private static (string? Value, string? Problem) OfFile(string file)
    {
        try
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            return Read(stream) is { } value ? (value, null) : (null, $"the file {file} is larger than {BytesMax} bytes");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return (null, $"the file {file} cannot be read ({(e is FileNotFoundException or DirectoryNotFoundException ? "it is not there" : e.Message)})");
        }
    }

    /// <summary>The text without the line breaks at its end, which editors and <c>echo</c> put there; null: there is too much of it.</summary>
    internal static string? Read(Stream stream)
    {
        var bytes = new byte[BytesMax + 1];
        var count = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        return count > BytesMax ? null : System.Text.Encoding.UTF8.GetString(bytes, 0, count).TrimEnd('\r', '\n');
    }
}
