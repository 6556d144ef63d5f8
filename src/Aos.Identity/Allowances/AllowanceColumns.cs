using System.Data.Common;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Identity;

/// <summary>An allowance as two columns: JSON lists of names, NULL where nobody is kept out.</summary>
internal static class AllowanceColumns
{
    internal static string? Text(IReadOnlyList<string>? names) => names is null ? null : Json.Write(writer =>
    {
        writer.WriteStartArray();
        foreach (var name in names) writer.WriteStringValue(name);
        writer.WriteEndArray();
    }).GetRawText();

    internal static Allowance Of(DbDataReader row, int agents, int skills) => new(Names(row, agents), Names(row, skills));

    private static string[]? Names(DbDataReader row, int column) =>
        row.IsDBNull(column) ? null : [.. Json.Parse(row.GetString(column)).EnumerateArray().Select(name => name.GetString()!)];
}
