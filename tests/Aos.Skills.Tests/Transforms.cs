namespace Aos.Skills.Tests;

public sealed class Transforms
{
    [Theory]
    [InlineData("""{"operation":"extract","data":{"a":[{"b":7}]},"path":"$.a[-1].b"}""", "7")]
    [InlineData("""{"operation":"extract","data":"{\"a\":1}","path":"$['a']"}""", "1")]
    [InlineData("""{"operation":"pick","data":{"a":1,"b":2},"keys":["b"]}""", """{"b":2}""")]
    [InlineData("""{"operation":"omit","data":{"a":1,"b":2},"keys":["b"]}""", """{"a":1}""")]
    [InlineData("""{"operation":"merge","data":{"a":1,"b":2},"merge_with":{"b":3}}""", """{"a":1,"b":3}""")]
    [InlineData("""{"operation":"flatten","data":[1,[2,[3]]]}""", "[1,2,[3]]")]
    [InlineData("""{"operation":"sort","data":[{"n":2},{"n":1}],"sort_key":"n"}""", """[{"n":1},{"n":2}]""")]
    [InlineData("""{"operation":"sort","data":[1,3,2],"sort_order":"desc"}""", "[3,2,1]")]
    [InlineData("""{"operation":"map","data":[{"n":2},{}],"path":"$.n"}""", "[2,null]")]
    [InlineData("""{"operation":"filter","data":[{"n":2},{"n":5},7],"condition":{"field":"n","operator":"gt","value":3}}""", """[{"n":5}]""")]
    [InlineData("""{"operation":"aggregate","data":[{"t":0.1},{"t":0.2}],"path":"$[*].t"}""", "0.3")]
    [InlineData("""{"operation":"aggregate","data":[2,4],"fn":"avg"}""", "3")]
    public async Task An_operation_gives_its_result(string parameters, string result)
    {
        using var room = new SkillRoom();
        var outcome = await room.CallAsync("json_transform", parameters);

        Assert.Null(outcome.Failure);
        Assert.Equal(result, CanonicalJson.Text(outcome.Result.GetProperty("result")));
    }

    [Theory]
    [InlineData("""{"operation":"extract","data":{},"path":"$.a"}""", "TRANSFORM_ERROR")]
    [InlineData("""{"operation":"extract","data":{},"path":"a"}""", "TRANSFORM_ERROR")]
    [InlineData("""{"operation":"extract","data":[1],"path":"$[*"}""", "TRANSFORM_ERROR")]
    [InlineData("""{"operation":"eval","data":{}}""", "TRANSFORM_ERROR")]
    [InlineData("""{"operation":"aggregate","data":[],"fn":"max"}""", "TRANSFORM_ERROR")]
    [InlineData("""{"operation":"pick","data":[]}""", "TRANSFORM_ERROR")]
    [InlineData("""{"data":[]}""", "INVALID_INPUT")]
    [InlineData("""{"operation":"pick","data":{},"keys":"a"}""", "INVALID_INPUT")]
    public async Task What_cannot_be_done_is_told_as_data(string parameters, string code)
    {
        using var room = new SkillRoom();

        Assert.Equal(code, (await room.CallAsync("json_transform", parameters)).Failure?.Code);
    }
}
