using System.Text;

namespace Aos.Schemas.Tests;

/// <summary>What is told of a misfit, of a wrong schema, and that both end.</summary>
public sealed class Problems
{
    [Fact]
    public void Every_problem_is_told_with_its_path()
    {
        var schema = Read("""
            {"properties":{"a":{"type":"integer"},"list":{"items":{"required":["id"]}},"m":{"additionalProperties":{"type":"string"}}},
             "required":["b"],"additionalProperties":false}
            """);
        var problems = schema.Check(Json.Parse("""{"a":"x","list":[{"id":1},{}],"m":{"odd name":1},"lst":2}"""), "params");

        Assert.Equal(
            ["params.a type", "params.b required", "params.list[1].id required", "params.lst additionalProperties", "params.m[\"odd name\"] type"],
            problems.Select(problem => $"{problem.Path} {problem.Keyword}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_name_that_is_nearly_right_is_suggested() =>
        Assert.Contains("did you mean timeout?", Assert.Single(
            Read("""{"properties":{"url":{},"timeout":{}},"additionalProperties":false}""").Check(Json.Parse("""{"timeuot":1}"""))).Message, StringComparison.Ordinal);

    [Fact]
    public void The_reasons_of_all_alternatives_are_told()
    {
        var problem = Assert.Single(Read("""{"anyOf":[{"type":"string"},{"properties":{"a":{"minimum":3}}}]}""").Check(Json.Parse("""{"a":1}"""), "x"));

        Assert.Equal("x fits none of 2 alternatives: must be string, not object; a must be at least 3.", problem.ToString());
    }

    [Fact]
    public void A_value_is_never_quoted() =>
        Assert.DoesNotContain("hunter2", string.Join(' ', Read("""{"type":"integer","pattern":"^x","enum":[1],"format":"uuid","maxLength":2}""").Check(Json.Of("hunter2"))), StringComparison.Ordinal);

    [Theory]
    [InlineData("""{"type":"text"}""", "type")]
    [InlineData("""{"type":[]}""", "type")]
    [InlineData("""{"properties":{"a":{"type":3}}}""", "properties.a.type")]
    [InlineData("""{"properties":[]}""", "properties")]
    [InlineData("""{"properties":{"a":7}}""", "properties.a")]
    [InlineData("""{"required":"a"}""", "required")]
    [InlineData("""{"required":true}""", "required")]
    [InlineData("""{"enum":[]}""", "enum")]
    [InlineData("""{"minimum":"1"}""", "minimum")]
    [InlineData("""{"exclusiveMinimum":true}""", "exclusiveMinimum")]
    [InlineData("""{"multipleOf":0}""", "multipleOf")]
    [InlineData("""{"minLength":-1}""", "minLength")]
    [InlineData("""{"maxItems":1.5}""", "maxItems")]
    [InlineData("""{"pattern":"(a"}""", "pattern")]
    [InlineData("""{"patternProperties":{"(a":{}}}""", "patternProperties")]
    [InlineData("""{"uniqueItems":1}""", "uniqueItems")]
    [InlineData("""{"anyOf":[]}""", "anyOf")]
    [InlineData("""{"allOf":[{"type":"string"},{"type":"no"}]}""", "allOf[1].type")]
    [InlineData("""{"$ref":"#/$defs/none"}""", "$ref")]
    [InlineData("""{"$ref":"https://example.com/other"}""", "$ref")]
    [InlineData("""{"$defs":{"unused":{"type":"no"}}}""", "$defs.unused.type")]
    [InlineData("""{"unevaluatedProperties":false}""", "unevaluatedProperties")]
    [InlineData("""{"contains":{},"minContains":-1}""", "minContains")]
    [InlineData("""{"dependentRequired":{"a":"b"}}""", "dependentRequired")]
    [InlineData("12", "")]
    public void A_wrong_schema_is_told_with_its_path(string schema, string path)
    {
        var reading = JsonSchema.Parse(Json.Parse(schema));

        Assert.Null(reading.Schema);
        Assert.Equal(path, Assert.Single(reading.Problems).Path);
    }

    [Theory]
    [InlineData("""{"$ref":"#"}""")]
    [InlineData("""{"$defs":{"a":{"allOf":[{"$ref":"#/$defs/b"}]},"b":{"anyOf":[{"type":"null"},{"$ref":"#/$defs/a"}]}},"$ref":"#/$defs/a"}""")]
    [InlineData("""{"if":{"$ref":"#"},"then":{}}""")]
    public void A_reference_that_leads_back_to_itself_is_refused(string schema) =>
        Assert.Contains("back to itself", Assert.Single(JsonSchema.Parse(Json.Parse(schema)).Problems).Message, StringComparison.Ordinal);

    [Fact]
    public void Work_that_grows_without_measure_is_cut_off()
    {
        // Each level doubles the work: 2^40 steps.
        var text = new StringBuilder("{\"$defs\":{\"d0\":{\"type\":\"integer\"}");
        for (var i = 1; i <= 40; i++) text.Append($",\"d{i}\":{{\"allOf\":[{{\"$ref\":\"#/$defs/d{i - 1}\"}},{{\"$ref\":\"#/$defs/d{i - 1}\"}}]}}");
        text.Append("},\"not\":{\"$ref\":\"#/$defs/d40\"}}");

        Assert.Equal("limit", Assert.Single(Read(text.ToString()).Check(Json.Parse("1"))).Keyword);
    }

    [Fact]
    public void A_chain_deeper_than_the_limit_is_cut_off()
    {
        var text = new StringBuilder("{\"$defs\":{\"d0\":{}");
        for (var i = 1; i <= JsonSchema.DepthMax; i++) text.Append($",\"d{i}\":{{\"$ref\":\"#/$defs/d{i - 1}\"}}");
        text.Append($"}},\"$ref\":\"#/$defs/d{JsonSchema.DepthMax}\"}}");

        Assert.Equal("limit", Assert.Single(Read(text.ToString()).Check(Json.True)).Keyword);
    }

    [Fact]
    public void A_pattern_that_explodes_elsewhere_ends_here()
    {
        var value = Json.Of(new string('a', 50_000) + "!");

        Assert.Equal("pattern", Assert.Single(Read("""{"pattern":"^(a+)+$"}""").Check(value)).Keyword);
    }

    [Fact]
    public void A_schema_of_too_many_parts_is_refused()
    {
        var parts = string.Join(',', Enumerable.Range(0, JsonSchema.NodesMax + 1).Select(i => $"\"p{i}\":{{}}"));

        Assert.Equal("limit", Assert.Single(JsonSchema.Parse(Json.Parse("{\"properties\":{" + parts + "}}")).Problems).Keyword);
    }

    [Fact]
    public void No_more_problems_are_told_than_anybody_reads() =>
        Assert.Equal(JsonSchema.ProblemsMax, Read("""{"items":{"type":"string"}}""").Check(Json.Parse($"[{string.Join(',', Enumerable.Range(0, 1_000))}]")).Count);

    [Theory]
    [InlineData("""{"properties":{"n":{"type":"integer"}}}""", """{"n":"?"}""")]
    [InlineData("""{"oneOf":[{"properties":{"k":{"const":"a"}}},{"properties":{"k":{"const":"b"}}}]}""", """{"k":"?"}""")]
    [InlineData("""{"not":{"properties":{"k":{"const":"a"}}}}""", """{"k":"?"}""")]
    [InlineData("""{"if":{"properties":{"k":{"const":"a"}}},"then":{"required":["x"]}}""", """{"k":"?"}""")]
    [InlineData("""{"enum":[{"k":"a"}]}""", """{"k":"?"}""")]
    [InlineData("""{"uniqueItems":true}""", """["?","?"]""")]
    [InlineData("""{"contains":{"const":1},"maxContains":1}""", """["?","?"]""")]
    public void What_is_not_known_yet_fits(string schema, string value) =>
        Assert.Empty(Read(schema).Check(Json.Parse(value), "", IsTemplate));

    [Fact]
    public void What_is_known_is_judged_beside_what_is_not() =>
        Assert.Equal("b", Assert.Single(Read("""{"additionalProperties":{"type":"integer"}}""").Check(Json.Parse("""{"a":"?","b":"x"}"""), "", IsTemplate)).Path);

    private static bool IsTemplate(System.Text.Json.JsonElement value) => value.ValueKind == System.Text.Json.JsonValueKind.String && value.GetString() == "?";

    private static JsonSchema Read(string schema) => JsonSchema.Known(Json.Parse(schema));
}
