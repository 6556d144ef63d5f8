using System.Text.Json;

namespace Aos.Skills.Tests;

/// <summary>Operations of <c>json_transform</c>.</summary>
[Trait("store", "none")]
public sealed class Transforms
{
    [Theory]
    [InlineData("""{"operation":"extract","data":{"a":[{"b":7}]},"path":"$.a[-1].b"}""", "7")]
    [InlineData("""{"operation":"extract","data":{"user":{"name":"Ann"}},"path":"$.user.name"}""", "\"Ann\"")]
    [InlineData("""{"operation":"extract","data":{"items":[1,2,3]},"path":"$.items[1]"}""", "2")]
    [InlineData("""{"operation":"extract","data":{"items":[1,2,3]},"path":"$.items[0]"}""", "1")]
    [InlineData("""{"operation":"extract","data":{"a":1},"path":"$"}""", """{"a":1}""")]
    [InlineData("""{"operation":"extract","data":"{\"a\":1}","path":"$['a']"}""", "1")]
    [InlineData("""{"operation":"extract","data":{"a]b":{"c.d":2}},"path":"$[\"a]b\"]['c.d']"}""", "2")]
    [InlineData("""{"operation":"extract","data":{"a":{"b":1}},"path":"$..a..b"}""", "1")]
    [InlineData("""{"operation":"extract","data":{"a":null},"path":"$.a"}""", "null")]
    [InlineData("""{"operation":"extract","data":{"a":{"b":[4,5]}},"input_path":"$.a","path":"$.b[0]"}""", "4")]
    [InlineData("""{"operation":"pick","data":{"a":1,"b":2,"c":3},"keys":["c","nothing","a"]}""", """{"a":1,"c":3}""")]
    [InlineData("""{"operation":"omit","data":{"a":1,"b":2},"keys":["b"]}""", """{"a":1}""")]
    [InlineData("""{"operation":"merge","data":{"a":1},"merge_with":{"b":2}}""", """{"a":1,"b":2}""")]
    [InlineData("""{"operation":"merge","data":{"a":1,"b":2},"merge_with":{"b":3}}""", """{"a":1,"b":3}""")]
    [InlineData("""{"operation":"merge","data":{"a":1}}""", """{"a":1}""")]
    [InlineData("""{"operation":"flatten","data":[1,[2,[3]]]}""", "[1,2,[3]]")]
    [InlineData("""{"operation":"flatten","data":[1,[2,[3,[4]]]],"depth":2}""", "[1,2,3,[4]]")]
    [InlineData("""{"operation":"sort","data":[{"n":2},{"n":1},{}],"sort_key":"n"}""", """[{},{"n":1},{"n":2}]""")]
    [InlineData("""{"operation":"sort","data":["b","a"]}""", """["a","b"]""")]
    [InlineData("""{"operation":"sort","data":[1,3,2],"sort_order":"desc"}""", "[3,2,1]")]
    [InlineData("""{"operation":"sort","data":[{"n":1,"i":0},{"n":2},{"n":1,"i":1}],"sort_key":"n","sort_order":"desc"}""", """[{"n":2},{"i":0,"n":1},{"i":1,"n":1}]""")]
    [InlineData("""{"operation":"map","data":[{"n":"a"},{"n":"b"},{}],"path":"$.n"}""", """["a","b",null]""")]
    [InlineData("""{"operation":"aggregate","data":[{"t":0.1},{"t":0.2}],"path":"$[*].t"}""", "0.3")]
    [InlineData("""{"operation":"aggregate","data":{"l":[{"t":3},{"t":5}]},"path":"$.l[*].t","fn":"max"}""", "5")]
    [InlineData("""{"operation":"aggregate","data":[2,4],"fn":"avg"}""", "3")]
    [InlineData("""{"operation":"aggregate","data":[7,4],"fn":"min"}""", "4")]
    [InlineData("""{"operation":"aggregate","data":["a",null,{}],"fn":"count"}""", "3")]
    [InlineData("""{"operation":"aggregate","data":[]}""", "0")]
    [Trait("id", "F5.4-06")]
    [Trait("id", "F5.4-07")]
    [Trait("id", "F5.4-08")]
    [Trait("id", "F5.4-09")]
    [Trait("id", "F5.4-10")]
    [Trait("id", "F5.4-16")]
    [Trait("id", "F5.4-17")]
    [Trait("id", "F5.4-19")]
    [Trait("id", "F5.4-20")]
    [Trait("id", "F5.4-22")]
    [Trait("id", "F5.4-25")]
    [Trait("id", "F5.4-26")]
    [Trait("id", "F5.4-27")]
    [Trait("id", "F5.4-28")]
    [Trait("id", "F5.4-29")]
    [Trait("id", "F5.4-30")]
    public async Task An_operation_gives_its_result(string parameters, string result)
    {
        using var room = new SkillRoom();

        Assert.Equal(result, CanonicalJson.Text(await room.ValueAsync("json_transform", parameters, "result")));
    }

