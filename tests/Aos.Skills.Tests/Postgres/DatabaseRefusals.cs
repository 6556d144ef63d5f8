using Aos.Contracts;

namespace Aos.Skills.Tests;

/// <summary>What <c>postgres_query</c> does not do, asked as the superuser of a real PostgreSQL: nothing but the skill keeps it in.</summary>
[Trait("store", "postgres")]
public sealed class DatabaseRefusals(DatabaseRoom room) : IClassFixture<DatabaseRoom>
{
    [Theory]
    [Trait("id", "A8.10-12")]
    [Trait("id", "A8.10-15")]
    [Trait("id", "F5.73-01")]
    [Trait("id", "F5.73-02")]
    [Trait("id", "F5.73-03")]
    [Trait("id", "F5.73-04")]
    [Trait("id", "F5.73-05")]
    [Trait("id", "F5.73-06")]
    [Trait("id", "F5.73-07")]
    [Trait("id", "F5.73-12")]
    [Trait("id", "F5.73-22")]
    [Trait("id", "F5.73-26")]
    [Trait("id", "F5.73-27")]
    [Trait("id", "F5.73-28")]
    [Trait("id", "F5.73-30")]
    [Trait("id", "F5.73-31")]
    [Trait("id", "F5.73-33")]
    [InlineData("INSERT INTO items VALUES (9, 'x', 1)")]
    [InlineData("UPDATE items SET price = 0")]
    [InlineData("/* SELECT */ DELETE FROM items")]
    [InlineData("MERGE INTO items USING items i ON false WHEN MATCHED THEN DELETE")]
    [InlineData("DROP TABLE items")]
    [InlineData("TRUNCATE items")]
    [InlineData("ALTER TABLE items ADD x int")]
    [InlineData("CREATE TABLE other (id int)")]
    [InlineData("CREATE TEMP TABLE other AS SELECT 1")]
    [InlineData("COPY items TO PROGRAM 'cat'")]
    [InlineData("COPY items FROM PROGRAM 'echo 9'")]
    [InlineData("COPY (SELECT 1) TO STDOUT")]
    [InlineData("SET transaction_read_only = off")]
    [InlineData("SET TRANSACTION READ WRITE")]
    [InlineData("RESET ALL")]
    [InlineData("BEGIN")]
    [InlineData("COMMIT")]
    [InlineData("ROLLBACK")]
    [InlineData("SAVEPOINT a")]
    [InlineData("DO $$ BEGIN DELETE FROM items; END $$")]
    [InlineData("PREPARE p AS DELETE FROM items")]
    [InlineData("EXECUTE p")]
    [InlineData("DEALLOCATE ALL")]
    [InlineData("LISTEN a")]
    [InlineData("NOTIFY a")]
    [InlineData("UNLISTEN *")]
    [InlineData("PREPARE TRANSACTION 'a'")]
    [InlineData("COMMIT PREPARED 'a'")]
    [InlineData("SET ROLE aos")]
    [InlineData("RESET ROLE")]
    [InlineData("SET SESSION AUTHORIZATION aos")]
    [InlineData("GRANT ALL ON items TO public")]
    [InlineData("REVOKE ALL ON items FROM public")]
    [InlineData("CALL something()")]
    [InlineData("LOCK TABLE items")]
    [InlineData("VACUUM items")]
    [InlineData("DECLARE c CURSOR FOR SELECT 1")]
    [InlineData("FETCH ALL FROM aos_rows")]
    [InlineData("DISCARD ALL")]
    [InlineData("LOAD 'dblink'")]
    [InlineData("CHECKPOINT")]
    [InlineData("COMMENT ON TABLE items IS 'x'")]
    [InlineData("SHOW data_directory")]
    [InlineData("EXPLAIN EXECUTE p")]
    [InlineData("EXPLAIN ANALYZE CREATE TEMP TABLE other AS SELECT 1")]
    [InlineData("EXPLAIN (ANALYZE) DECLARE c CURSOR FOR SELECT 1")]
    public async Task A_statement_that_is_no_query_is_refused(string query)
    {
        Assert.Equal(("PERMISSION_DENIED", "statement"), await WhyAsync(query));
        Assert.Equal(3, (await room.ValueAsync("SELECT count(*) FROM items WHERE price > 0")).GetInt32());
    }

