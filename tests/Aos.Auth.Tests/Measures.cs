using System.Globalization;
using System.Text.RegularExpressions;
using Aos.Contracts;
using Aos.Identity;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.Auth.Tests;

/// <summary>What dashboards and alerts read of who may do what, and what a caller reads of its own limit.</summary>
[Trait("id", "SERVER-measures")]
[Trait("store", "none")]
public sealed class Measures
{
    [Fact]
    public async Task Decisions_are_counted_and_timed_under_the_names_that_dashboards_know()
    {
        await using var house = await AuthHouse.OpenAsync();
        var key = await house.KeyAsync("readonly");
        await house.AskAsync("GET", "/api/v1/runs", null, ("X-AOS-Key", key.Text));
        await house.AskAsync("POST", "/api/v1/runs", "{}", ("X-AOS-Key", key.Text));

        var page = await PageAsync(house);

        foreach (var name in new[] { "rbac_engine_decisions_total", "rbac_decisions_total" })
        {
            Assert.Equal(1, Value(page, $"{name}{{resource=\"run\",action=\"read\",decision=\"allowed\",reason=\"role\"}}"));
            Assert.Equal(1, Value(page, $"{name}{{resource=\"run\",action=\"write\",decision=\"denied\",reason=\"insufficient-permissions\"}}"));
        }

        Assert.Equal(1, Value(page, "rbac_engine_latency_seconds_count{resource=\"run\",action=\"write\"}"));
        Assert.Equal(["0.0005", "0.001", "0.0025", "0.005", "0.01", "0.025", "0.05", "0.1", "+Inf"], Bounds(page, "rbac_engine_latency_seconds_bucket{resource=\"run\",action=\"read\","));
        Assert.Equal(["0.001", "0.005", "0.01", "0.025", "0.05", "0.1", "+Inf"], Bounds(page, "rbac_latency_seconds_bucket{"));
        Assert.Equal(Value(page, "rbac_latency_seconds_count"), Value(page, "rbac_latency_seconds_bucket{le=\"+Inf\"}"));
    }

    [Fact]
    public async Task Entries_of_the_record_are_counted_also_those_that_could_not_be_written()
    {
        await using var house = await AuthHouse.OpenAsync();
        await house.KeyAsync("readonly");

        Assert.Equal(1, Value(await PageAsync(house), "rbac_audit_writes_total{status=\"success\"}"));
        await house.DamageAsync("ALTER TABLE audit_log RENAME TO audit_log_away");
        var made = await house.AsFirstAsync("POST", "/api/v1/keys", """{"name":"x","roles":["readonly"]}""");
        var refused = await house.AsFirstAsync("POST", "/api/v1/keys", "{}");
        Assert.Equal([(503, "STORE_UNAVAILABLE"), (503, "STORE_UNAVAILABLE")], new[] { made, refused }.Select(reply => (reply.Status, reply.Text("error.code"))));
        Assert.Equal(2, Value(await PageAsync(house), "rbac_audit_writes_total{status=\"error\"}"));
    }

    [Theory]
    [InlineData("{", "parse_error")]
    [InlineData("""{"version":"1","matrix":{"a":{"nothing":["read"]}}}""", "error")]
    [InlineData("""{"version":"1","matrix":{"admin":{"metrics":["read"],"rbac":["read"]}}}""", "success")]
    public async Task A_policy_that_was_loaded_or_not_is_counted_by_why(string text, string status)
    {
        var file = Path.Combine(Directory.CreateTempSubdirectory("aos-policy-").FullName, "policy.json");
        await using var house = await AuthHouse.OpenAsync(options => (options.PolicyFile, options.Read) = (file, Reader));
        File.WriteAllText(file, text);

        await house.AsFirstAsync("POST", "/api/v1/rbac/reload");
        await house.AsFirstAsync("GET", "/api/v1/rbac/info");

        Assert.Equal(1, Value(await PageAsync(house), $"rbac_policy_loads_total{{status=\"{status}\"}}"));
        Directory.Delete(Path.GetDirectoryName(file)!, recursive: true);
    }

    [Fact]
    [Trait("id", "SERVER-limit-left")]
    public async Task A_caller_reads_its_own_limit_in_the_body_as_in_the_headers()
    {
        await using var house = await AuthHouse.OpenAsync();
        var key = await house.KeyAsync("readonly", """ "tier":"free" """);

        var me = await house.AskAsync("GET", "/api/v1/me", null, ("X-AOS-Key", key.Text));

        Assert.Equal((60, 59), (me["rate_limit.limit"].GetInt32(), me["rate_limit.remaining"].GetInt32()));
        Assert.Equal(me.Headers["X-RateLimit-Reset"], me["rate_limit.reset"].GetInt64().ToString(CultureInfo.InvariantCulture));
    }

    [Fact]
    public async Task Where_nobody_is_limited_there_is_no_limit_to_read()
    {
        await using var house = await AuthHouse.OpenAsync(options => options.LimitsRequests = false);

        var me = await house.AsFirstAsync("GET", "/api/v1/me");

        Assert.Equal(System.Text.Json.JsonValueKind.Null, me.Body.GetProperty("rate_limit").ValueKind);
    }

    private static System.Text.Json.JsonElement Reader(string file)
    {
        try
        {
            return Json.Parse(File.ReadAllText(file));
        }
        catch (System.Text.Json.JsonException e)
        {
            throw new FormatException(e.Message, e);
        }
    }

    private static async Task<string> PageAsync(AuthHouse house) => (await house.AsFirstAsync("GET", "/metrics")).Body.GetString()!;

    /// <summary>The value of one series; 0 when it is not there.</summary>
    private static double Value(string page, string series) =>
        Regex.Match(page, $"^{Regex.Escape(series)} (?<value>\\S+)$", RegexOptions.Multiline) is { Success: true } line ? double.Parse(line.Groups["value"].Value, CultureInfo.InvariantCulture) : 0;

    private static string[] Bounds(string page, string start) =>
        [.. Regex.Matches(page, $"^{Regex.Escape(start)}le=\"(?<le>[^\"]+)\"\\}}", RegexOptions.Multiline).Select(line => line.Groups["le"].Value)];
}