    [Theory]
    [InlineData("eq", "1", "a d")]
    [InlineData("ne", "1", "b c e")]
    [InlineData("exists", "0", "a b d")]
    [Trait("id", "F5.4-23")]
    public async Task A_filter_keeps_the_objects_that_fit(string op, string value, string kept)
    {
        const string Data = """[{"id":"a","n":1},{"id":"b","n":2},{"id":"c"},{"id":"d","n":1.0},7,null,{"id":"e"}]""";
        using var room = new SkillRoom();
        var result = await room.ValueAsync(
            "json_transform", $$$"""{"operation":"filter","data":{{{Data}}},"condition":{"field":"n","operator":"{{{op}}}","value":{{{value}}}}}""", "result");

        Assert.Equal(kept, string.Join(' ', result.EnumerateArray().Select(item => item.GetProperty("id").GetString())));
    }

    [Theory]
    [InlineData("""{"field":"n","operator":"gt","value":1}""", "b c")]
    [InlineData("""{"field":"n","operator":"gte","value":2}""", "b c")]
    [InlineData("""{"field":"n","operator":"lt","value":2}""", "a")]
    [InlineData("""{"field":"n","operator":"lte","value":2}""", "a b")]
    [InlineData("""{"field":"n","value":3}""", "c")]
    [InlineData("""{"field":"s","operator":"contains","value":"ee"}""", "b")]
    [InlineData("""{"field":"s","operator":"startswith","value":"b"}""", "a b")]
    [InlineData("""{"field":"s","operator":"endswith","value":"t"}""", "c")]
    [InlineData("""{"field":"t","operator":"contains","value":2}""", "a")]
    [InlineData("""{"field":"$.o.p","value":true}""", "c")]
    [Trait("id", "F5.4-24")]
    public async Task A_filter_compares(string condition, string kept)
    {
        const string Data = """[{"id":"a","n":1,"s":"bar","t":[1,2]},{"id":"b","n":2,"s":"bee","t":[3]},{"id":"c","n":3,"s":"cat","o":{"p":true}}]""";
        using var room = new SkillRoom();
        var result = await room.ValueAsync("json_transform", $$"""{"operation":"filter","data":{{Data}},"condition":{{condition}}}""", "result");

        Assert.Equal(kept, string.Join(' ', result.EnumerateArray().Select(item => item.GetProperty("id").GetString())));
    }

