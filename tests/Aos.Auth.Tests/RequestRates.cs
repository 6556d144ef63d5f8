using System.Diagnostics;
using System.Globalization;
using Aos.Contracts;
using Aos.Identity;

namespace Aos.Auth.Tests;

/// <summary>How often a caller may ask, and what it is told about it.</summary>
public sealed class RequestRates
{
    private const int Free = 60;

    [Theory]
    [Trait("id", "C8.3-01")]
    [InlineData("free", 60)]
    [InlineData("dev", 300)]
    [InlineData("pro", 1_200)]
    [InlineData("enterprise", 6_000)]
    [InlineData("unlimited", 1_000_000_000)]
    [InlineData("standard", 60)]
    [InlineData("", 60)]
    public void A_tier_is_so_many_requests_a_minute(string tier, long perMinute) => Assert.Equal(perMinute, Tiers.PerMinute(tier));

    [Fact]
    [Trait("id", "C8.3-03")]
    [Trait("id", "C8.3-09")]
    public async Task Every_answer_says_how_the_limit_stands()
    {
        await using var house = await AuthHouse.OpenAsync();
        var key = await house.KeyAsync("readonly", """ "tier":"free" """);

        var (first, second, denied) = (await AskAsync(house, key), await AskAsync(house, key), await house.AskAsync("POST", "/api/v1/runs", "{}", ("X-AOS-Key", key.Text)));

        Assert.Equal(("60", "59"), (first.Headers["X-RateLimit-Limit"], first.Headers["X-RateLimit-Remaining"]));
        Assert.Equal("\"free\";q=60;w=60", first.Headers["RateLimit-Policy"]);
        Assert.StartsWith("\"free\";r=59;t=", first.Headers["RateLimit"], StringComparison.Ordinal);
        Assert.InRange(Number(first, "X-RateLimit-Reset") - TimeProvider.System.GetUtcNow().ToUnixTimeSeconds(), -5, 2);
        Assert.True(Number(second, "X-RateLimit-Remaining") < Number(first, "X-RateLimit-Remaining") || Number(second, "X-RateLimit-Remaining") == 59);
        Assert.Equal(403, denied.Status);
        Assert.True(denied.Headers.ContainsKey("X-RateLimit-Remaining"));
        Assert.Equal("1000000000", (await house.AsFirstAsync("GET", "/api/v1/me")).Headers["X-RateLimit-Limit"]);
    }

