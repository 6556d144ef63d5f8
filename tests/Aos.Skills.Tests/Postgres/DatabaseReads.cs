using System.Text.Json;
using Aos.Contracts;

namespace Aos.Skills.Tests;

/// <summary>What <c>postgres_query</c> gives back, from a real PostgreSQL.</summary>
[Trait("store", "postgres")]
public sealed class DatabaseReads(DatabaseRoom room) : IClassFixture<DatabaseRoom>
{
    [Fact]
    [Trait("id", "F5.72-01")]
    public async Task Rows_are_objects_by_the_names_of_their_columns()
    {
        var result = await room.RowsAsync("SELECT id, name, price FROM items WHERE id < 3 ORDER BY id", """ "readonly":true """);

        Assert.Equal(
            """[{"id":1,"name":"hammer","price":9.90},{"id":2,"name":"drop table","price":1.10}]""", result.GetProperty("rows").GetRawText());
        Assert.Equal(
            """[{"name":"id","type":"integer"},{"name":"name","type":"text"},{"name":"price","type":"numeric(10,2)"}]""", result.GetProperty("columns").GetRawText());
        Assert.Equal((2, false, "ok"), (result.GetProperty("row_count").GetInt32(), result.GetProperty("truncated").GetBoolean(), result.GetText("status")));
        Assert.Equal(("db", 1), (result.GetProperty("connection").GetText("name"), result.GetProperty("connection").GetProperty("version").GetInt32()));
        Assert.Equal(("[]", 3), await EmptyAsync());

        async Task<(string, int)> EmptyAsync()
        {
            var empty = await room.RowsAsync("SELECT id, name, price FROM items WHERE false");
            return (empty.GetProperty("rows").GetRawText(), empty.GetProperty("columns").GetArrayLength());
        }
    }

    [Theory]
    [Trait("id", "F5.72-02")]
    [Trait("id", "F5.72-03")]
    [InlineData("SELECT name FROM items WHERE id = %(id)s", """{"id":3}""", "\"nail\"")]
    [InlineData("SELECT name FROM items WHERE id = @id AND price = @p", """{"id":3,"p":0.05}""", "\"nail\"")]
    [InlineData("SELECT name FROM items WHERE id = $2 AND name = $1", """["nail",3]""", "\"nail\"")]
    [InlineData("SELECT name FROM items WHERE made = %(day)s", """{"day":"2026-01-02"}""", "\"hammer\"")]
    [InlineData("SELECT count(*) FROM items WHERE id = ANY (%(ids)s)", """{"ids":[1,2,99]}""", "2")]
    [InlineData("SELECT count(*) FROM items WHERE name = ANY (%(names)s)", """{"names":["nail","a \"b\" \\ c,{}"]}""", "1")]
    [InlineData("SELECT %(names)s::text[]", """{"names":["a \"b\" \\ c,{}",null,"NULL",""]}""", """["a \"b\" \\ c,{}",null,"NULL",""]""")]
    [InlineData("SELECT %(id)s::uuid = ANY (%(ids)s)", """{"id":"8b0a2c1e-0000-4000-8000-000000000001","ids":["8b0a2c1e-0000-4000-8000-000000000001"]}""", "true")]
    [InlineData("SELECT %(yes)s AND NOT %(no)s", """{"yes":true,"no":false}""", "true")]
    [InlineData("SELECT %(none)s::int IS NULL", """{"none":null}""", "true")]
    [InlineData("SELECT %(doc)s -> 'a' -> 0", """{"doc":{"a":[{"b":1}]}}""", """{"b":1}""")]
    [InlineData("SELECT jsonb_array_length(%(docs)s)", """{"docs":[{"a":1},[2]]}""", "2")]
    [InlineData("SELECT %(n)s + 1", """{"n":9007199254740993}""", "9007199254740994")]
    [InlineData("SELECT %(n)s", """{"n":1234567890.1234567890}""", "1234567890.1234567890")]
    [InlineData("SELECT %(flags)s", """{"flags":[true,null,false]}""", "[true,null,false]")]
    [InlineData("SELECT %(ns)s", """{"ns":[1.5,null]}""", "[1.5,null]")]
    [InlineData("SELECT left(%(text)s, %(n)s)", """{"text":"abc","n":2}""", "\"ab\"")]
    [InlineData("EXPLAIN SELECT 1 WHERE 1 = %(n)s", """{"n":1}""", "*")]
    public async Task Values_go_beside_the_statement_with_their_types(string query, string values, string expected)
    {
        var value = (await room.RowsAsync(query, $"\"params\":{values}")).GetProperty("rows")[0].EnumerateObject().First().Value;

        if (expected != "*") Assert.Equal(CanonicalJson.Text(Json.Parse(expected)), CanonicalJson.Text(value));
    }

