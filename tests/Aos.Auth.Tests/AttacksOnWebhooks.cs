using System.Text;
using Aos.Contracts;
using Aos.Kernel;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.Auth.Tests;

/// <summary>Somebody has seen a signed delivery, or more of them, and sends what he likes.</summary>
public sealed class AttacksOnWebhooks : IAsyncLifetime
{
    private readonly ShiftedClock clock = new();
    private AuthHouse house = null!;
    private MadeKey key = null!;

    public async ValueTask InitializeAsync()
    {
        house = await AuthHouse.OpenAsync(more: services => services.AddSingleton<TimeProvider>(clock));
        key = await house.KeyAsync("admin", """ "tenant_id":"acme","tier":"unlimited" """);
    }

    public async ValueTask DisposeAsync() => await house.DisposeAsync();

    [Fact]
    [Trait("id", "ATTACK-webhook-replay")]
    public async Task A_delivery_that_comes_again_has_no_second_effect_whatever_is_changed_about_it()
    {
        var rival = await house.KeyAsync("admin", """ "tenant_id":"rival","tier":"unlimited" """);
        var (hook, second, foreign) = (await house.HookAsync(key), await house.HookAsync(key, "OTHER"), await house.HookAsync(rival));
        var body = $$"""{"run_id":"{{await house.WaitingRunAsync(key)}}"}""";
        var seen = hook.Signed(body, "evt_1", clock.Seconds);
        var first = await house.AskAsync("POST", hook.Path, body, seen);
        await house.ForwardedAsync(key, first.Text("id")!, "done");

        async Task<int> AgainAsync(string path, string text, (string, string)[] headers) => (await house.AskAsync("POST", path, text, headers)).Status;
        var again = await house.AskAsync("POST", hook.Path, body, seen);
        Assert.Equal((200, "duplicate", first.Text("id")), (again.Status, again.Text("status"), again.Text("id")));
        Assert.Equal(401, await AgainAsync(hook.Path, body, seen.With("X-Webhook-Timestamp", $"{clock.Seconds + 5}")));
        Assert.Equal(401, await AgainAsync(hook.Path, body, seen.With("X-Webhook-Id", "evt_2")));
        Assert.Equal(401, await AgainAsync(hook.Path, body + " ", seen));
        Assert.Equal(401, await AgainAsync(hook.Path, "{}", seen));
        Assert.Equal(401, await AgainAsync(second.Path, body, seen));
        Assert.Equal(401, await AgainAsync(foreign.Path, body, seen));
        Assert.Equal(401, await AgainAsync(hook.Path.ToUpperInvariant(), body, seen));
        Assert.Equal(404, await AgainAsync(hook.Path + "/x", body, seen));
        Assert.Equal(200, await AgainAsync(hook.Path + "?again=1", body, [.. seen, ("Idempotency-Key", "another"), ("X-Webhook-Delivery", "another"), ("X-Tenant-ID", "rival")]));
        clock.Offset = TimeSpan.FromMinutes(6);
        Assert.Equal(401, await AgainAsync(hook.Path, body, seen));
        Assert.Equal("duplicate", (await house.AskAsync("POST", hook.Path, body, hook.Signed(body, "evt_1", clock.Seconds))).Text("status"));

        Assert.Equal((1, 1), (await house.CountAsync("webhook_deliveries"), await house.SignalsAsync()));
    }

    [Fact]
    [Trait("id", "ATTACK-webhook-replay")]
    public async Task Parts_of_what_is_signed_cannot_be_moved_from_one_to_the_other()
    {
        var hook = await house.HookAsync(key);
        var seen = hook.Signed("a\nb", "evt", clock.Seconds);
        var (time, mac) = (seen[1].Value, seen[2].Value);

        // No header can hold a line feed; that nothing takes its place is tried here.
        foreach (var id in new[] { "evt%0Aa", "evt\\na", "evt a", "evt\ta" })
            Assert.Equal(401, (await house.AskAsync("POST", hook.Path, "b", ("X-Webhook-Id", id), ("X-Webhook-Timestamp", time), ("X-Webhook-Signature", mac))).Status);
        var folded = await house.RawAsync($"POST {hook.Path} HTTP/1.1\r\nHost: aos.example\r\nConnection: close\r\nX-Webhook-Id: evt\n a\r\nX-Webhook-Timestamp: {time}\r\nX-Webhook-Signature: {mac}\r\nContent-Length: 1\r\n\r\nb");
        Assert.Matches("^HTTP/1.1 40[01] ", folded);
        Assert.Equal(0, await house.CountAsync("webhook_deliveries"));
        Assert.Equal(200, (await house.AskAsync("POST", hook.Path, "a\nb", seen)).Status);
    }

