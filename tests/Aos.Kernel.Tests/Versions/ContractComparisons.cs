using System.Text.Json;

namespace Aos.Kernel.Tests.Versions;

/// <summary>What a difference between two contracts means.</summary>
public sealed class ContractComparisons
{
    private const string Schema = """
        {"type":"object","additionalProperties":false,"required":["url"],
         "properties":{"url":{"type":"string","maxLength":100},"n":{"type":"integer","minimum":1,"maximum":9},"mode":{"enum":["a","b"]},"list":{"type":"array","items":{"type":"string"}}}}
        """;

    private const string Contract = """
        {"description":"d","effect":"idempotent","effect_by_param":{"GET":"pure"},"key_makes_idempotent":true,"stable_fields":["x"],"failure_modes":["TIMEOUT"],
         "constraints":{"input_bytes_max":100,"min_items":2},"cost":{"base_cents":1},"timeout_ms":30000,"secret_params":["url"],"free_params":[],"tags":["web"],"connection_kinds":["http"]}
        """;

    [Theory]
    [InlineData("\"url\":{\"type\":\"string\",\"maxLength\":100},", "", "Breaking field_removed input.url")]
    [InlineData("\"type\":\"string\",\"maxLength\":100", "\"type\":\"integer\",\"maxLength\":100", "Breaking type_changed input.url")]
    [InlineData("\"type\":\"string\",\"maxLength\":100", "\"type\":[\"string\",\"null\"],\"maxLength\":100", "NonBreaking type_widened input.url")]
    [InlineData("\"type\":\"integer\"", "\"type\":\"number\"", "NonBreaking type_widened input.n")]
    [InlineData("\"required\":[\"url\"]", "\"required\":[\"url\",\"n\"]", "Breaking field_became_required input.n")]
    [InlineData("\"required\":[\"url\"]", "\"required\":[]", "NonBreaking field_became_optional input.url")]
    [InlineData("\"properties\":{", "\"properties\":{\"new\":{\"type\":\"string\"},", "NonBreaking field_added input.new")]
    [InlineData("\"maxLength\":100", "\"maxLength\":50", "Breaking validation_narrowed input.url")]
    [InlineData("\"maxLength\":100", "\"maxLength\":200", "NonBreaking validation_widened input.url")]
    [InlineData(",\"maxLength\":100", "", "NonBreaking validation_widened input.url")]
    [InlineData("\"minimum\":1", "\"minimum\":2", "Breaking validation_narrowed input.n")]
    [InlineData("\"maxLength\":100", "\"maxLength\":100,\"pattern\":\"^a\"", "Breaking validation_narrowed input.url")]
    [InlineData("[\"a\",\"b\"]", "[\"a\"]", "Breaking enum_value_removed input.mode")]
    [InlineData("[\"a\",\"b\"]", "[\"a\",\"b\",\"c\"]", "NonBreaking enum_value_added input.mode")]
    [InlineData("\"items\":{\"type\":\"string\"}", "\"items\":{\"type\":\"boolean\"}", "Breaking type_changed input.list[]")]
    [InlineData("\"additionalProperties\":false", "\"additionalProperties\":true", "NonBreaking validation_widened input")]
    [InlineData("\"maxLength\":100", "\"maxLength\":100,\"default\":\"u\"", "Warning default_changed input.url", true)]
    [Trait("id", "F5.65-04")]
    public void Parameters(string was, string now, string expected, bool reversed = false) => Check("input_schema", was, now, expected, reversed);

    [Fact]
    [Trait("id", "F5.65-04")]
    public void A_new_required_parameter_breaks()
    {
        var diff = ContractDiffs.Of(Skill("1.0.0", input: Schema), Skill("2.0.0", input: Schema.Replace("\"required\":[\"url\"]", "\"required\":[\"url\",\"token\"]", StringComparison.Ordinal).Replace("\"properties\":{", "\"properties\":{\"token\":{},", StringComparison.Ordinal)));

        Assert.Equal(["required_field_added input.token"], diff.Breaking.Select(Text));
    }

