using System.Text.Json;
using Aos.Kernel;

namespace Aos.Skills.Query;

/// <summary>
/// Queries in a subset of jq 1.7 (docs/skills.md lists it). Reading and running do bounded work. A query that can give
/// several values gives a list of them, whatever their number, so that its type does not depend on the data.
/// </summary>
internal static class JsonQuery
{
    /// <summary>Longest query, characters.</summary>
    internal const int TextMax = 4096;

    internal static JsonElement Run(string query, JsonElement data, CancellationToken cancel)
    {
        var filter = new QueryParser(query).Parse();
        var budget = new QueryBudget(cancel);
        if (filter.Yield == Yield.Many) return Arrays.List(filter.Run(data, budget));
        foreach (var only in filter.Run(data, budget)) return only;
        return Json.Null;
    }
}

/// <summary>How many values a filter gives, known before it runs.</summary>
internal enum Yield { One, AtMostOne, Many }

/// <summary>What a query may still do.</summary>
internal sealed class QueryBudget(CancellationToken cancel)
{
    /// <summary>Values made or passed on by one query.</summary>
    internal const int StepsMax = 1_000_000;

    /// <summary>Bytes of all values made by one query.</summary>
    internal const long BytesMax = 256L * 1024 * 1024;

    private int steps;
    private long bytes;

    internal void Spend()
    {
        if (++steps > StepsMax) throw TransformException.Shape($"The query takes more than {StepsMax} steps.");
        if (steps % 1024 == 0) cancel.ThrowIfCancellationRequested();
    }

    /// <summary>Counts a value that was made.</summary>
    internal JsonElement Made(JsonElement value)
    {
        Spend();
        bytes += System.Runtime.InteropServices.JsonMarshal.GetRawUtf8Value(value).Length;
        return bytes <= BytesMax ? value : throw TransformException.Shape($"The query makes more than {BytesMax} bytes.");
    }
}