    [Theory]
    [InlineData("""{"operation":"extract","data":{},"path":"$.a"}""", "DATA_NOT_FOUND")]
    [InlineData("""{"operation":"extract","data":{"a":null},"path":"$.a.b"}""", "DATA_NOT_FOUND")]
    [InlineData("""{"operation":"extract","data":[1],"path":"$[1]"}""", "DATA_NOT_FOUND")]
    [InlineData("""{"operation":"extract","data":{"0":1},"path":"$[0]"}""", "DATA_NOT_FOUND")]
    [InlineData("""{"operation":"extract","data":{},"path":"a"}""", "INVALID_INPUT")]
    [InlineData("""{"operation":"extract","data":{},"path":"$]"}""", "INVALID_INPUT")]
    [InlineData("""{"operation":"extract","data":{},"path":"$.a]b"}""", "INVALID_INPUT")]
    [InlineData("""{"operation":"extract","data":[1],"path":"$[*"}""", "INVALID_INPUT")]
    [InlineData("""{"operation":"extract","data":[1],"path":"$['a]"}""", "INVALID_INPUT")]
    [InlineData("""{"operation":"extract","data":[1],"path":"$[x]"}""", "INVALID_INPUT")]
    [InlineData("""{"operation":"extract","data":{}}""", "INVALID_INPUT")]
    [InlineData("""{"operation":"extract","path":"$"}""", "INVALID_INPUT")]
    [InlineData("""{"operation":"extract","data":"{no","path":"$"}""", "INVALID_INPUT")]
    [InlineData("""{"operation":"eval","data":{}}""", "INVALID_INPUT")]
    [InlineData("""{"operation":"transmogrify","data":{}}""", "INVALID_INPUT")]
    [InlineData("""{"data":[]}""", "INVALID_INPUT")]
    [InlineData("""{"operation":"pick","query":".","data":{}}""", "INVALID_INPUT")]
    [InlineData("""{"operation":"pick","data":{}}""", "INVALID_INPUT")]
    [InlineData("""{"operation":"pick","data":{},"keys":[]}""", "INVALID_INPUT")]
    [InlineData("""{"operation":"pick","data":{},"keys":"a"}""", "INVALID_INPUT")]
    [InlineData("""{"operation":"filter","data":[],"condition":{}}""", "INVALID_INPUT")]
    [InlineData("""{"operation":"filter","data":[{}],"condition":{"field":"a","operator":"like"}}""", "INVALID_INPUT")]
    [InlineData("""{"operation":"flatten","data":[],"depth":-1}""", "INVALID_INPUT")]
    [InlineData("""{"operation":"aggregate","data":[],"fn":"median"}""", "INVALID_INPUT")]
    [InlineData("""{"operation":"pick","data":[],"keys":["a"]}""", "TRANSFORM_ERROR")]
    [InlineData("""{"operation":"merge","data":{},"merge_with":[]}""", "TRANSFORM_ERROR")]
    [InlineData("""{"operation":"filter","data":{},"condition":{"field":"a"}}""", "TRANSFORM_ERROR")]
    [InlineData("""{"operation":"filter","data":[{}],"condition":{"field":"a","operator":"gt","value":1}}""", "TRANSFORM_ERROR")]
    [InlineData("""{"operation":"sort","data":[1,"a"]}""", "TRANSFORM_ERROR")]
    [InlineData("""{"operation":"aggregate","data":[],"fn":"max"}""", "TRANSFORM_ERROR")]
    [InlineData("""{"operation":"aggregate","data":["a"]}""", "TRANSFORM_ERROR")]
    [InlineData("""{"operation":"aggregate","data":[79000000000000000000000000000,79000000000000000000000000000]}""", "TRANSFORM_ERROR")]
    [InlineData("""{"operation":"extract","data":[1e400],"path":"$"}""", "TRANSFORM_ERROR")]
    [Trait("id", "F5.4-11")]
    [Trait("id", "F5.4-18")]
    [Trait("id", "F5.4-21")]
    [Trait("id", "F5.4-31")]
    [Trait("id", "F5.4-32")]
    [Trait("id", "F5.4-33")]
    [Trait("id", "F5.4-34")]
    public async Task What_cannot_be_done_is_told_as_data_and_never_retried(string parameters, string code)
    {
        using var room = new SkillRoom();
        var failure = (await room.CallAsync("json_transform", parameters)).Failure!;

        Assert.Equal(code, failure.Code);
        Assert.False(failure.Retryable);
    }

    [Theory]
    [InlineData("""{"result":"ok"}""", "1aad36b0fb02621b")]
    [InlineData("""{"z":1,"a":2}""", "c2985c5ba6f7d2a5")]
    [InlineData("""{"c":3,"a":1}""", "ea89132f027adb27")]
    [InlineData("""{"k":"é"}""", "0ca09f1dffb485d2")]
    [InlineData("null", "74234e98afe7498f")]
    [InlineData("\"\\\"Alice\\\"\"", "1ea1f9a444bb86b5")]
    [Trait("id", "F5.4-01")]
    [Trait("id", "F5.4-02")]
    [Trait("id", "F5.4-03")]
    [Trait("id", "F5.4-04")]
    [Trait("id", "F5.4-05")]
    [Trait("id", "F5.4-36")]
    public async Task The_hash_of_a_result_is_that_of_its_canonical_form(string data, string hash)
    {
        using var room = new SkillRoom();
        var outcome = await room.CallAsync("json_transform", $$"""{"operation":"extract","data":{{data}},"path":"$"}""");

        Assert.Equal(hash, outcome.Result.GetProperty("result_hash").GetString());
        Assert.True(outcome.Result.GetProperty("canonical").GetBoolean());
        Assert.Equal("ok", outcome.Result.GetProperty("status").GetString());
    }

    [Fact]
    [Trait("id", "F5.4-35")]
    public async Task Ten_equal_calls_give_one_hash_whatever_the_order_of_members()
    {
        using var room = new SkillRoom();
        var hashes = new HashSet<string>();
        for (var i = 0; i < 10; i++)
        {
            var data = i % 2 == 0 ? """{"b":[1,2],"a":{"y":1,"x":2}}""" : """{"a":{"x":2,"y":1.0},"b":[1,2]}""";
            hashes.Add((await room.ValueAsync("json_transform", $$"""{"operation":"extract","data":{{data}},"path":"$"}""", "result_hash")).GetString()!);
        }

        Assert.Single(hashes);
    }