    [Fact]
    [Trait("id", "C8.3-04")]
    [Trait("id", "C8.3-07")]
    [Trait("id", "C8.3-08")]
    public async Task Beyond_the_limit_a_key_is_told_when_to_come_again_and_no_other_key_is_held_back()
    {
        await using var house = await AuthHouse.OpenAsync();
        var (key, other) = (await house.KeyAsync("readonly", """ "tier":"free" """), await house.KeyAsync("readonly", """ "tier":"free" """));
        var began = Stopwatch.GetTimestamp();
        var (granted, refused) = await UntilRefusedAsync(() => AskAsync(house, key));

        Assert.InRange(granted, Free, Free + Stopwatch.GetElapsedTime(began).TotalSeconds + 1);
        Assert.Equal((429, "RATE_LIMITED", "rate_limit_exceeded", "free", Free), (refused.Status, refused.Text("error.code"), refused.Text("detail.error"), refused.Text("detail.tier"), refused["detail.limit"].GetInt32()));
        Assert.Equal(refused.Headers["Retry-After"], refused["detail.retry_after"].GetInt32().ToString(CultureInfo.InvariantCulture));
        Assert.Equal("0", refused.Headers["X-RateLimit-Remaining"]);
        Assert.Equal(200, (await AskAsync(house, other)).Status);
        var metrics = (await house.AsFirstAsync("GET", "/metrics")).Body.GetString()!;
        Assert.Matches("aos_rate_limit_allowed_total\\{tier=\"free\",tenant_id=\"[0-9a-f]{8}\"\\} [0-9]+", metrics);
        Assert.Matches("aos_rate_limit_blocked_total\\{tier=\"free\",tenant_id=\"[0-9a-f]{8}\"\\} [0-9]+", metrics);
        Assert.Contains("aos_rate_limit_tier_limit{tier=\"dev\"} 300", metrics, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_credential_the_address_is_what_counts()
    {
        await using var house = await AuthHouse.OpenAsync(options => options.AnonymousTier = "free");
        Task<Reply> Ask() => house.AskAsync("GET", "/api/v1/runtime/capabilities", null, ("Host", house.Address.Authority));

        var (granted, refused) = await UntilRefusedAsync(Ask);

        Assert.True(granted >= Free, $"{granted}");
        Assert.Equal((429, "free"), (refused.Status, refused.Text("detail.tier")));
        Assert.Equal(200, (await house.AsFirstAsync("GET", "/api/v1/me")).Status);
    }

    [Fact]
    public async Task Wrong_credentials_of_an_address_are_limited_and_a_right_one_is_not()
    {
        await using var house = await AuthHouse.OpenAsync(options => options.AnonymousTier = "free");
        Task<Reply> Ask() => house.AskAsync("GET", "/api/v1/me", null, ("X-AOS-Key", "wrong"));

        var (tried, refused) = await UntilRefusedAsync(Ask);

        Assert.True(tried >= Free, $"{tried}");
        Assert.Equal((429, "RATE_LIMITED"), (refused.Status, refused.Text("error.code")));
        Assert.Equal(200, (await house.AsFirstAsync("GET", "/api/v1/me")).Status);
    }

    [Fact]
    public async Task A_request_that_makes_more_work_counts_as_more()
    {
        await using var house = await AuthHouse.OpenAsync();
        var key = await house.KeyAsync("dev", """ "tier":"free" """);
        var began = Stopwatch.GetTimestamp();
        var before = Number(await AskAsync(house, key), "X-RateLimit-Remaining");

        var goal = await house.AskAsync("POST", "/agents/none/goals", """{"goal":"x"}""", ("X-AOS-Key", key.Text));

        var flowedIn = Math.Ceiling(Stopwatch.GetElapsedTime(began).TotalSeconds) + 1;
        Assert.InRange(before - Number(goal, "X-RateLimit-Remaining"), 5 - flowedIn, 5);
    }

    [Fact]
    public async Task Switched_off_nothing_is_limited_and_nothing_said()
    {
        await using var house = await AuthHouse.OpenAsync(options => options.LimitsRequests = false);
        var key = await house.KeyAsync("readonly", """ "tier":"free" """);

        for (var i = 0; i < Free + 20; i++)
        {
            var reply = await AskAsync(house, key);
            Assert.Equal(200, reply.Status);
            Assert.False(reply.Headers.ContainsKey("X-RateLimit-Limit"));
        }
    }

    [Theory]
    [Trait("store", "postgres")]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Twenty_callers_over_three_nodes_get_no_more_than_the_limit(bool isRedis)
    {
        var redis = isRedis ? Environment.GetEnvironmentVariable("AOS_TEST_REDIS") ?? throw new InvalidOperationException("AOS_TEST_REDIS is not set: ./test sets it.") : null;
        await using var house = await AuthHouse.OpenAsync(nodes: 3, redis: redis);
        var key = await house.KeyAsync("readonly", """ "tier":"free" """);
        var began = Stopwatch.GetTimestamp();

        var statuses = await Task.WhenAll(Enumerable.Range(0, 20).Select(async caller =>
        {
            var granted = 0;
            for (var i = 0; i < 15; i++)
            {
                if ((await house.AskAsync((caller + i) % 3, "GET", "/api/v1/me", null, ("X-AOS-Key", key.Text))).Status == 200) granted++;
            }

            return granted;
        }));

        Assert.InRange(statuses.Sum(), Free / 2, Free + Stopwatch.GetElapsedTime(began).TotalSeconds + 1);
    }

    [Theory]
    [Trait("id", "C8.3-05")]
    [Trait("id", "C8.3-06")]
    [InlineData(null, WhenLost.OwnShare)]
    [InlineData("true", WhenLost.OwnShare)]
    [InlineData("false", WhenLost.Wait)]
    public void What_holds_while_the_shared_store_is_away_is_a_setting(string? failOpen, WhenLost expected) =>
        Assert.Equal(expected, IdentityOptions.Of(name => name == "RATE_LIMIT_FAIL_OPEN" ? failOpen : null, _ => Json.Null).WhenLimitsLost);

    private static Task<Reply> AskAsync(AuthHouse house, MadeKey key) => house.AskAsync("GET", "/api/v1/me", null, ("X-AOS-Key", key.Text));

    private static async Task<(int Granted, Reply Refused)> UntilRefusedAsync(Func<Task<Reply>> ask)
    {
        for (var granted = 0; ; granted++)
        {
            var reply = await ask();
            if (reply.Status == 429) return (granted, reply);
            Assert.True(granted < 10 * Free, "nothing is limited");
        }
    }

    private static long Number(Reply reply, string header) => long.Parse(reply.Headers[header], CultureInfo.InvariantCulture);
}
