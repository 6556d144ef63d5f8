using System.Globalization;
using Npgsql;

namespace Aos.Storage;

/// <summary>Places of parameters in a statement: <c>$4, $5, ...</c></summary>
internal static class Places
{
    /// <summary>Adds parameters; replies the number of the first one.</summary>
    internal static int Add(NpgsqlBatchCommand command, IEnumerable<NpgsqlParameter> parameters)
    {
        var first = command.Parameters.Count + 1;
        foreach (var parameter in parameters) command.Parameters.Add(parameter);
        return first;
    }

    internal static string From(int first, int count) =>
        string.Join(", ", Enumerable.Range(first, count).Select(place => string.Create(CultureInfo.InvariantCulture, $"${place}")));
}