    [Fact]
    [Trait("id", "F5.4-12")]
    [Trait("id", "F5.4-13")]
    [Trait("id", "F5.4-14")]
    [Trait("id", "F5.4-15")]
    [Trait("id", "F5.4-39")]
    public async Task Size_depth_and_length_are_limited()
    {
        using var room = new SkillRoom();

        Assert.Null(await CodeAsync($$"""{"operation":"extract","data":"{{new string('[', 50) + new string(']', 50)}}","path":"$"}"""));
        Assert.Equal("INPUT_TOO_LARGE", await CodeAsync($$"""{"operation":"extract","data":"{{new string('[', 65) + new string(']', 65)}}","path":"$"}"""));
        Assert.Equal("INPUT_TOO_LARGE", await CodeAsync($$"""{"operation":"flatten","data":[{{string.Join(',', Enumerable.Repeat(0, 100_001))}}]}"""));
        Assert.Equal("INPUT_TOO_LARGE", await CodeAsync($$"""{"operation":"extract","data":"{{new string('x', 10 * 1024 * 1024)}}","path":"$"}"""));
        var limits = room.Skills.All["json_transform"].Contract.Constraints;
        Assert.Equal(10_485_760, limits["max_input_size_bytes"].GetInt32());
        Assert.Equal(64, limits["max_depth"].GetInt32());
        Assert.Equal(100_000, limits["max_array_length"].GetInt32());

        async Task<string?> CodeAsync(string parameters) => (await room.CallAsync("json_transform", parameters)).Failure?.Code;
    }

    [Theory]
    [InlineData("user.name", "\"Ann\"")]
    [InlineData("items[0].n", "1")]
    [InlineData("items[-1].n", "3")]
    [InlineData("items[1]", """{"n":2}""")]
    [InlineData("a.b.c.d.e", "9")]
    [Trait("id", "A8.10-07")]
    [Trait("id", "A8.10-08")]
    [Trait("id", "A8.10-10")]
    public async Task A_mapping_reads_dotted_places(string place, string value)
    {
        const string Payload = """{"user":{"name":"Ann"},"items":[{"n":1},{"n":2},{"n":3}],"a":{"b":{"c":{"d":{"e":9}}}}}""";
        using var room = new SkillRoom();
        var result = await room.ValueAsync("json_transform", $$$"""{"payload":{{{Payload}}},"mapping":{"v":"{{{place}}}"}}""", "result");

        Assert.Equal(value, CanonicalJson.Text(result.GetProperty("v")));
    }

    [Fact]
    [Trait("id", "A8.10-09")]
    [Trait("id", "A8.10-11")]
    public async Task A_mapping_uses_defaults_and_says_what_it_did_not_find()
    {
        using var room = new SkillRoom();
        var outcome = await room.CallAsync("json_transform", """{"payload":{"a":1},"mapping":{"all":"","d":"x.y","n":"b[0]"},"defaults":{"d":5}}""");

        Assert.Equal("""{"all":{"a":1},"d":5,"n":null}""", CanonicalJson.Text(outcome.Result.GetProperty("result")));
        Assert.Equal("partial", outcome.Result.GetProperty("status").GetString());
        Assert.Contains("b[0]", Assert.Single(outcome.Result.GetProperty("errors").EnumerateArray()).GetString(), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "F5.4-37")]
    [Trait("id", "F5.4-38")]
    public void It_says_that_it_is_pure_and_how_it_fails()
    {
        using var room = new SkillRoom();
        var contract = room.Skills.All["json_transform"].Contract;

        Assert.Equal(EffectClass.Pure, contract.Effect);
        Assert.Equal(["result", "result_hash", "operation"], contract.StableFields);
        Assert.Equal(["INVALID_INPUT", "DATA_NOT_FOUND", "TRANSFORM_ERROR", "INPUT_TOO_LARGE"], contract.FailureModes.Select(mode => mode.Code));
        Assert.Equal("INVALID_INPUT", FailureCatalog.Find("ERR_JSON_OPERATION_INVALID")?.Code);
        Assert.Equal("DATA_NOT_FOUND", FailureCatalog.Find("ERR_JSON_PATH_NOT_FOUND")?.Code);
    }
}
