namespace Aos.House.Tests;

/// <summary>One page per error code, one code per page.</summary>
public sealed class ErrorPages
{
    private static IEnumerable<string> Pages() => Directory.EnumerateFiles(Tree.At("docs", "errors"), "*.md")
        .Select(file => Path.GetFileNameWithoutExtension(file))
        .Where(name => name != "README");

    [Fact]
    public void Every_code_has_its_page() =>
        Assert.Equal(FailureCatalog.All.Select(entry => entry.Code).Order(StringComparer.Ordinal), Pages().Order(StringComparer.Ordinal));

    [Fact]
    public void A_page_says_what_the_catalog_says()
    {
        Assert.All(FailureCatalog.All, entry =>
        {
            var page = File.ReadAllText(Tree.At("docs", "errors", entry.Code + ".md"));

            Assert.Contains(entry.Meaning, page, StringComparison.Ordinal);
            Assert.Contains(entry.Advice, page, StringComparison.Ordinal);
            Assert.Contains($"HTTP status {entry.HttpStatus}", page, StringComparison.Ordinal);
            Assert.All(entry.Aliases, alias => Assert.Contains($"`{alias}`", page, StringComparison.Ordinal));
        });
    }
}
