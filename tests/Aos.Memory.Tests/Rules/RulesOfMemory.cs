using System.Text.Json;

namespace Aos.Memory.Tests.Rules;

/// <summary>What rules make of writes: patterns, tidying, schemas, transforms, merging.</summary>
[Trait("store", "none")]
public sealed class RulesOfMemory
{
    private static readonly DateTimeOffset Now = new(2026, 1, 5, 9, 0, 0, TimeSpan.Zero);

    private const string Usual = """
        {"rules":[
          {"name":"config_merge","pattern":"config:*","merge_strategy":"deep_merge"},
          {"name":"counter_increment","pattern":"counter:*","merge_strategy":"increment"},
          {"name":"log_append","pattern":"log:*","merge_strategy":"append","max_items":3},
          {"name":"agent_preferences","pattern":"agent:*:preferences","merge_strategy":"deep_merge"}]}
        """;

    [Theory]
    [Trait("id", "E3.7-01")]
    [InlineData("*", "", true)]
    [InlineData("config:*", "config:", true)]
    [InlineData("config:*", "config:a:b", true)]
    [InlineData("config:*", "xconfig:a", false)]
    [InlineData("agent:*:preferences", "agent:a7:preferences", true)]
    [InlineData("agent:*:preferences", "agent:a7:preferences:x", false)]
    [InlineData("a?c", "abc", true)]
    [InlineData("a?c", "ac", false)]
    [InlineData("a.c", "abc", false)]
    [InlineData("a+(c)", "a+(c)", true)]
    [InlineData("*a*b*", "xxaxxbxx", true)]
    [InlineData("*a*b", "xxaxxbxx", false)]
    public void A_pattern_fits_whole_keys(string pattern, string key, bool fits) => Assert.Equal(fits, KeyPattern.Fits(pattern, key));

    [Fact]
    [Trait("id", "E3.7-02")]
    public void A_hostile_pattern_takes_no_more_than_key_times_pattern()
    {
        var key = new string('a', MemoryKey.CharsMax);

        // What tries every place of every star would not be over in this universe.
        Assert.False(KeyPattern.Fits(string.Concat(Enumerable.Repeat("*a", 250)) + "*b", key));
    }

    [Theory]
    [Trait("id", "E3.7-03")]
    [Trait("id", "E3.7-04")]
    [InlineData("config:a", """{"x":{"y":1,"z":1}}""", """{"x":{"y":2},"n":1}""", """{"n":1,"x":{"y":2,"z":1}}""", "config_merge")]
    [InlineData("counter:a", """{"n":2,"sub":{"m":1},"keep":"k"}""", """{"n":0.5,"sub":{"m":2}}""", """{"keep":"k","n":2.5,"sub":{"m":3}}""", "counter_increment")]
    [InlineData("counter:a", """{"n":"text"}""", """{"n":1}""", """{"n":1}""", "counter_increment")]
    [InlineData("log:a", """{"lines":[1,2]}""", """{"lines":[3,4]}""", """{"lines":[2,3,4]}""", "log_append")]
    [InlineData("agent:a7:preferences", """{"lang":"de"}""", """{"style":"dry"}""", """{"lang":"de","style":"dry"}""", "agent_preferences")]
    [InlineData("other", """{"a":1}""", """{"b":" x "}""", """{"b":" x "}""", null)]
    public void Values_are_merged_as_the_rule_says(string key, string existing, string value, string expected, string? rule)
    {
        var written = Read(Usual).Apply(key, Json.Parse(value), Json.Parse(existing), Now);

        Assert.Null(written.Failure);
        Assert.Equal(expected, CanonicalJson.Text(written.Value!.Value));
        Assert.Equal(rule is null ? [] : [rule], written.Applied);
        Assert.Equal(expected, CanonicalJson.Text(Read(Usual).Apply(key, Json.Parse(value), Json.Parse(existing), Now).Value!.Value));
    }

    [Fact]
    [Trait("id", "E3.7-05")]
    public void Without_a_stored_value_nothing_is_merged_and_a_rule_still_tidies()
    {
        var rules = Read("""{"rules":[{"name":"r","pattern":"*","merge_strategy":"increment","sanitizers":["timestamps"]}]}""");

        var written = rules.Apply("k", Json.Parse("""{"a":"  2026/01/05 09:00:00 ","b":null,"c":[null,{"d":null,"e":" x"}],"f":"05-01-2026 09:00:00","g":"2026-01-05"}"""), null, Now);

        Assert.Equal("""{"a":"2026-01-05T09:00:00Z","c":[{"e":"x"}],"f":"2026-01-05T09:00:00Z","g":"2026-01-05"}""", CanonicalJson.Text(written.Value!.Value));
    }