    [Theory]
    [Trait("id", "F5.72-04")]
    [InlineData("' OR 1=1 --")]
    [InlineData("1); DROP TABLE items; --")]
    [InlineData("$1 %(x)s @x \\'")]
    [InlineData("$$; commit; $$")]
    public async Task A_value_that_looks_like_sql_is_a_value(string value)
    {
        var found = await room.RowsAsync("SELECT count(*) AS n, %(x)s::text AS x FROM items WHERE name = %(x)s", $$"""
            "params":{"x":{{Json.Of(value).GetRawText()}}}
            """);

        Assert.Equal((0, value), (found.GetProperty("rows")[0].GetProperty("n").GetInt32(), found.GetProperty("rows")[0].GetText("x")));
        Assert.Equal(3, (await room.ValueAsync("SELECT count(*) FROM items")).GetInt32());
    }

    [Theory]
    [Trait("id", "F5.72-05")]
    [InlineData(10, 10, false)]
    [InlineData(11, 10, true)]
    [InlineData(1, 1, false)]
    [InlineData(2_000, 1_000, true)]
    [InlineData(1_000, 1_000, false)]
    public async Task More_rows_than_asked_for_are_cut_and_it_is_told(int there, int given, bool truncated)
    {
        var result = await room.RowsAsync($"SELECT i FROM generate_series(1, {there}) i", given == 1_000 ? "" : $"\"max_rows\":{given}");

        Assert.Equal((given, truncated, truncated ? "rows" : null), (result.GetProperty("row_count").GetInt32(), result.GetProperty("truncated").GetBoolean(), result.GetText("truncated_by")));
        Assert.Equal(Enumerable.Range(1, given), result.GetProperty("rows").EnumerateArray().Select(row => row.GetProperty("i").GetInt32()));
    }

    [Fact]
    [Trait("id", "F5.72-06")]
    public async Task A_result_has_a_largest_size_in_bytes()
    {
        var result = await room.RowsAsync("SELECT repeat('x', 100000) AS x FROM generate_series(1, 300)");
        var bytes = result.GetProperty("rows").GetRawText().Length;

        Assert.Equal(("bytes", true), (result.GetText("truncated_by"), result.GetProperty("truncated").GetBoolean()));
        Assert.InRange(bytes, 8 * 1024 * 1024 - 200_000, 8 * 1024 * 1024);
        Assert.Equal("RESPONSE_TOO_LARGE", (await room.FailureAsync("SELECT repeat('x', 9000000)")).Code);
    }

    [Fact]
    [Trait("id", "F5.72-07")]
    public async Task What_is_not_wanted_is_not_sent()
    {
        var rows = await room.RowsAsync("SELECT generate_series(1, 2000000000), repeat('x', 1000)", """ "max_rows":5 """);
        var cell = await room.FailureAsync("SELECT repeat('x', 50000000)");

        Assert.Equal((5, "rows"), (rows.GetProperty("row_count").GetInt32(), rows.GetText("truncated_by")));
        Assert.Equal("RESPONSE_TOO_LARGE", cell.Code);
    }