    [Theory]
    [InlineData("\"url\":{\"type\":\"string\",\"maxLength\":100},", "", "Breaking field_removed output.url")]
    [InlineData("\"properties\":{", "\"properties\":{\"new\":{\"type\":\"string\"},", "NonBreaking field_added output.new")]
    [InlineData("\"type\":\"integer\"", "\"type\":\"string\"", "Breaking type_changed output.n")]
    [InlineData("\"type\":\"integer\"", "\"type\":[\"integer\",\"null\"]", "Breaking type_widened output.n")]
    [InlineData("\"required\":[\"url\"]", "\"required\":[]", "Breaking field_became_optional output.url")]
    [InlineData("\"required\":[\"url\"]", "\"required\":[\"url\",\"n\"]", "NonBreaking field_became_required output.n")]
    [InlineData("\"maxLength\":100", "\"maxLength\":50", "NonBreaking validation_narrowed output.url")]
    [InlineData("[\"a\",\"b\"]", "[\"a\",\"b\",\"c\"]", "Warning enum_value_added output.mode")]
    [Trait("id", "F5.65-05")]
    public void Results(string was, string now, string expected) => Check("output_schema", was, now, expected, false);

    [Theory]
    [InlineData("\"stable_fields\":[\"x\"]", "\"stable_fields\":[]", "Breaking stable_field_removed stable_fields.x")]
    [InlineData("\"effect\":\"idempotent\"", "\"effect\":\"at_most_once\"", "Breaking effect_weakened effect")]
    [InlineData("\"effect\":\"idempotent\"", "\"effect\":\"pure\"", "NonBreaking effect_strengthened effect")]
    [InlineData("\"GET\":\"pure\"", "\"GET\":\"idempotent\"", "Breaking determinism_weakened effect_by_param.GET")]
    [InlineData("\"GET\":\"pure\"", "\"GET\":\"pure\",\"PUT\":\"at_most_once\"", "Breaking effect_weakened effect_by_param.PUT")]
    [InlineData("\"key_makes_idempotent\":true", "\"key_makes_idempotent\":false", "Breaking effect_weakened key_makes_idempotent")]
    [InlineData("\"failure_modes\":[\"TIMEOUT\"]", "\"failure_modes\":[]", "Breaking failure_mode_removed failure_modes.TIMEOUT")]
    [InlineData("\"failure_modes\":[\"TIMEOUT\"]", "\"failure_modes\":[\"TIMEOUT\",\"DNS_FAILURE\"]", "NonBreaking failure_mode_added failure_modes.DNS_FAILURE")]
    [InlineData("\"input_bytes_max\":100", "\"input_bytes_max\":50", "Breaking constraint_tightened constraints.input_bytes_max")]
    [InlineData("\"input_bytes_max\":100", "\"input_bytes_max\":200", "NonBreaking constraint_loosened constraints.input_bytes_max")]
    [InlineData("\"min_items\":2", "\"min_items\":3", "Breaking constraint_tightened constraints.min_items")]
    [InlineData("\"min_items\":2", "\"min_items\":2,\"other\":1", "Breaking constraint_tightened constraints.other")]
    [InlineData("\"base_cents\":1", "\"base_cents\":2", "NonBreaking cost_model_changed cost")]
    [InlineData("\"secret_params\":[\"url\"]", "\"secret_params\":[]", "Breaking secret_param_removed secret_params.url")]
    [InlineData("\"connection_kinds\":[\"http\"]", "\"connection_kinds\":[]", "Breaking connection_kind_removed connection_kinds.http")]
    [InlineData("\"tags\":[\"web\"]", "\"tags\":[]", "Warning tag_removed tags.web")]
    [InlineData("\"timeout_ms\":30000", "\"timeout_ms\":10", "Warning timeout_changed timeout_ms")]
    [InlineData("\"description\":\"d\"", "\"description\":\"e\"", "Warning description_changed description")]
    [Trait("id", "F5.65-06")]
    public void The_rest_of_the_contract(string was, string now, string expected)
    {
        var changed = Contract.Replace(was, now, StringComparison.Ordinal);
        Assert.NotEqual(Contract, changed);

        var change = Assert.Single(ContractDiffs.Of(Skill("1.0.0", contract: Contract), Skill("1.0.0", contract: changed)).Changes, change => change.Type != "version_not_bumped");
        Assert.Equal(expected, $"{change.Weight} {Text(change)}");
        Assert.NotEmpty(change.Description);
    }

