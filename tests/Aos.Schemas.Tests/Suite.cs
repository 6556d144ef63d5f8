using System.Text.Json;

namespace Aos.Schemas.Tests;

/// <summary>The cases of the folder <c>Suite</c>, in the form of the official test suite.</summary>
public sealed class Suite
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Suite");

    public static TheoryData<string, string, string> Cases()
    {
        var cases = new TheoryData<string, string, string>();
        foreach (var (file, group, test) in All()) cases.Add(file, group.GetText("description")!, test.GetText("description")!);
        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_value_fits_as_the_case_says(string file, string group, string test)
    {
        var (_, g, t) = All().Single(one => one.File == file && one.Group.GetText("description") == group && one.Test.GetText("description") == test);
        var reading = JsonSchema.Parse(g.GetProperty("schema"));

        Assert.Empty(reading.Problems);
        Assert.Equal(t.GetProperty("valid").GetBoolean(), reading.Schema!.Check(t.GetProperty("data")).Count == 0);
    }

    [Fact]
    public void Every_keyword_has_a_case()
    {
        string[] keywords =
        [
            "type", "enum", "const", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength", "pattern", "format",
            "properties", "patternProperties", "additionalProperties", "propertyNames", "required", "minProperties", "maxProperties", "dependentRequired",
            "dependentSchemas", "dependencies", "items", "prefixItems", "additionalItems", "contains", "minContains", "maxContains", "minItems", "maxItems",
            "uniqueItems", "allOf", "anyOf", "oneOf", "not", "if", "then", "else", "$ref", "$defs", "definitions", "$anchor", "$id", "$schema",
        ];
        var schemas = string.Join('\n', All().Select(one => one.Group.GetProperty("schema").GetRawText()));

        Assert.All(keywords, keyword => Assert.Contains($"\"{keyword}\":", schemas, StringComparison.Ordinal));
    }

    private static IEnumerable<(string File, JsonElement Group, JsonElement Test)> All() =>
        from file in Directory.EnumerateFiles(Folder, "*.json").Order(StringComparer.Ordinal)
        from g in Json.Parse(File.ReadAllBytes(file)).EnumerateArray()
        from test in g.GetProperty("tests").EnumerateArray()
        select (Path.GetFileName(file), g, test);
}