    [Fact]
    [Trait("id", "E3.7-06")]
    public void What_the_schema_does_not_accept_is_not_written()
    {
        var rules = Read("""{"rules":[{"name":"typed","pattern":"*","schema":{"type":"object","properties":{"n":{"type":"integer"}},"required":["n"]}}]}""");

        Assert.Null(rules.Apply("k", Json.Parse("""{"n":1}"""), null, Now).Failure);
        var refused = rules.Apply("k", Json.Parse("""{"n":"one"}"""), null, Now);
        Assert.Null(refused.Value);
        Assert.Equal("INVALID_INPUT", refused.Failure!.Code);
        Assert.Contains("Rule typed", refused.Failure.Message);
        Assert.Contains("n", refused.Failure.Message);
    }

    [Fact]
    [Trait("id", "E3.7-07")]
    public void A_transform_sees_the_value_what_is_stored_the_key_and_the_time()
    {
        var rules = Read("""
            {"rules":[{"name":"t","pattern":"*","transform":{"key":"${{ key }}","seen":"${{ default(existing.seen, 0) + value.by }}","at":"${{ now() }}","id":"${{ uuid() }}"}}]}
            """);

        var (first, again) = (Made(1), Made(1));

        Assert.Equal(("k", 8, "2026-01-05"), (first.GetText("key"), first.GetProperty("seen").GetInt32(), first.GetText("at")![..10]));
        Assert.Equal(CanonicalJson.Text(first), CanonicalJson.Text(again));
        Assert.NotEqual(first.GetText("id"), Made(2).GetText("id"));
        Assert.Equal("INVALID_INPUT", rules.Apply("k", Json.Parse("{}"), null, Now).Failure!.Code); // value.by is not there.

        JsonElement Made(int by) => rules.Apply("k", Json.Parse($$"""{"by":{{by}}}"""), Json.Parse("""{"seen":7}"""), Now).Value!.Value;
    }

    [Theory]
    [Trait("id", "E3.7-08")]
    [InlineData("first", "increment", """{"n":3}""")]
    [InlineData("last", "replace", """{"n":1}""")]
    [InlineData("refuse", null, null)]
    public void Of_two_rules_that_disagree_the_policy_decides(string policy, string? strategy, string? expected)
    {
        var rules = Read($$"""{"on_conflict":"{{policy}}","rules":[{"name":"tidy","pattern":"a*"},{"name":"one","pattern":"a*","merge_strategy":"increment"},{"name":"two","pattern":"*b","merge_strategy":"replace"}]}""");

        var written = rules.Apply("ab", Json.Parse("""{"n":1}"""), Json.Parse("""{"n":2}"""), Now);

        Assert.Equal(["tidy", "one", "two"], written.Applied);
        Assert.Equal(expected, written.Value is { } value ? CanonicalJson.Text(value) : null);
        if (strategy is null) Assert.Contains("one, two", written.Failure!.Message);
        else Assert.Equal(strategy, MemoryRuleText.Wire(written.Merge));
    }

    [Fact]
    [Trait("id", "E3.7-09")]
    public void A_rule_that_is_off_does_nothing()
    {
        var rules = Read("""{"rules":[{"name":"off","pattern":"*","merge_strategy":"increment","enabled":false}]}""");

        Assert.Equal("""{"n":1}""", rules.Apply("k", Json.Parse("""{"n":1}"""), Json.Parse("""{"n":2}"""), Now).Value!.Value.GetRawText());
    }

    [Fact]
    [Trait("id", "E3.7-10")]
    public void A_sum_that_no_number_holds_is_refused()
    {
        var rules = Read("""{"rules":[{"name":"r","pattern":"*","merge_strategy":"increment"}]}""");
        var most = Json.Parse($$"""{"n":{{decimal.MaxValue}}}""");

        Assert.Equal("INVALID_INPUT", rules.Apply("k", most, most, Now).Failure?.Code);
        Assert.Equal("INVALID_INPUT", rules.Apply("k", Json.Parse("""{"n":1e300}"""), Json.Parse("""{"n":1}"""), Now).Failure?.Code);
    }

