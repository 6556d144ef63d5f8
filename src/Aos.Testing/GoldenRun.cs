using Aos.Kernel;

namespace Aos.Testing;

/// <summary>A run is not what was recorded; the message says where.</summary>
public sealed class GoldenMismatchException(string message, RecordingDiff? diff = null) : Exception(message)
{
    /// <summary>What differs; null when the recording is missing or not as it was written.</summary>
    public RecordingDiff? Diff { get; } = diff;
}

/// <summary>Holds runs of a test against recordings that lie beside it.</summary>
public static class GoldenRun
{
    /// <summary>Set to 1, every check writes its recording anew.</summary>
    public const string UpdateVariable = "AOS_GOLDEN_UPDATE";

    /// <summary>
    /// Throws <see cref="GoldenMismatchException"/> unless the run equals the recording in everything that is equal for equal runs.
    /// </summary>
    /// <param name="file">Path of the recording, as <c>aos golden record</c> writes it; a signature beside it is not looked at.</param>
    /// <param name="run">A run that is over.</param>
    /// <param name="update">True: the recording is written anew. Default: whether <see cref="UpdateVariable"/> is 1.</param>
    public static void Check(string file, RunState run, bool? update = null)
    {
        var actual = Recording.Of(run);
        if (update ?? Environment.GetEnvironmentVariable(UpdateVariable) == "1")
        {
            if (Path.GetDirectoryName(Path.GetFullPath(file)) is { } folder) Directory.CreateDirectory(folder);
            File.WriteAllBytes(file, actual.ToBytes());
            return;
        }

        if (!File.Exists(file)) throw new GoldenMismatchException($"There is no recording {file}. Run the test once with {UpdateVariable}=1, and look at what it writes.");
        Check(Read(file), actual, file);
    }

    /// <summary>The same with a recording at hand.</summary>
    public static void Check(Recording expected, RunState run) => Check(expected, Recording.Of(run), "The recording");

    private static void Check(Recording expected, Recording actual, string name)
    {
        var diff = RecordingDiff.Of(expected, actual);
        if (!diff.Match) throw new GoldenMismatchException($"{name} and the run differ:\n{diff.Text()}If the run is right, record it anew with {UpdateVariable}=1.", diff);
    }

    private static Recording Read(string file)
    {
        try
        {
            return Recording.Read(File.ReadAllBytes(file));
        }
        catch (TraceException e)
        {
            throw new GoldenMismatchException($"{file}: {e.Message}");
        }
    }
}
