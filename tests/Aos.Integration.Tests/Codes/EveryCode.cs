using System.Reflection;
using System.Text.RegularExpressions;

namespace Aos.Integration.Tests.Codes;

/// <summary>The codes of the catalog, the rows of the table and the tests that provoke them are the same set.</summary>
[Trait("store", "none")]
public sealed class EveryCode
{
    [Fact]
    [Trait("id", "F5.81-01")]
    public void Each_code_of_the_catalog_has_a_row_and_a_test_that_provokes_it()
    {
        var rows = Regex.Matches(File.ReadAllText(Path.Combine(OfOneCode.Root, "tests", "behaviours", "F5-codes.md")), @"^\| (?<id>F5\.80-[A-Z0-9-]+) \|[^|]*\|(?<why>[^|]*)\|", RegexOptions.Multiline);
        var excused = rows.Where(row => row.Groups["why"].Value.Trim().Length > 0).Select(row => OfOneCode.CodeOf(row.Groups["id"].Value)).ToList();
        var provoked = typeof(EveryCode).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(OfOneCode)))
            .SelectMany(type => type.GetMethods()).Where(method => method.IsDefined(typeof(FactAttribute)))
            .SelectMany(method => method.GetCustomAttributes<TraitAttribute>())
            .Where(trait => trait.Name == "id" && trait.Value.StartsWith(OfOneCode.Prefix, StringComparison.Ordinal))
            .Select(trait => OfOneCode.CodeOf(trait.Value)).ToList();
        var codes = FailureCatalog.All.Select(entry => entry.Code).Order(StringComparer.Ordinal).ToList();

        Assert.Equal(codes, rows.Select(row => OfOneCode.CodeOf(row.Groups["id"].Value)).Order(StringComparer.Ordinal));
        Assert.Equal(codes.Except(excused), provoked.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal));
        Assert.True(excused.Count * 10 <= codes.Count, "More than one in ten is excused.");
    }
}