    [Fact]
    [Trait("id", "E3.7-11")]
    public void Rules_are_written_as_they_are_read()
    {
        var text = Json.Parse("""
            {"on_conflict":"refuse","rules":[{"name":"a","pattern":"a:*","merge_strategy":"append","sanitizers":["timestamps","trim_strings"],"schema":{"type":"object"},"transform":{"x":"${{ value.x }}"},"max_items":5,"enabled":false}]}
            """);

        var written = Json.Write(writer => MemoryRuleText.Write(writer, Read(text.GetRawText())));

        Assert.True(JsonElement.DeepEquals(text, written), written.GetRawText());
    }

    [Theory]
    [Trait("id", "E3.7-12")]
    [InlineData("""[]""", "rules: a list of rules is missing.")]
    [InlineData("""{"rules":[],"more":1}""", "more: is not known")]
    [InlineData("""{"rules":[],"on_conflict":"both"}""", "on_conflict: is one of first, last, refuse.")]
    [InlineData("""{"rules":[1]}""", "rules[0]: a rule is an object.")]
    [InlineData("""{"rules":[{"pattern":"*"}]}""", "rules[0].name: a text of 1 to 64 characters.")]
    [InlineData("""{"rules":[{"name":"a"}]}""", "rules[0].pattern: a text of 1 to 512 characters.")]
    [InlineData("""{"rules":[{"name":"a","pattern":"*","merge_strategy":"sum"}]}""", "rules[0].merge_strategy: is one of replace, deep_merge, append, increment.")]
    [InlineData("""{"rules":[{"name":"a","pattern":"*","sanitizers":["trim_strings","x"]}]}""", "rules[0].sanitizers[1]: is one of trim_strings, drop_nulls, timestamps.")]
    [InlineData("""{"rules":[{"name":"a","pattern":"*","sanitizers":"x"}]}""", "rules[0].sanitizers: a list.")]
    [InlineData("""{"rules":[{"name":"a","pattern":"*","schema":{"type":"thing"}}]}""", "rules[0].schema")]
    [InlineData("""{"rules":[{"name":"a","pattern":"*","transform":"x"}]}""", "rules[0].transform: an object of templates.")]
    [InlineData("""{"rules":[{"name":"a","pattern":"*","transform":{"x":"${{ 1 + }}"}}]}""", "rules[0].transform.x")]
    [InlineData("""{"rules":[{"name":"a","pattern":"*","transform":{"x":"${{ inputs.x }}"}}]}""", "inputs is not known here; there are value, existing and key.")]
    [InlineData("""{"rules":[{"name":"a","pattern":"*","transform":{"x":"${{ memory.other }}"}}]}""", "memory is not known here")]
    [InlineData("""{"rules":[{"name":"a","pattern":"*","max_items":0}]}""", "rules[0].max_items: a whole number from 1 to 100000.")]
    [InlineData("""{"rules":[{"name":"a","pattern":"*","enabled":1}]}""", "rules[0].enabled: is true or false.")]
    [InlineData("""{"rules":[{"name":"a","pattern":"*","colour":1}]}""", "rules[0].colour: is not known; there are name, pattern,")]
    [InlineData("""{"rules":[{"name":"a","pattern":"*"},{"name":"a","pattern":"*"}]}""", "rules: a is there 2 times; a name stands once.")]
    public void What_is_wrong_with_rules_is_said_with_its_place(string text, string problem)
    {
        var (rules, problems) = MemoryRuleText.Read(Json.Parse(text));

        Assert.Null(rules);
        Assert.Contains(problems, one => one.Contains(problem, StringComparison.Ordinal));
    }

    [Fact]
    [Trait("id", "E3.7-13")]
    public void A_hundred_rules_are_the_most()
    {
        string Many(int count) => $$"""{"rules":[{{string.Join(',', Enumerable.Range(0, count).Select(i => $$"""{"name":"r{{i}}","pattern":"*"}"""))}}]}""";

        Assert.NotNull(MemoryRuleText.Read(Json.Parse(Many(100))).Rules);
        Assert.Contains("rules: 101 rules, 100 are the most.", MemoryRuleText.Read(Json.Parse(Many(101))).Problems);
    }

    private static MemoryRules Read(string text)
    {
        var (rules, problems) = MemoryRuleText.Read(Json.Parse(text));
        Assert.True(rules is not null, string.Join('\n', problems));
        return rules;
    }
}