    [Theory]
    [Trait("id", "F5.72-08")]
    [InlineData("true", "true")]
    [InlineData("NULL::int", "null")]
    [InlineData("9223372036854775807", "9223372036854775807")]
    [InlineData("0.1::numeric + 0.2", "0.3")]
    [InlineData("-12345678901234567890.12345678::numeric", "-12345678901234567890.12345678")]
    [InlineData("0.1::float8", "0.1")]
    [InlineData("1e20::float8", "1e+20")]
    [InlineData("'é\u4e2d'::text", "\"é\u4e2d\"")]
    [InlineData("'ab'::char(4)", "\"ab  \"")]
    [InlineData("'2026-03-01'::date", "\"2026-03-01\"")]
    [InlineData("'2026-03-01 12:00:00.5'::timestamp", "\"2026-03-01T12:00:00.5\"")]
    [InlineData("'2026-03-01 12:00:00+02'::timestamptz", "\"2026-03-01T10:00:00Z\"")]
    [InlineData("'12:30'::time", "\"12:30:00\"")]
    [InlineData("'1 day 2 hours'::interval", "\"P1DT2H\"")]
    [InlineData("'\\xdeadbeef'::bytea", "\"3q2+7w==\"")]
    [InlineData("'{\"b\":[1.50,null],\"a\":{}}'::json", "{\"a\":{},\"b\":[1.5,null]}")]
    [InlineData("'[1,{\"x\":\"y\"}]'::jsonb", "[1,{\"x\":\"y\"}]")]
    [InlineData("'8B0A2C1E-0000-4000-8000-000000000001'::uuid", "\"8b0a2c1e-0000-4000-8000-000000000001\"")]
    [InlineData("ARRAY[[1,2],[3,NULL]]", "[[1,2],[3,null]]")]
    [InlineData("'[2:3]={a,\"b \\\"c\\\"\"}'::text[]", "[\"a\",\"b \\\"c\\\"\"]")]
    [InlineData("'{}'::int[]", "[]")]
    [InlineData("ARRAY['2026-03-01 12:00:00'::timestamp]", "[\"2026-03-01T12:00:00\"]")]
    [InlineData("ARRAY['{\"a\":1}'::jsonb]", "[{\"a\":1}]")]
    [InlineData("ARRAY[[[[[['{\"a\":[1]}'::jsonb]]]]]]", "[[[[[[{\"a\":[1]}]]]]]]")]
    [InlineData("ARRAY[box '((1,2),(3,4))', box '((5,6),(7,8))']", "\"{(3,4),(1,2);(7,8),(5,6)}\"")]
    [InlineData("ARRAY['\\x01'::bytea, NULL]", "[\"AQ==\",null]")]
    [InlineData("int4range(1, 5)", "\"[1,5)\"")]
    [InlineData("ROW(1, 'a b')", "\"(1,\\\"a b\\\")\"")]
    [InlineData("'10.0.0.1'::inet", "\"10.0.0.1\"")]
    [InlineData("'items'::regclass", "\"items\"")]
    public async Task Every_type_has_its_json(string expression, string json) =>
        Assert.Equal(CanonicalJson.Text(Json.Parse(json)), CanonicalJson.Text(await room.ValueAsync($"SELECT {expression}")));

    [Fact]
    [Trait("id", "F5.72-09")]
    public async Task Json_that_is_too_deep_with_the_lists_around_it_is_text()
    {
        const int Depth = 50;
        var value = await room.ValueAsync($"SELECT ARRAY[[[[[[(repeat('[', {Depth}) || repeat(']', {Depth}))::jsonb]]]]]]");

        Assert.Equal(new string('[', Depth) + new string(']', Depth), value[0][0][0][0][0][0].GetString());
        Assert.Equal(JsonValueKind.Array, (await room.ValueAsync($"SELECT (repeat('[', {Depth}) || repeat(']', {Depth}))::jsonb")).ValueKind);
    }

    [Theory]
    [Trait("id", "F5.72-09")]
    [InlineData("'NaN'::float8", "NaN")]
    [InlineData("'-Infinity'::float8", "-Infinity")]
    [InlineData("'NaN'::numeric", "NaN")]
    [InlineData("1e300::float8", "1e+300")]
    [InlineData("1e-30::float8", "1e-30")]
    [InlineData("123456789012345678901234567890::numeric", "123456789012345678901234567890")]
    [InlineData("0.12345678901234567890123456789::numeric", "0.12345678901234567890123456789")]
    [InlineData("'infinity'::timestamptz", "infinity")]
    [InlineData("'0044-03-15 BC'::date", "0044-03-15 BC")]
    [InlineData("'{\"a\":1,\"a\":2}'::json", "{\"a\":1,\"a\":2}")]
    [InlineData("'[1e400]'::json", "[1e400]")]
    [InlineData("'\"\\ud800\"'::json", "\"\\ud800\"")]
    public async Task What_json_cannot_say_exactly_is_the_servers_text(string expression, string text) =>
        Assert.Equal(text, (await room.ValueAsync($"SELECT {expression}")).GetString());

