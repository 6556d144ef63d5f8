using System.Data.Common;

namespace Aos.Testing;

/// <summary>A run of a test ended with a code that says nothing, and the test did not plant that.</summary>
public sealed class CatchAllException(string message) : Exception(message);

/// <summary>
/// Codes that say no more than that something failed. When a test is over, its <see cref="World"/> or <see cref="TestStore"/> looks at the
/// runs in it; one that ended with such a code is a <see cref="CatchAllException"/>, unless the test planted it.
/// </summary>
public static class CatchAlls
{
    /// <summary>The codes: something unclassified, something thrown, a step without a reason of its own.</summary>
    public static IReadOnlyList<string> Codes { get; } = ["UNKNOWN_ERROR", "EXECUTION_ERROR", "STEP_FAILED"];

    /// <summary>Whether the test that runs now planted runs that end with this code; a suite asks its test framework. By default none did.</summary>
    public static Func<string, bool> Planted { get; set; } = static _ => false;

    /// <summary>Looks at the runs of a test.</summary>
    /// <param name="ended">Run and code of those that failed.</param>
    /// <exception cref="CatchAllException">One ended with a code that says nothing.</exception>
    public static void Check(IEnumerable<(string Run, string? Code)> ended)
    {
        var found = ended.Where(run => run.Code is { } code && Codes.Contains(code, StringComparer.Ordinal) && !Planted(code)).Select(run => $"run {run.Run}: {run.Code}").ToList();
        if (found.Count > 0) throw new CatchAllException($"A code that says nothing, and the test did not plant it: {string.Join(", ", found)}.");
    }

    /// <summary>The runs of a store. One that a test broke tells none.</summary>
    internal static IReadOnlyList<(string Run, string? Code)> In(Func<DbConnection?> connect)
    {
        var found = new List<(string, string?)>();
        try
        {
            using var connection = connect();
            if (connection is null) return found;
            using var command = connection.CreateCommand();
            command.CommandText = $"SELECT id, failure_code FROM runs WHERE failure_code IN ('{string.Join("', '", Codes)}')";
            using var rows = command.ExecuteReader();
            while (rows.Read()) found.Add((rows.GetValue(0) is byte[] id ? Convert.ToHexStringLower(id) : $"{rows.GetValue(0)}", rows.GetString(1)));
        }
        catch (DbException)
        {
            // No tables, or none that can be read: a store that nobody used, or one that the test damaged.
        }

        return found;
    }
}
