using System.Net;
using System.Net.Sockets;
using Aos.Contracts;

namespace Aos.Skills.Tests;

/// <summary>How <c>postgres_query</c> connects, waits, ends and fails, on a real PostgreSQL.</summary>
[Trait("store", "postgres")]
public sealed class DatabaseCalls(DatabaseRoom room) : IClassFixture<DatabaseRoom>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    [Trait("id", "F5.74-01")]
    public async Task Nothing_of_a_call_stays_behind()
    {
        const string Settings =
            """
            SELECT current_setting('TimeZone') || current_setting('statement_timeout') || current_setting('transaction_read_only')
              || current_setting('lock_timeout') || current_setting('idle_in_transaction_session_timeout') AS now
            """;
        var within = await room.ValueAsync(Settings, """ "timeout_seconds":7 """);
        await room.FailureAsync("SELECT 1/0");
        await room.RowsAsync("SELECT i FROM generate_series(1, 100000) i", """ "max_rows":1 """);

        Assert.Equal("UTC7son5s15s", within.GetString());
        Assert.Equal(0, (await room.ValueAsync("SELECT count(*) FROM pg_cursors WHERE name NOT IN ('', 'aos_rows')")).GetInt32());
        Assert.Equal(0, (await room.ValueAsync("SELECT count(*) FROM pg_prepared_statements")).GetInt32());
        await room.UntilAsync("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'", 0);
    }

    [Fact]
    [Trait("id", "F5.74-02")]
    public async Task A_call_that_is_called_off_ends_on_the_server()
    {
        await room.DoAsync("CREATE TABLE long_one AS SELECT 1 AS i");
        const string Running = "SELECT count(*) FROM pg_locks l JOIN pg_class c ON c.oid = l.relation WHERE c.relname = 'long_one' AND l.pid <> pg_backend_pid()";
        using var off = new CancellationTokenSource();
        var parameters = DatabaseRoom.Params("SELECT pg_sleep(300) FROM long_one");
        var call = room.Room.Skills.InvokeAsync(
            "postgres_query", Json.Parse(parameters), SkillRoom.Call(timeout: TimeSpan.FromSeconds(300), tenant: "acme", written: parameters), off.Token);
        await room.UntilAsync(Running, 1);

        await off.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        await room.UntilAsync(Running, 0);
        Assert.Equal(1, (await room.ValueAsync("SELECT 1")).GetInt32());
    }

    [Fact]
    [Trait("id", "F5.74-03")]
    [Trait("id", "F5.73-19")]
    public async Task A_query_that_takes_too_long_is_ended_by_the_server()
    {
        var failure = await room.FailureAsync("SELECT pg_sleep(300)", """ "timeout_seconds":1 """);

        Assert.Equal(("TIMEOUT", true, "statement"), (failure.Code, failure.Retryable, failure.Details?.GetText("reason")));
        await room.UntilAsync("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' AND pid <> pg_backend_pid()", 0);
    }

    [Fact]
    [Trait("id", "F5.74-04")]
    public async Task A_lock_in_the_way_is_not_waited_for_without_end()
    {
        await room.DoAsync("CREATE TABLE locked (i int)");
        await using var session = room.Room.Room.Store.Connect();
        await using var transaction = await session.BeginTransactionAsync(Cancel);
        await using var command = session.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = "LOCK TABLE locked";
        await command.ExecuteNonQueryAsync(Cancel);

        var failure = await room.FailureAsync("SELECT * FROM locked", """ "timeout_seconds":1 """);

        Assert.Equal(("TIMEOUT", true), (failure.Code, failure.Retryable));
        Assert.Contains(failure.Details?.GetText("sqlstate"), new[] { "55P03", "57014", null });
    }

    [Theory]
    [Trait("id", "F5.74-05")]
    [InlineData("SELEC 1", "", "PERMISSION_DENIED", null, 1)]
    [InlineData("SELECT * FORM items", "", "INVALID_INPUT", "42601", 10)]
    [InlineData("SELECT %(a)s::int, nothing FROM items", """ "params":{"a":1} """, "INVALID_INPUT", "42703", 20)]
    [InlineData("SELECT '\ud83d\ude00', nothing", "", "INVALID_INPUT", "42703", 14)]
    [InlineData("SELECT * FROM nowhere", "", "INVALID_INPUT", "42P01", 15)]
    [InlineData("SELECT no_such_function(1)", "", "INVALID_INPUT", "42883", 8)]
    [InlineData("SELECT 1/0", "", "INVALID_INPUT", "22012", null)]
    [InlineData("SELECT %(a)s::int", """ "params":{"a":"x"} """, "INVALID_INPUT", "22P02", null)]
    [InlineData("EXPLAIN SELECT nothing", "", "INVALID_INPUT", "42703", 16)]
    [InlineData("SELECT * FROM pg_authid", "", "PERMISSION_DENIED", "42501", null)]
    [InlineData("SELECT * FROM elsewhere.public.items", "", "INVALID_INPUT", "0A000", 15)]
    [Trait("id", "F5.74-06")]
    public async Task What_the_server_refuses_has_its_code_its_state_and_its_place(string query, string more, string code, string? state, int? position)
    {
        var failure = await room.FailureAsync(query, more);

        Assert.Equal((code, state, false), (failure.Code, failure.Details?.GetText("sqlstate"), failure.Retryable));
        Assert.Equal(position, failure.Details?.Get("position")?.GetInt32());
        Assert.Equal("db", failure.Details?.Get("connection")?.GetText("name"));
    }

    [Fact]
    [Trait("id", "F5.74-07")]
    [Trait("id", "F5.74-08")]
    public async Task A_database_that_cannot_be_reached_is_told_without_its_secrets()
    {
        var wrong = $"not-{Guid.NewGuid():N}";
        await room.Room.SecretAsync("WRONG", wrong);
        await room.Room.SecretAsync("URL", $"postgres://aos:{wrong}@127.0.0.1:{room.Url.Port}/hidden_name?sslmode=disable");
        await room.Room.SecretAsync("NO_URL", $"mysql://aos:{wrong}@127.0.0.1/hidden_name");
        await room.PutAsync("wrong", "aos", secret: "WRONG");
        await room.PutAsync("closed", "aos", port: 1);
        await room.PutAsync("private", "aos", host: "10.0.0.1", port: 5432);
        await room.Room.PutAsync("by_url", "postgres", """{"url":"secret:URL"}""");
        await room.Room.PutAsync("no_url", "postgres", """{"url":"secret:NO_URL"}""");
        await room.Room.HttpAsync("web", "http://127.0.0.1:1");
        (string Connection, string Code)[] expected =
        [
            ("wrong", "PERMISSION_DENIED"), ("closed", "CONNECTION_REFUSED"), ("private", "EGRESS_BLOCKED"), ("by_url", "PERMISSION_DENIED"), ("no_url", "CONFIG_INVALID"), ("web", "INVALID_INPUT"),
            ("nowhere", "CONFIG_INVALID"),
        ];
        foreach (var (connection, code) in expected)
        {
            var failure = await room.FailureAsync("SELECT 1", connection: connection);

            Assert.True(failure.Code == code, $"{connection}: {failure.Code} {failure.Message}");
            var text = failure.Message + failure.Details?.GetRawText();
            Assert.All([wrong, room.Password], secret => Assert.DoesNotContain(secret, text, StringComparison.Ordinal));
            if (connection == "by_url") Assert.All(["127.0.0.1", "hidden_name"], place => Assert.DoesNotContain(place, text, StringComparison.Ordinal));
        }
    }

    [Fact]
    [Trait("id", "F5.74-09")]
    public async Task Connections_are_kept_until_theirs_changes()
    {
        await room.PutAsync("kept", room.Url.UserInfo.Split(':')[0]);
        var pools = room.Room.Room.Get<PostgresPools>();
        var before = pools.Count;
        var first = await room.ValueAsync("SELECT pg_backend_pid()", connection: "kept");
        var second = await room.ValueAsync("SELECT pg_backend_pid()", connection: "kept");
        Assert.Equal(before + 1, pools.Count);
        if (TestStoreIsDirect) Assert.Equal(first.GetInt32(), second.GetInt32());

        await room.PutAsync("kept", room.Url.UserInfo.Split(':')[0], host: "127.0.0.1", database: "postgres");
        await room.RowsAsync("SELECT 1", connection: "kept");

        Assert.Equal(before + 1, pools.Count);
        if (TestStoreIsDirect) await room.UntilAsync($"SELECT count(*) FROM pg_stat_activity WHERE pid = {first.GetInt32()}", 0);
    }

    [Fact]
    [Trait("id", "F5.74-10")]
    public async Task A_connection_has_so_many_sessions_and_no_more()
    {
        await room.PutAsync("many", room.Url.UserInfo.Split(':')[0]);
        var calls = Enumerable.Range(0, 3 * PostgresPools.ConnectionsMax).Select(_ => room.ValueAsync("SELECT pg_backend_pid() FROM (SELECT pg_sleep(0.02)) s", connection: "many")).ToList();

        var sessions = (await Task.WhenAll(calls)).Select(pid => pid.GetInt32()).Distinct().Count();

        // PgBouncer gives each transaction any session of its own.
        if (TestStoreIsDirect) Assert.InRange(sessions, 1, PostgresPools.ConnectionsMax);
        Assert.InRange(sessions, 1, calls.Count);
    }

    [Fact]
    [Trait("id", "F5.74-11")]
    [Trait("store", "direct")]
    public async Task A_kept_connection_that_the_server_has_closed_is_replaced()
    {
        var first = await room.ValueAsync("SELECT pg_backend_pid()");
        await room.DoAsync($"SELECT pg_terminate_backend({first.GetInt32()}, 5000)");

        Assert.NotEqual(first.GetInt32(), (await room.ValueAsync("SELECT pg_backend_pid()")).GetInt32());
    }

    [Fact]
    [Trait("id", "F5.74-12")]
    public async Task The_connection_is_named_by_the_plan_itself()
    {
        var byTemplate = await room.Room.CallAsync(DatabaseRoom.Params("SELECT 1"), "postgres_query", written: DatabaseRoom.Params("SELECT 1", connection: "${{ inputs.c }}"));
        var missing = await room.Room.CallAsync("""{"query":"SELECT 1"}""", "postgres_query");
        var others = await room.AskAsync("SELECT 1", tenant: "other");
        var plan = room.Room.Skills.ReadPlan(Json.Parse("""{"name":"p","steps":[{"id":"a","skill":"postgres_query","params":{"connection":"gone","query":"SELECT 1"}}]}""")).Plan!;
        var problems = await room.Room.Skills.ConnectionProblemsAsync(plan, ConnectionRoom.Admin.Tenant, "a", Cancel);

        Assert.Equal(("INVALID_INPUT", "written"), (byTemplate.Failure?.Code, byTemplate.Failure?.Details?.GetText("reason")));
        Assert.Equal("INVALID_INPUT", missing.Failure?.Code);
        Assert.Contains("connection", missing.Failure!.Message, StringComparison.Ordinal);
        Assert.Equal(("CONFIG_INVALID", "missing"), (others.Failure?.Code, others.Failure?.Details?.GetText("reason")));
        Assert.Equal(("steps[0].params.connection", "CONFIG_INVALID"), (Assert.Single(problems).Path, problems[0].Code));
    }

    [Fact]
    [Trait("id", "F5.74-13")]
    public async Task What_keeps_calls_in_keeps_queries_in()
    {
        var parameters = Json.Parse(DatabaseRoom.Params("SELECT 1", connection: "far"));
        await room.PutAsync("far", "aos", host: "93.184.216.34", port: 5432);

        var outcome = await room.Room.Skills.InvokeAsync("postgres_query", parameters, SkillRoom.Call(tenant: "acme") with { Written = parameters, Calls = ExternalCalls.Deny }, Cancel);
        var (target, _) = await room.Room.Skills.TargetAsync("postgres_query", parameters, SkillRoom.Call(tenant: "acme") with { Written = parameters }, Cancel);

        Assert.Equal("EXTERNAL_CALL_BLOCKED", outcome.Failure?.Code);
        Assert.Equal((TargetKind.Host, "93.184.216.34"), (target?.Kind, target?.Name));
    }

    [Fact]
    [Trait("id", "F5.74-14")]
    public async Task A_server_that_says_nothing_is_a_timeout_and_one_that_hangs_up_a_broken_connection()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        await room.PutAsync("silent", "aos", port: ((IPEndPoint)silent.LocalEndpoint).Port);

        var waited = await room.FailureAsync("SELECT 1", """ "timeout_seconds":1 """, "silent");
        var hanging = room.FailureAsync("SELECT 1", connection: "silent");
        using (await silent.AcceptTcpClientAsync(Cancel)) { }

        using (await silent.AcceptTcpClientAsync(Cancel)) { }

        Assert.Equal("TIMEOUT", waited.Code);
        Assert.Equal(("CONNECTION_RESET", true), ((await hanging).Code, (await hanging).Retryable));
    }

    [Fact]
    [Trait("id", "F5.74-16")]
    public async Task A_server_that_stops_in_the_middle_holds_no_session()
    {
        await using var wire = new StallingWire(room.Url.Port) { AnswerMax = ReadOnlyTurn.BytesMax + 1_000_000 };
        await room.PutAsync("stalls", room.Url.UserInfo.Split(':')[0], port: wire.Port);
        var calls = Enumerable.Range(0, PostgresPools.ConnectionsMax).Select(_ => room.FailureAsync("SELECT repeat('x', 50000000)", """ "timeout_seconds":1 """, "stalls")).ToList();

        Assert.All(await Task.WhenAll(calls), failure => Assert.Equal("TIMEOUT", failure.Code));
        wire.AnswerMax = long.MaxValue;

        Assert.Equal(1, (await room.ValueAsync("SELECT 1", connection: "stalls")).GetInt32());
    }

    [Fact]
    [Trait("id", "F5.74-18")]
    public async Task What_the_database_itself_says_has_a_reason_of_its_own()
    {
        await room.DoAsync(
            """
            CREATE FUNCTION objects() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE 'not on sundays'; END $$;
            CREATE MATERIALIZED VIEW unready AS SELECT 1 AS i WITH NO DATA;
            CREATE DOMAIN few AS int CHECK (VALUE < 5);
            """);
        (string Query, string Code, string Reason)[] expected =
            [("SELECT objects()", "INVALID_INPUT", "raised"), ("SELECT * FROM unready", "INVALID_STATE", "state"), ("SELECT 9::few", "INVALID_INPUT", "statement")];
        foreach (var (query, code, reason) in expected)
        {
            var failure = await room.FailureAsync(query);

            Assert.Equal((code, reason, false), (failure.Code, failure.Details?.GetText("reason"), failure.Retryable));
        }
    }

    private bool TestStoreIsDirect => room.Room.Room.Store.Kind == Aos.Testing.TestStoreKind.Postgres;
}