    [Theory]
    [InlineData("1.0.0", "1.0.1", true, VersionBump.Major, false)]
    [InlineData("1.0.0", "1.1.0", true, VersionBump.Major, false)]
    [InlineData("1.0.0", "2.0.0", true, VersionBump.Major, true)]
    [InlineData("0.3.0", "0.4.0", true, VersionBump.Minor, true)]
    [InlineData("0.3.0", "0.3.1", true, VersionBump.Minor, false)]
    [InlineData("2.0.0-rc.1", "2.0.0-rc.2", true, VersionBump.Major, true)]
    [InlineData("1.0.0", "1.0.1", false, VersionBump.Minor, false)]
    [InlineData("1.0.0", "1.1.0", false, VersionBump.Minor, true)]
    [InlineData("1.0.0", "1.0.0", false, VersionBump.Minor, false)]
    [Trait("id", "F5.65-07")]
    public void The_version_grows_as_much_as_the_changes_ask(string old, string now, bool isBreaking, VersionBump recommended, bool isBumped)
    {
        var (narrow, wide) = ("""{"properties":{"a":{"type":"string","maxLength":5}}}""", """{"properties":{"a":{"type":"string","maxLength":9}}}""");

        var diff = ContractDiffs.Of(Skill(old, input: isBreaking ? wide : narrow), Skill(now, input: isBreaking ? narrow : wide));

        Assert.Equal((recommended, isBumped, !isBreaking), (diff.Recommended, diff.IsBumped, diff.IsCompatible));
        Assert.Equal(!isBumped, diff.Warnings.Any(change => change.Type == "version_not_bumped"));
        Assert.Equal(now == "2.0.0", diff.Warnings.Any(change => change.Type == "major_version"));
    }

    [Fact]
    [Trait("id", "F5.65-07")]
    public void A_version_that_goes_back_is_told() =>
        Assert.Equal(["version_lowered version"], ContractDiffs.Of(Skill("1.1.0"), Skill("1.0.0")).Breaking.Select(Text));

    [Fact]
    [Trait("id", "F5.65-08")]
    public void Snapshots_are_compared_by_the_newest_of_each_skill()
    {
        var old = Snapshot(Skill("1.0.0", name: "a"), Skill("1.0.0", name: "gone"), Skill("3.0.0", name: "same"), Skill("2.0.0", name: "same"));
        var now = Snapshot(Skill("1.1.0", name: "a"), Skill("1.0.0", name: "new"), Skill("3.0.0", name: "same"));

        var diffs = ContractDiffs.OfSnapshots(old, now);

        Assert.Equal(["a", "gone", "new", "same"], diffs.Select(diff => diff.Skill));
        Assert.Equal([("1.0.0", "1.1.0", true), ("1.0.0", null, false), (null, "1.0.0", true), ("3.0.0", "3.0.0", true)], diffs.Select(diff => (diff.Old, diff.New, diff.IsBumped)));
        Assert.Equal("skill_removed", Assert.Single(diffs[1].Breaking).Type);
        Assert.True(diffs[2].IsCompatible);
        Assert.Equal(("version_removed", "2.0.0 is gone, and nothing here serves plans that ask for it."), (Assert.Single(diffs[3].Changes).Type, diffs[3].Changes[0].Description));
        Assert.Empty(ContractDiffs.OfSnapshots(old, old));
    }