    [Theory]
    [Trait("id", "F5.73-08")]
    [Trait("id", "F5.73-09")]
    [InlineData("SELECT 1; DELETE FROM items")]
    [InlineData("SELECT 1; COMMIT; DELETE FROM items; BEGIN")]
    [InlineData("SELECT '\\'; DELETE FROM items; --'")]
    [InlineData("SELECT 1 -- \r; DELETE FROM items")]
    public async Task One_call_is_one_statement(string query)
    {
        Assert.Equal(("PERMISSION_DENIED", "several"), await WhyAsync(query));
        Assert.Equal(3, (await room.ValueAsync("SELECT count(*) FROM items")).GetInt32());
    }

    [Theory]
    [Trait("id", "F5.73-13")]
    [Trait("id", "F5.73-14")]
    [Trait("id", "F5.73-15")]
    [Trait("id", "F5.73-29")]
    [InlineData("WITH gone AS (DELETE FROM items RETURNING id) SELECT * FROM gone", "read_only")]
    [InlineData("WITH a AS (INSERT INTO items VALUES (9, 'x', 1) RETURNING id) SELECT * FROM a", "statement")]
    [InlineData("WITH a AS (UPDATE items SET price = 0 RETURNING id) TABLE a", "read_only")]
    [InlineData("SELECT * INTO other FROM items", "statement")]
    [InlineData("SELECT * INTO TEMP other FROM items", "statement")]
    [InlineData("SELECT * FROM items FOR UPDATE", "read_only")]
    [InlineData("SELECT * FROM items FOR KEY SHARE", "read_only")]
    [InlineData("EXPLAIN ANALYZE DELETE FROM items", "read_only")]
    [InlineData("EXPLAIN (ANALYZE) INSERT INTO items VALUES (9, 'x', 1)", "read_only")]
    [InlineData("EXPLAIN ANALYZE WITH a AS (UPDATE items SET price = 0 RETURNING id) TABLE a", "read_only")]
    [InlineData("EXPLAIN ANALYZE SELECT 1 AS x INTO other", "statement")]
    public async Task A_query_that_would_write_is_refused(string query, string reason)
    {
        Assert.Equal(("PERMISSION_DENIED", reason), await WhyAsync(query));
        Assert.Equal(3, (await room.ValueAsync("SELECT count(*) FROM items WHERE price > 0")).GetInt32());
    }

    [Theory]
    [Trait("id", "F5.73-16")]
    [Trait("id", "F5.73-17")]
    [Trait("id", "F5.73-18")]
    [Trait("id", "F5.73-20")]
    [Trait("id", "F5.73-21")]
    [Trait("id", "F5.73-22")]
    [Trait("id", "F5.73-23")]
    [Trait("id", "F5.73-24")]
    [Trait("id", "F5.73-25")]
    [InlineData("SELECT pg_read_file('PG_VERSION')")]
    [InlineData("SELECT pg_catalog.pg_read_binary_file('PG_VERSION')")]
    [InlineData("SELECT * FROM \"pg_ls_dir\" /* */ ('.')")]
    [InlineData("SELECT * FROM pg_stat_file('PG_VERSION')")]
    [InlineData("SELECT lo_import('/etc/hostname')")]
    [InlineData("SELECT lo_export(1, 'x')")]
    [InlineData("SELECT lo_from_bytea(0, 'x')")]
    [InlineData("SELECT * FROM dblink('', 'DELETE FROM items') AS t(a text)")]
    [InlineData("SELECT dblink_exec('', 'DELETE FROM items')")]
    [InlineData("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE false")]
    [InlineData("SELECT pg_cancel_backend(1)")]
    [InlineData("SELECT pg_advisory_lock(1)")]
    [InlineData("SELECT pg_try_advisory_xact_lock(1)")]
    [InlineData("SELECT set_config('transaction_read_only', 'off', true)")]
    [InlineData("SELECT set_config('statement_timeout', '0', false)")]
    [InlineData("SELECT nextval('numbers')")]
    [InlineData("SELECT setval('numbers', 5)")]
    [InlineData("SELECT pg_switch_wal()")]
    [InlineData("SELECT pg_create_restore_point('a')")]
    [InlineData("SELECT query_to_xml('SELECT pg_advisory_lock(1)', true, true, '')")]
    [InlineData("SELECT * FROM ts_stat('SELECT pg_advisory_lock(1)::text::tsvector')")]
    [InlineData("SELECT pg_notify('a', 'b')")]
    [InlineData("SELECT pg_reload_conf()")]
    [InlineData("SELECT pg_create_physical_replication_slot('a')")]
    [InlineData("SELECT pg_logical_emit_message(false, 'a', 'b')")]
    [InlineData("SELECT pg_stat_reset()")]
    [InlineData("SELECT pg_export_snapshot()")]
    [InlineData("EXPLAIN ANALYZE SELECT pg_advisory_lock(1)")]
    public async Task A_function_that_does_more_than_read_is_refused(string query) => Assert.Equal(("PERMISSION_DENIED", "function"), await WhyAsync(query));