    [Theory]
    [Trait("id", "A8.10-13")]
    [Trait("id", "F5.72-10")]
    [InlineData("WITH x AS (SELECT 1 AS a), y AS (SELECT a + 1 AS b FROM x) SELECT b FROM y", "2")]
    [InlineData("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5) SELECT max(i) FROM n;", "5")]
    [InlineData("VALUES (7)", "7")]
    [InlineData("(SELECT 1) EXCEPT (SELECT 2) -- that is all", "1")]
    [InlineData("-- first\n/* then */ select count(*) from (table items) t", "3")]
    [InlineData("SELECT 'drop table items; delete from items' IS NULL", "false")]
    [InlineData("SELECT count(*) FROM items WHERE name = 'drop table'", "1")]
    [InlineData("SELECT $q$COPY items TO PROGRAM 'x'; COMMIT$q$ = ''", "false")]
    [InlineData("SELECT \"update\" FROM (SELECT 1 AS \"update\") AS \"delete\"", "1")]
    [InlineData("WITH a_name_that_is_longer_than_what_the_server_keeps_of_it_and_so_is_cut_there(a) AS (SELECT 8) SELECT a FROM a_name_that_is_longer_than_what_the_server_keeps_of_it_and_so_is_cut_there", "8")]
    [InlineData("SELECT random() < 2 AND gen_random_uuid() IS NOT NULL AND pg_table_size('items') > 0", "true")]
    [Trait("id", "F5.72-12")]
    public async Task Whatever_reads_is_a_query(string query, string value) => Assert.Equal(value, (await room.ValueAsync(query)).GetRawText());

    [Theory]
    [Trait("id", "A8.10-14")]
    [Trait("id", "F5.72-11")]
    [InlineData("EXPLAIN SELECT * FROM items")]
    [InlineData("explain (analyze, costs off) SELECT * FROM items WHERE id = 1")]
    [InlineData("EXPLAIN DELETE FROM items")]
    [InlineData("EXPLAIN (FORMAT XML) SELECT * FROM items")]
    [InlineData("EXPLAIN (FORMAT YAML) SELECT * FROM items")]
    [InlineData("EXPLAIN (FORMAT JSON) WITH gone AS (DELETE FROM items RETURNING id) SELECT count(*) FROM gone")]
    public async Task Explain_tells_the_plan(string query)
    {
        var plan = (await room.RowsAsync(query)).GetProperty("rows")[0].GetProperty("QUERY PLAN");

        Assert.Equal(query.Contains("JSON", StringComparison.Ordinal) ? JsonValueKind.Array : JsonValueKind.String, plan.ValueKind);
        Assert.Contains("items", plan.GetRawText(), StringComparison.Ordinal);
        Assert.Equal(3, (await room.ValueAsync("SELECT count(*) FROM items")).GetInt32());
    }

    [Fact]
    [Trait("id", "F5.72-13")]
    public async Task Columns_of_one_name_are_told_apart()
    {
        var result = await room.RowsAsync("SELECT 1 AS a, 2 AS a, 3 AS a_2, 4, 5");

        Assert.Equal("""{"a":1,"a_2":2,"a_2_2":3,"?column?":4,"?column?_2":5}""", result.GetProperty("rows")[0].GetRawText());
        Assert.Equal(["a", "a_2", "a_2_2", "?column?", "?column?_2"], result.GetProperty("columns").EnumerateArray().Select(column => column.GetText("name")));
    }

    [Fact]
    [Trait("id", "F5.72-14")]
    public async Task Equal_rows_have_an_equal_hash()
    {
        var hashes = new List<string?>();
        foreach (var n in new[] { 1, 1, 2 }) hashes.Add((await room.RowsAsync($"SELECT {n} AS n, now() IS NULL AS t")).GetText("rows_hash"));

        Assert.Equal((true, false, 16), (hashes[0] == hashes[1], hashes[1] == hashes[2], hashes[0]!.Length));
        var contract = room.Room.Skills.Contracts["postgres_query"];
        Assert.Equal(["rows_hash", "row_count", "truncated"], contract.StableFields);
        Assert.Equal((EffectClass.Idempotent, 0m, 0m), (contract.Effect, contract.TypicalCents, contract.Cost.BaseCents));
    }
}
