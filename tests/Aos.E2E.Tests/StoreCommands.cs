using Aos.Testing;

namespace Aos.E2E.Tests;

/// <summary><c>aos migrate</c> and <c>aos doctor</c> as processes, on each store.</summary>
public sealed class StoreCommands : InFolder
{
    [Fact]
    public async Task Migrations_are_applied_once_and_listed()
    {
        var first = await Aos.RunAsync("migrate", "up");
        var again = await Aos.RunAsync("migrate", "up", "--json");
        var listed = await Aos.RunAsync("migrate", "status");

        Assert.Equal((0, 0, 0), (first.Code, again.Code, listed.Code));
        Assert.EndsWith("applied, none pending", first.Output.Trim(), StringComparison.Ordinal);
        Assert.Equal((0, 0), (again.Json.GetProperty("applied").GetInt32(), again.Json.GetProperty("pending").GetInt32()));
        Assert.All(listed.Output.Trim().Split('\n'), line => Assert.StartsWith("applied ", line, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_healthy_store_has_no_problem()
    {
        await Aos.RunAsync("migrate", "up");

        var looked = await Aos.RunAsync("doctor", "--json");

        Assert.True(looked.Code == 0, looked.Output + looked.Errors);
        Assert.True(looked.Json.GetProperty("ok").GetBoolean());
        var checks = looked.Json.GetProperty("findings").EnumerateArray().ToDictionary(finding => finding.GetText("check")!, finding => finding.GetText("message")!);
        Assert.Contains("migrations", checks.Keys);
        if (Store.Kind != TestStoreKind.Sqlite) Assert.Contains(Store.Kind == TestStoreKind.Postgres ? "Direct connection" : "transaction mode", checks["pooler"], StringComparison.Ordinal);
    }

    [Fact]
    [Trait("store", "postgres")]
    public async Task An_invalid_index_is_a_problem_and_the_doctor_says_what_to_do()
    {
        Run("INSERT INTO chores (name, due_at) VALUES ('a', 0), ('b', 0); DROP INDEX runs_of_tenant");
        Assert.ThrowsAny<System.Data.Common.DbException>(() => Run("CREATE UNIQUE INDEX CONCURRENTLY runs_of_tenant ON chores ((1))")); // It stays, invalid.

        var looked = await Aos.RunAsync("doctor");

        Assert.Equal(1, looked.Code);
        var lines = looked.Output.Split('\n');
        var problem = Array.FindIndex(lines, line => line.StartsWith("problem  indexes", StringComparison.Ordinal));
        Assert.Contains("runs_of_tenant", lines[problem], StringComparison.Ordinal);
        Assert.Contains("INDEX", lines[problem + 1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("aos_session", "session mode", "warning")]
    [InlineData("aos_statement", "statement mode", "problem")]
    [Trait("store", "pgbouncer")]
    public async Task A_pooler_in_another_mode_is_told_with_what_to_set(string database, string mode, string level)
    {
        Aos.Environment.Add(("AOS_DATABASE_URL", Pooled(database)));

        var looked = await Aos.RunAsync("doctor");

        var lines = looked.Output.Split('\n');
        var finding = Array.FindIndex(lines, line => line.Contains(" pooler ", StringComparison.Ordinal));
        Assert.StartsWith(level, lines[finding], StringComparison.Ordinal);
        Assert.Contains(mode, lines[finding], StringComparison.Ordinal);
        Assert.Contains("pool_mode = transaction", lines[finding + 1], StringComparison.Ordinal);
    }

    [Fact]
    [Trait("store", "pgbouncer")]
    public async Task A_node_does_not_start_behind_a_pooler_in_statement_mode()
    {
        Aos.Environment.Add(("AOS_DATABASE_URL", Pooled("aos_statement")));

        var served = await Aos.RunAsync("serve", "--port", "0");

        Assert.Equal(5, served.Code);
        Assert.Contains("pool_mode = transaction", served.Errors, StringComparison.Ordinal);
    }

    private static string Pooled(string database) => new UriBuilder(Environment.GetEnvironmentVariable("AOS_TEST_PGBOUNCER")!) { Path = database }.Uri.ToString();

    private void Run(string sql)
    {
        using var connection = Store.Connect();
        foreach (var part in sql.Split(';'))
        {
            using var command = connection.CreateCommand();
            command.CommandText = part;
            command.ExecuteNonQuery();
        }
    }
}