    /// <summary>To the server all behind the two dashes is a comment; the driver sees a text in dollar quotes, and statements behind it.</summary>
    [Theory]
    [Trait("id", "F5.73-41")]
    [InlineData("SELECT 1 AS \u65e5$$ -- $$ ; COMMIT; DELETE FROM items; --")]
    [InlineData("EXPLAIN SELECT 1 AS \u65e5$$ -- $$ ; COMMIT; DELETE FROM items; --")]
    public async Task What_the_driver_would_send_as_several_statements_goes_out_as_the_one_that_it_is(string query)
    {
        Assert.Equal(1, (await room.RowsAsync(query, connection: "root")).GetProperty("row_count").GetInt32());
        Assert.Equal(3, (await room.ValueAsync("SELECT count(*) FROM items")).GetInt32());
    }

    /// <summary><c>x.name</c> is <c>name(x)</c> to the server, of a value, an element, a parameter, or what a function in FROM gives.</summary>
    [Theory]
    [Trait("id", "F5.73-40")]
    [InlineData("SELECT ('PG_VERSION'::text).pg_read_file")]
    [InlineData("SELECT (ARRAY['.'])[1].pg_ls_dir")]
    [InlineData("SELECT (1::bigint) /* */ . /* */ \"pg_advisory_lock\"")]
    [InlineData("SELECT x.pg_read_file FROM unnest(ARRAY['PG_VERSION']) x")]
    [InlineData("SELECT x.PG_TRY_ADVISORY_XACT_LOCK FROM generate_series(1::bigint, 1) x")]
    [InlineData("EXPLAIN ANALYZE SELECT (1::bigint).pg_advisory_lock")]
    public async Task A_function_behind_a_dot_is_refused_as_one_with_parentheses(string query) => Assert.Equal(("PERMISSION_DENIED", "function"), await WhyAsync(query));

    [Fact]
    [Trait("id", "F5.73-40")]
    public async Task A_parameter_with_a_function_behind_a_dot_is_refused_and_a_column_of_such_a_name_is_not()
    {
        var failure = await room.FailureAsync("SELECT %(file)s.pg_read_file", """ "params":{"file":"PG_VERSION"} """, "root");

        Assert.Equal(("PERMISSION_DENIED", "function"), (failure.Code, failure.Details?.GetText("reason")));
        Assert.Equal(7, (await room.ValueAsync("SELECT o.lo_orderkey FROM (SELECT 7 AS lo_orderkey) o")).GetInt32());
        Assert.Equal(7, (await room.ValueAsync("SELECT o.query_to_xml FROM (SELECT 7 AS query_to_xml) o")).GetInt32());
    }

