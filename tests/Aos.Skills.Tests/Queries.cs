namespace Aos.Skills.Tests;

/// <summary>The queries of <c>json_transform</c>.</summary>
[Trait("store", "none")]
public sealed class Queries
{
    private const string Users = """{"users":[{"name":"Ann","email":"a@x","active":true,"age":31},{"name":"Bob","email":"b@x","active":false,"age":25},{"name":"Cy","email":"c@x","active":true,"age":25}]}""";

    [Theory]
    [InlineData(".", "7", "7")]
    [InlineData(".bitcoin.usd", """{"bitcoin":{"usd":50123.5}}""", "50123.5")]
    [InlineData(".users[] | select(.active == true) | {name, email}", Users, """[{"email":"a@x","name":"Ann"},{"email":"c@x","name":"Cy"}]""")]
    [InlineData("[.[] | {contact: .email, label: .name}]", """[{"email":"a@x","name":"Ann"}]""", """[{"contact":"a@x","label":"Ann"}]""")]
    [InlineData("{status: .status_code, source: .url}", """{"status_code":200,"url":"u"}""", """{"source":"u","status":200}""")]
    [InlineData(".users | map(.name)", Users, """["Ann","Bob","Cy"]""")]
    [InlineData(".users | length", Users, "3")]
    [InlineData(".users | map(.age) | add", Users, "81")]
    [InlineData(".users | sort_by(.age, .name) | map(.name)", Users, """["Bob","Cy","Ann"]""")]
    [InlineData(".users | group_by(.age) | map({age: .[0].age, n: length})", Users, """[{"age":25,"n":2},{"age":31,"n":1}]""")]
    [InlineData(".users | unique_by(.age) | map(.name)", Users, """["Bob","Ann"]""")]
    [InlineData(".users | max_by(.age).name", Users, "\"Ann\"")]
    [InlineData(".users | first.name, last.name", Users, """["Ann","Cy"]""")]
    [InlineData("first(.users[] | select(.age == 25)).name", Users, "\"Bob\"")]
    [InlineData("first(.users[] | select(.age == 99))", Users, "null")]
    [InlineData("[limit(2; .users[].name)]", Users, """["Ann","Bob"]""")]
    [InlineData(".users[] | select(.age > 30 and (.active | not | not)) | .name", Users, "[\"Ann\"]")]
    [InlineData(".users[] | select(.age < 30 or .active) | .name", Users, """["Ann","Bob","Cy"]""")]
    [InlineData(".users[1:] | map(.name) | join(\"-\")", Users, "\"Bob-Cy\"")]
    [InlineData(".users[-1].name", Users, "\"Cy\"")]
    [InlineData(".[\"a b\"]", """{"a b":1}""", "1")]
    [InlineData(".\"a b\"", """{"a b":1}""", "1")]
    [InlineData(".a.b.c", """{"a":null}""", "null")]
    [InlineData(".a // \"none\"", "{}", "\"none\"")]
    [InlineData(".a?", "[1]", "null")]
    [InlineData("[.[] | .a?]", """[1,{"a":2}]""", "[2]")]
    [InlineData("keys", """{"b":1,"a":2}""", """["a","b"]""")]
    [InlineData("to_entries", """{"a":1}""", """[{"key":"a","value":1}]""")]
    [InlineData("with_entries(.value += 1)", """{"a":1}""", "!INVALID_INPUT")]
    [InlineData("with_entries({key: .key, value: (.value + 1)})", """{"a":1}""", """{"a":2}""")]
    [InlineData("map_values(. * 2)", """{"a":1,"b":2}""", """{"a":2,"b":4}""")]
    [InlineData("sort", """[{"a":1},[2],"s",3,true,false,null]""", """[null,false,true,3,"s",[2],{"a":1}]""")]
    [InlineData("unique", "[2,1,2,1.0]", "[1,2]")]
    [InlineData("flatten", "[1,[2,[3]]]", "[1,2,3]")]
    [InlineData("flatten(1)", "[1,[2,[3]]]", "[1,2,[3]]")]
    [InlineData("reverse", "[1,2]", "[2,1]")]
    [InlineData("min, max", "[2,1,3]", "[1,3]")]
    [InlineData("[.[] | if . > 1 then \"big\" elif . == 1 then \"one\" else \"small\" end]", "[0,1,2]", """["small","one","big"]""")]
    [InlineData("1 + 2 * 3 - 4 / 2", "null", "5")]
    [InlineData("7 % 3", "null", "1")]
    [InlineData("0.1 + 0.2", "null", "0.3")]
    [InlineData("-. + 1", "3", "-2")]
    [InlineData("\"a\" + \"b\"", "null", "\"ab\"")]
    [InlineData("[1,2,3] - [2]", "null", "[1,3]")]
    [InlineData("{a: {b: 1}} * {a: {c: 2}}", "null", """{"a":{"b":1,"c":2}}""")]
    [InlineData("{(.k): 1, \"x\": 2}", """{"k":"n"}""", """{"n":1,"x":2}""")]
    [InlineData("{a: (1, 2)}", "null", """[{"a":1},{"a":2}]""")]
    [InlineData("test(\"^a.c$\")", "\"abc\"", "true")]
    [InlineData("split(\",\")", "\"a,b\"", """["a","b"]""")]
    [InlineData("contains({a: [\"oo\"]})", """{"a":["foo"],"b":1}""", "true")]
    [InlineData("has(\"a\"), has(\"z\")", """{"a":null}""", "[true,false]")]
    [InlineData("type", "[]", "\"array\"")]
    [InlineData("tostring, (\"5\" | tonumber)", "[1]", """["[1]",5]""")]
    [InlineData("any, all", "[true,false]", "[true,false]")]
    [InlineData("any(. > 1)", "[1,2]", "true")]
    [InlineData("[range(3)], [range(1; 3)]", "null", "[[0,1,2],[1,2]]")]
    [InlineData("values", "null", "null")]
    [InlineData("[.[] | values]", "[1,null]", "[1]")]
    [InlineData("empty", "1", "null")]
    [InlineData("add", "[[1],[2]]", "[1,2]")]
    [InlineData("add", "[]", "null")]
    [InlineData("ascii_upcase | ltrimstr(\"A\")", "\"abc\"", "\"BC\"")]
    public async Task A_query_gives_its_result(string query, string input, string result)
    {
        using var room = new SkillRoom();
        var parameters = Json.Write(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("query", query);
            writer.WritePropertyName("input");
            Json.Parse(input).WriteTo(writer);
            writer.WriteEndObject();
        });
        var outcome = await room.CallAsync("json_transform", parameters.GetRawText());

