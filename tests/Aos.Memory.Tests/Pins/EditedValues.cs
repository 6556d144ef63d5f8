using Aos.Contracts;

namespace Aos.Memory.Tests;

/// <summary>What edits make of a value, without a store.</summary>
[Trait("store", "none")]
public sealed class EditedValues
{
    /// <summary>The cases of RFC 7396, appendix A, whose values are objects.</summary>
    [Theory]
    [InlineData("""{"a":"b"}""", """{"a":"c"}""", """{"a":"c"}""")]
    [InlineData("""{"a":"b"}""", """{"b":"c"}""", """{"a":"b","b":"c"}""")]
    [InlineData("""{"a":"b"}""", """{"a":null}""", "{}")]
    [InlineData("""{"a":"b","b":"c"}""", """{"a":null}""", """{"b":"c"}""")]
    [InlineData("""{"a":["b"]}""", """{"a":"c"}""", """{"a":"c"}""")]
    [InlineData("""{"a":"c"}""", """{"a":["b"]}""", """{"a":["b"]}""")]
    [InlineData("""{"a":{"b":"c"}}""", """{"a":{"b":"d","c":null}}""", """{"a":{"b":"d"}}""")]
    [InlineData("""{"a":[{"b":"c"}]}""", """{"a":[1]}""", """{"a":[1]}""")]
    [InlineData("""{"e":null}""", """{"a":1}""", """{"a":1,"e":null}""")]
    [InlineData("""{"a":"foo"}""", """{"a":{"b":{"c":null,"d":1}}}""", """{"a":{"b":{"d":1}}}""")]
    [InlineData("{}", """{"a":{"bb":{"ccc":null}}}""", """{"a":{"bb":{}}}""")]
    [Trait("id", "E10-04")]
    public void A_merge_patch_is_that_of_the_RFC(string value, string patch, string expected) => Assert.Equal(expected, Edited(value, new PinEdit.Merge(Json.Parse(patch))));

    [Theory]
    [InlineData("""{"n":1}""", "/n", "1", """{"n":2}""")]
    [InlineData("""{"n":0.1}""", "/n", "0.2", """{"n":0.3}""")]
    [InlineData("""{"n":9223372036854775807}""", "/n", "1", """{"n":9223372036854775808}""")]
    [InlineData("""{"n":1e3}""", "/n", "-0.5", """{"n":999.5}""")]
    [InlineData("""{"a/b":{"c~d":[5,6]}}""", "/a~1b/c~0d/1", "1", """{"a/b":{"c~d":[5,7]}}""")]
    [InlineData("{}", "/per/day", "3", """{"per":{"day":3}}""")]
    [InlineData("""{"":1}""", "/", "1", """{"":2}""")]
    [Trait("id", "E10-04")]
    public void An_increment_is_exact_and_finds_its_number_by_a_pointer(string value, string path, string by, string expected) =>
        Assert.Equal(expected, Edited(value, new PinEdit.Increment(path, decimal.Parse(by, System.Globalization.CultureInfo.InvariantCulture))));

    [Theory]
    [InlineData("""{"n":"1"}""", "/n", "not a number")]
    [InlineData("""{"n":null}""", "/n", "not a number")]
    [InlineData("""{"n":{}}""", "/n", "not a number")]
    [InlineData("""{"n":79228162514264337593543950335}""", "/n", "out of the range")]
    [InlineData("""{"n":0.0000000000000000000000000001}""", "/n", "more digits")]
    [InlineData("""{"l":[1]}""", "/l/1", "nothing at")]
    [InlineData("""{"l":[1]}""", "/l/01", "nothing at")]
    [InlineData("""{"l":[1]}""", "/l/-", "nothing at")]
    [InlineData("""{"n":1}""", "/n/m", "nothing at")]
    [Trait("id", "E10-04")]
    public void What_cannot_be_added_to_is_told_and_stays(string value, string path, string says) =>
        Assert.Contains(says, PinEdits.Apply(Json.Parse(value), [new PinEdit.Increment(path, 100_000_000_000)], true).Refusal!.Message, StringComparison.Ordinal);

    [Fact]
    [Trait("id", "E10-04")]
    public void An_append_keeps_the_newest_and_what_is_missing_is_made_only_where_it_may_be()
    {
        var append = new PinEdit.Append("/log", Json.Parse("[4,null,{\"a\":1}]"), 4);
        Assert.Equal("""{"log":[3,4,null,{"a":1}]}""", Edited("""{"log":[1,2,3]}""", append));
        Assert.Equal("""{"log":[4,null,{"a":1}]}""", Edited("{}", append));
        Assert.Contains("nothing at /log", PinEdits.Apply(Json.EmptyObject, [append], false).Refusal!.Message, StringComparison.Ordinal);
        Assert.Contains("nothing at /n", PinEdits.Apply(Json.EmptyObject, [new PinEdit.Increment("/n", 1)], false).Refusal!.Message, StringComparison.Ordinal);
        Assert.Contains("not a list", PinEdits.Apply(Json.Parse("""{"log":{}}"""), [append], true).Refusal!.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("n")]
    [InlineData("/a~2b")]
    [InlineData("/~")]
    [InlineData("/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17/18/19/20/21/22/23/24/25/26/27/28/29/30/31/32/33")]
    [Trait("id", "E10-04")]
    public void What_is_no_path_is_refused(string path) => Assert.Equal("INVALID_INPUT", PinEdits.Problem([new PinEdit.Increment(path, 1)])?.Code);

    [Theory]
    [InlineData("agent:", "agent;")]
    [InlineData("a%", "a&")]
    [InlineData("\uD7FF", "\uE000")]
    [InlineData("a\U0010FFFF", "b")]
    [InlineData("\U0010FFFF\U0010FFFF", null)]
    [Trait("id", "E10-11")]
    public void The_end_of_a_prefix_is_the_next_letter(string prefix, string? end) => Assert.Equal(end, KeyRange.End(prefix));

    private static string Edited(string value, PinEdit edit)
    {
        var (result, refusal) = PinEdits.Apply(Json.Parse(value), [edit], true);
        Assert.True(refusal is null, refusal?.Message);
        return CanonicalJson.Text(result);
    }
}