    [Fact]
    [Trait("id", "ATTACK-webhook-replay")]
    public async Task One_secret_opens_one_endpoint()
    {
        var hook = await house.HookAsync(key);
        var second = await house.HookAsync(key, "OTHER");

        var made = await house.AsAsync(key, "POST", "/api/v1/webhooks/endpoints", """{"name":"again","secret":"HOOK"}""");
        var changed = await house.AsAsync(key, "PATCH", $"/api/v1/webhooks/endpoints/{second.Id}", """{"secret":"HOOK"}""");

        Assert.Equal((409, 409), (made.Status, changed.Status));
        Assert.Contains("one of its own", made.Text("error.message"), StringComparison.Ordinal);
        Assert.Equal(200, (await house.AsAsync(key, "PATCH", $"/api/v1/webhooks/endpoints/{hook.Id}", """{"secret":"HOOK"}""")).Status);
    }

    [Fact]
    [Trait("store", "postgres")]
    [Trait("id", "HOOK-unknown")]
    public async Task An_endpoint_that_is_not_there_costs_the_statements_of_a_wrong_signature()
    {
        var hook = await house.HookAsync(key);
        using var counted = new Statements(house.Services);
        var headers = (hook with { Secret = "wrong" }).Signed("{}", "evt", clock.Seconds);
        async Task<int> LeastAsync(string path)
        {
            var least = int.MaxValue;
            for (var i = 0; i < 6; i++) least = Math.Min(least, await counted.OfAsync(() => house.AskAsync("POST", path, "{}", headers)));
            return least;
        }

        var (wrong, unknown, none) = (await LeastAsync(hook.Path), await LeastAsync("/webhooks/in/0123456789abcdef0123456789abcdef"), await LeastAsync("/webhooks/in/x"));

        Assert.True(wrong > 0);
        Assert.Equal((wrong, wrong), (unknown, none));
    }