    /// <summary>None of these stands in a list of names: what the server's catalog says of them is asked.</summary>
    [Theory]
    [Trait("id", "F5.73-34")]
    [InlineData("SELECT brin_summarize_new_values('items_pkey')")]
    [InlineData("SELECT gin_clean_pending_list('items_pkey')")]
    [InlineData("SELECT pg_import_system_collations('public')")]
    [InlineData("SELECT pg_stat_clear_snapshot()")]
    [InlineData("SELECT \"pg_current_logfile\"()")]
    [InlineData("SELECT currval('numbers')")]
    public async Task Functions_of_the_server_that_nobody_listed_are_judged_by_its_catalog(string query)
    {
        Assert.Null(SqlText.Read(query, new HashSet<string>()).Problem);
        Assert.Equal(("PERMISSION_DENIED", "function"), await WhyAsync(query));
    }

    [Fact]
    [Trait("id", "F5.73-35")]
    [Trait("id", "F5.73-22")]
    public async Task Functions_of_the_database_write_nothing_and_cannot_switch_that_off()
    {
        await room.DoAsync(
            """
            CREATE OR REPLACE FUNCTION takes_away() RETURNS int LANGUAGE plpgsql AS $$ BEGIN DELETE FROM items; RETURN 1; END $$;
            CREATE OR REPLACE FUNCTION opens_by_setting() RETURNS int LANGUAGE plpgsql AS $$ BEGIN PERFORM set_config('transaction_read_only', 'off', true); DELETE FROM items; RETURN 1; END $$;
            CREATE OR REPLACE FUNCTION opens_by_set() RETURNS int LANGUAGE plpgsql AS $$ BEGIN SET TRANSACTION READ WRITE; DELETE FROM items; RETURN 1; END $$;
            CREATE OR REPLACE FUNCTION ends_it() RETURNS int LANGUAGE plpgsql AS $$ BEGIN COMMIT; DELETE FROM items; RETURN 1; END $$;
            CREATE OR REPLACE FUNCTION only_reads() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM items';
            """);

        Assert.Equal(("PERMISSION_DENIED", "read_only"), await WhyAsync("SELECT takes_away()"));
        Assert.All([await WhyAsync("SELECT opens_by_setting()"), await WhyAsync("SELECT opens_by_set()"), await WhyAsync("SELECT ends_it()")], why => Assert.Equal(("PERMISSION_DENIED", "transaction"), why));
        Assert.Equal(3, (await room.ValueAsync("SELECT only_reads()")).GetInt32());
    }

    [Theory]
    [Trait("id", "F5.73-36")]
    [Trait("id", "F5.73-37")]
    [InlineData(""" "readonly":false """, "PERMISSION_DENIED")]
    [InlineData(""" "database_url":"postgres://u:p@127.0.0.1/d" """, "INVALID_INPUT")]
    [InlineData(""" "max_rows":0 """, "INVALID_INPUT")]
    [InlineData(""" "max_rows":10001 """, "INVALID_INPUT")]
    [InlineData(""" "timeout_seconds":301 """, "INVALID_INPUT")]
    [InlineData(""" "params":"a" """, "INVALID_INPUT")]
    [InlineData(""" "params":{"a":1} """, "INVALID_INPUT")]
    [InlineData(""" "params":["a\u0000"] """, "INVALID_INPUT")]
    public async Task Parameters_are_held_to_their_bounds(string more, string code) => Assert.Equal(code, (await room.FailureAsync("SELECT 1", more)).Code);

    [Fact]
    [Trait("id", "F5.73-38")]
    public async Task A_query_is_1_to_10_000_characters_long()
    {
        var most = $"SELECT 1 {new string(' ', 10_000 - "SELECT 1 ".Length)}";

        Assert.Equal(1, (await room.ValueAsync(most)).GetInt32());
        Assert.Equal("INVALID_INPUT", (await room.FailureAsync(most + " ")).Code);
        Assert.Equal("INVALID_INPUT", (await room.FailureAsync("")).Code);
    }

    private async Task<(string Code, string? Reason)> WhyAsync(string query)
    {
        var failure = await room.FailureAsync(query, connection: "root");
        return (failure.Code, failure.Details?.GetText("reason"));
    }
}
