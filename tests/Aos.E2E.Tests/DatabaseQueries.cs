using System.Globalization;

namespace Aos.E2E.Tests;

/// <summary>A run that asks a PostgreSQL, as a person makes it: a secret, a connection, a plan.</summary>
[Trait("store", "postgres")]
public sealed class DatabaseQueries : InFolder
{
    [Fact]
    [Trait("id", "F5.74-15")]
    public async Task A_run_asks_a_database_and_leaves_no_password_behind()
    {
        var url = new Uri(Store.Url!);
        var user = url.UserInfo.Split(':');
        Aos.Environment.Add(("AOS_EGRESS_ALLOW", "127.0.0.1"));
        Aos.Environment.Add(("AOS_SECRET_REPORTS_PASSWORD", Uri.UnescapeDataString(user[1])));
        var connection = Aos.Write("reports.yaml", string.Create(CultureInfo.InvariantCulture, $$"""
            kind: postgres
            settings: { host: 127.0.0.1, port: {{url.Port}}, database: postgres, user: {{user[0]}}, password: "secret:REPORTS_PASSWORD", sslmode: disable }
            """));
        var plan = Aos.Write("plan.yaml", """
            name: report
            steps:
              - id: ask
                skill: postgres_query
                params: { connection: reports, query: "SELECT i, i * %(factor)s AS n FROM generate_series(1, 3) i", params: { factor: "${{ inputs.factor }}" } }
              - id: pick
                skill: json_transform
                params: { data: "${{ steps.ask.result.rows }}", query: "map(.n) | add" }
            output: "${{ steps.pick.result.result }}"
            """);

        var before = await Aos.RunAsync("plan", "check", plan);
        var set = await Aos.RunAsync("connections", "set", "reports", "--file", connection);
        var tried = await Aos.RunAsync("connections", "test", "reports");
        var ran = await Aos.RunAsync("run", plan, "--input", "factor=7");

        Assert.Contains("steps[0].params.connection: warning: CONFIG_INVALID: There is no connection reports", before.Errors, StringComparison.Ordinal);
        Assert.All(new[] { before, set, tried, ran }, ended => Assert.True(ended.Code == 0, ended.Output + ended.Errors));
        Assert.Equal("42", ran.Output.Trim());
        var shown = await Aos.RunAsync("trace", "show", ran.Errors.Split('\n')[0].Split(' ')[1], "--json");
        Assert.All(new[] { ran, shown }, ended => Assert.DoesNotContain(user[1], ended.Output + ended.Errors, StringComparison.Ordinal));
    }
}