    [Fact]
    [Trait("id", "F5.65-26")]
    public void A_version_that_stays_beside_newer_ones_keeps_what_it_promised()
    {
        var old = Snapshot(Skill("1.0.0", output: """{"properties":{"a":{}}}"""), Skill("2.0.0"), Skill("1.1.0-rc.1"));
        var now = Snapshot(Skill("2.1.0"), Skill("1.0.0"));

        var diffs = ContractDiffs.OfSnapshots(old, now);

        Assert.Equal([("2.0.0", "2.1.0", true), ("1.0.0", "1.0.0", false)], diffs.Select(diff => (diff.Old, diff.New, diff.IsBumped)));
        Assert.Equal(["version_removed version"], diffs[0].Breaking.Select(Text)); // Of 1.1.0-rc.1: what is older does not serve.
        Assert.Equal(["field_removed output.a"], diffs[1].Breaking.Select(Text));
    }

    [Fact]
    [Trait("id", "F5.65-04")]
    public void References_are_followed_also_in_circles()
    {
        const string tree = """{"$ref":"#/$defs/node","$defs":{"node":{"type":"object","properties":{"next":{"$ref":"#/$defs/node"},"n":{"type":"integer"}}}}}""";

        Assert.Empty(ContractDiffs.Of(Skill("1.0.0", input: tree), Skill("1.0.0", input: tree)).Changes);
        Assert.Contains("type_changed input.n", ContractDiffs.Of(Skill("1.0.0", input: tree), Skill("2.0.0", input: tree.Replace("integer", "string", StringComparison.Ordinal))).Breaking.Select(Text));
    }

    [Fact]
    [Trait("id", "F5.65-04")]
    public void A_schema_that_holds_itself_several_times_is_compared_once()
    {
        const string tree = """{"type":"object","properties":{"left":{"$ref":"#"},"right":{"$ref":"#"},"third":{"$ref":"#/properties/left"},"n":{"type":"integer"}}}""";

        var diff = ContractDiffs.Of(Skill("1.0.0", input: tree), Skill("2.0.0", input: tree.Replace("integer", "string", StringComparison.Ordinal)));

        Assert.Equal(["type_changed input.n", "type_changed input.third.n"], diff.Breaking.Select(Text).Order(StringComparer.Ordinal));
    }

    private static void Check(string member, string was, string now, string expected, bool reversed)
    {
        var changed = Schema.Replace(was, now, StringComparison.Ordinal);
        Assert.NotEqual(Schema, changed);
        var (old, here) = (Skill("1.0.0", input: member == "input_schema" ? Schema : null, output: member == "output_schema" ? Schema : null), Skill("1.0.0", input: member == "input_schema" ? changed : null, output: member == "output_schema" ? changed : null));
        if (reversed) (old, here) = (here, old);

        var change = Assert.Single(ContractDiffs.Of(old, here).Changes, change => change.Type != "version_not_bumped");
        Assert.Equal(expected, $"{change.Weight} {Text(change)}");
        Assert.NotEmpty(change.Description);
    }

    private static string Text(ContractChange change) => $"{change.Type} {change.Path}";

    private static JsonElement Skill(string version, string? input = null, string? output = null, string? contract = null, string name = "s") =>
        Json.Parse($$"""{"name":"{{name}}","version":"{{version}}","contract":{{contract ?? "{}"}},"input_schema":{{input ?? "{}"}},"output_schema":{{output ?? "{}"}}}""");

    private static JsonElement Snapshot(params JsonElement[] skills) => Json.Parse($$"""{"format":1,"skills":[{{string.Join(',', skills.Select(skill => skill.GetRawText()))}}]}""");
}