        Assert.Equal(result, outcome.Failure is { } failure ? "!" + failure.Code : CanonicalJson.Text(outcome.Result.GetProperty("result")));
    }

    [Theory]
    [InlineData(".users[] | select(.age > 100)")]
    [InlineData(".users[] | select(.age > 30)")]
    [InlineData(".users[]")]
    public async Task A_query_that_can_give_several_gives_a_list_whatever_their_number(string query)
    {
        using var room = new SkillRoom();
        var result = await room.ValueAsync("json_transform", $$"""{"query":"{{query}}","data":{{Users}}}""", "result");

        Assert.Equal(System.Text.Json.JsonValueKind.Array, result.ValueKind);
    }

    [Theory]
    [InlineData("")]
    [InlineData(".a |")]
    [InlineData(".a b")]
    [InlineData("{a:")]
    [InlineData("[1, 2")]
    [InlineData("\\\"open")]
    [InlineData(".a ^ 2")]
    [InlineData("nothing(1)")]
    [InlineData("length(1; 2)")]
    [InlineData("if . then 1")]
    [InlineData(". as $x | 1")]
    [InlineData("def f: 1; f")]
    [InlineData("test(\\\"(\\\")")]
    [InlineData("..")]
    public async Task A_query_that_makes_no_sense_is_refused_with_its_place(string query)
    {
        using var room = new SkillRoom();

        Assert.Equal("INVALID_INPUT", (await room.CallAsync("json_transform", $$"""{"query":"{{query}}","data":"\"x\""}""")).Failure?.Code);
    }

    [Theory]
    [InlineData(".a", "[1]")]
    [InlineData(".[0]", "{}")]
    [InlineData(".[]", "5")]
    [InlineData(". + 1", "\\\"a\\\"")]
    [InlineData("1 / 0", "1")]
    [InlineData("tonumber", "\\\"x\\\"")]
    [InlineData("error(\\\"no\\\")", "1")]
    [InlineData("79000000000000000000000000000 * 2", "1")]
    public async Task A_query_that_does_not_fit_the_data_is_told(string query, string data)
    {
        using var room = new SkillRoom();

        Assert.Equal("TRANSFORM_ERROR", (await room.CallAsync("json_transform", $$"""{"query":"{{query}}","data":"{{data}}"}""")).Failure?.Code);
    }

    [Theory]
    [InlineData("range(1000000000)")]
    [InlineData("[range(1000000000)] | length")]
    [InlineData("[range(2000)] | map([range(2000)]) | length")]
    [InlineData("[.[] | .[] ] | add, (range(9999999) | tostring)")]
    public async Task A_query_does_bounded_work(string query)
    {
        using var room = new SkillRoom();

        Assert.Equal("TRANSFORM_ERROR", (await room.CallAsync("json_transform", $$"""{"query":"{{query}}","data":[[1],[2]]}""")).Failure?.Code);
    }

    [Fact]
    public async Task A_query_is_bounded_itself()
    {
        using var room = new SkillRoom();

        Assert.Equal("INVALID_INPUT", await CodeAsync(new string('(', 100) + "." + new string(')', 100)));
        Assert.Equal("INVALID_INPUT", await CodeAsync(string.Join('|', Enumerable.Repeat(".", 3_000))));
        Assert.Equal("INVALID_INPUT", await CodeAsync(string.Join('+', Enumerable.Repeat("1", 1_200))));

        async Task<string?> CodeAsync(string query) => (await room.CallAsync("json_transform", $$"""{"query":"{{query}}","data":1}""")).Failure?.Code;
    }
}