    [Fact]
    [Trait("id", "HOOK-limits")]
    [Trait("id", "HOOK-ref-01")]
    [Trait("id", "HOOK-ref-03")]
    public async Task Deliveries_beyond_the_limits_are_refused_before_anything_about_them_is_read()
    {
        await using var narrow = await AuthHouse.OpenAsync(more: services => services.AddSingleton(new Approvals.WebhookOptions { EndpointPerMinute = 3, AddressPerMinute = 5, BodyBytesMax = 1024 }));
        var own = await narrow.KeyAsync("admin", """ "tier":"unlimited" """);
        var (one, two) = (await narrow.HookAsync(own), await narrow.HookAsync(own, "OTHER"));

        Assert.Equal(413, (await narrow.DeliverAsync(one, new string(' ', 1025), "large")).Status);
        Assert.Equal(200, (await narrow.DeliverAsync(one, new string(' ', 1024), "a")).Status);
        Assert.Equal(401, (await narrow.AskAsync("POST", one.Path, "{}")).Status);
        var byEndpoint = await narrow.DeliverAsync(one, new string(' ', 1025), "b");
        Assert.Equal((429, "RATE_LIMITED"), (byEndpoint.Status, byEndpoint.Text("error.code")));
        Assert.True(int.Parse(byEndpoint.Headers["Retry-After"], System.Globalization.CultureInfo.InvariantCulture) is > 0 and <= 60);
        Assert.Equal(200, (await narrow.DeliverAsync(two, "{}", "c")).Status);
        Assert.Equal(401, (await narrow.AskAsync("POST", "/webhooks/in/x", "{}")).Status);
        Assert.Equal(429, (await narrow.DeliverAsync(two, "{}", "d")).Status);
        Assert.Equal(2, await narrow.CountAsync("webhook_deliveries"));
        var page = (await narrow.AsFirstAsync("GET", "/metrics")).Body.GetString()!;
        Assert.Contains("webhook_rate_limit_exceeded_total{limit_type=\"endpoint\"} 1", page, StringComparison.Ordinal);
        Assert.Contains("webhook_rate_limit_exceeded_total{limit_type=\"ip\"} 1", page, StringComparison.Ordinal);
        Assert.Contains("webhook_rate_limit_allowed_total 5", page, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "HOOK-secret")]
    public async Task The_signature_and_whatever_gives_access_is_kept_nowhere()
    {
        var hook = await house.HookAsync(key);
        var body = """{"token":"tok-in-the-body","n":1}""";
        var signed = hook.Signed(body, "evt", clock.Seconds);
        var access = $"access-{Guid.NewGuid():N}";

        var kept = await house.AskAsync("POST", hook.Path, body, [.. signed, ("Authorization", access), ("Cookie", access), ("X-Webhook-Token", access), ("X-My-Api-Key", access), ("X-Plain", "shown")]);

        var stored = await house.TextOfAsync("webhook_deliveries");
        Assert.All(new[] { access, hook.Secret, signed[2].Value }, secret => Assert.DoesNotContain(secret, stored, StringComparison.Ordinal));
        var seen = await house.AsAsync(key, "GET", $"/api/v1/webhooks/deliveries/{kept.Text("id")}");
        var headers = seen["headers"].EnumerateArray().ToDictionary(header => header.GetText("name")!, header => header.GetText("value"), StringComparer.OrdinalIgnoreCase);
        Assert.Equal(("shown", Redactor.Marker, Redactor.Marker), (headers["X-Plain"], headers["Authorization"], headers["X-Webhook-Signature"]));
        Assert.Equal(Redactor.Marker, seen.Text("body.token"));
        Assert.Equal(body, Encoding.UTF8.GetString((await house.BytesOfAsync(key, $"/api/v1/webhooks/deliveries/{kept.Text("id")}/raw"))));
        var reader = await house.KeyAsync("readonly", """ "tenant_id":"acme" """);
        Assert.Equal(403, (await house.AsAsync(reader, "GET", $"/api/v1/webhooks/deliveries/{kept.Text("id")}/raw")).Status);
    }
}

/// <summary>The same on several nodes.</summary>
[Trait("store", "postgres")]
public sealed class AttacksOnWebhooksOfSeveralNodes
{
    [Fact]
    [Trait("id", "ATTACK-webhook-replay")]
    public async Task A_delivery_that_comes_to_two_nodes_at_once_counts_once()
    {
        await using var house = await AuthHouse.OpenAsync(nodes: 2);
        var key = await house.KeyAsync("admin", """ "tenant_id":"acme","tier":"unlimited" """);
        var hook = await house.HookAsync(key);
        var ids = new HashSet<string>();
        for (var round = 0; round < 5; round++)
        {
            var body = $$"""{"run_id":"{{await house.WaitingRunAsync(key)}}"}""";
            var seen = hook.Signed(body, $"evt_{round}", TimeProvider.System.GetUtcNow().ToUnixTimeSeconds());

            var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => house.AskAsync(i % 2, "POST", hook.Path, body, seen)));

            Assert.All(answers, answer => Assert.True(answer.Status == 200, answer.Body.GetRawText()));
            Assert.Single(answers, answer => answer.Text("status") == "stored");
            Assert.True(ids.Add(Assert.Single(answers.Select(answer => answer.Text("id")!).Distinct())));
        }

        foreach (var id in ids) await house.ForwardedAsync(key, id, "done");
        Assert.Equal((5, 5), (await house.CountAsync("webhook_deliveries"), await house.SignalsAsync()));
    }
}
