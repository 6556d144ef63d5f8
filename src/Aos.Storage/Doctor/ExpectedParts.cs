using System.Text.RegularExpressions;
using Aos.Contracts;

namespace Aos.Storage;

/// <summary>The tables and indexes that the migrations of a store leave behind.</summary>
internal static partial class ExpectedParts
{
    internal static IReadOnlyCollection<string> Of(IEnumerable<Migration> migrations, Func<Migration, string> text)
    {
        var parts = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var migration in migrations.OrderBy(one => one.Room, StringComparer.Ordinal).ThenBy(one => one.Number))
        {
            foreach (Match change in Changes().Matches(text(migration)))
            {
                if (change.Groups["made"] is { Success: true } made) parts.Add(made.Value);
                if (change.Groups["gone"] is { Success: true } gone) parts.Remove(gone.Value);
                if (change.Groups["from"] is not { Success: true } from) continue;
                parts.Remove(from.Value);
                parts.Add(change.Groups["to"].Value);
            }
        }

        return parts;
    }

    [GeneratedRegex(
        @"CREATE (?:TABLE|(?:UNIQUE )?INDEX)(?: IF NOT EXISTS)? (?<made>\w+)|DROP (?:TABLE|INDEX)(?: IF EXISTS)? (?<gone>\w+)|ALTER (?:TABLE|INDEX) (?<from>\w+) RENAME TO (?<to>\w+)",
        RegexOptions.CultureInvariant)]
    private static partial Regex Changes();
}
