using System.Text;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.Auth.Tests;

/// <summary>What was kept of deliveries, and how each of them reaches its run once.</summary>
public sealed class WebhookDeliveries : IAsyncLifetime
{
    private const string Kept = "/api/v1/webhooks/deliveries";
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
    [Trait("id", "HOOK-atomic")]
    public async Task What_cannot_be_forwarded_is_not_kept_either_so_the_sender_sends_it_again()
    {
        var (hook, run) = (await house.HookAsync(key), await house.WaitingRunAsync(key));
        var body = $$"""{"run_id":"{{run}}"}""";
        await house.DamageAsync("ALTER TABLE outbox RENAME TO outbox_away");
        var failed = await house.DeliverAsync(hook, body, "evt");
        await house.DamageAsync("ALTER TABLE outbox_away RENAME TO outbox");

        Assert.Equal((503, "STORE_UNAVAILABLE"), (failed.Status, failed.Text("error.code")));
        Assert.Equal(0, await house.CountAsync("webhook_deliveries"));
        Assert.Equal("stored", (await house.DeliverAsync(hook, body, "evt")).Text("status"));
        Assert.Equal("succeeded", (await house.AsAsync(key, "GET", $"/api/v1/runs/{run}?wait=30")).Text("status"));
    }

    [Fact]
    [Trait("id", "HOOK-once")]
    public async Task However_often_a_process_ends_before_it_has_noted_that_the_run_knows_the_run_hears_once()
    {
        var (hook, run) = (await house.HookAsync(key), await house.WaitingRunAsync(key));
        var id = (await house.DeliverAsync(hook, $$"""{"run_id":"{{run}}"}""", "evt")).Text("id")!;
        await house.ForwardedAsync(key, id, "done");
        var delivery = house.Services.GetServices<IDelivery>().Single(one => one.Kind == "signal");
        RunId.TryParse(run, out var to);
        var item = new OutboxItem(Guid.NewGuid(), new TenantId("acme"), to, $"webhook:{hook.Id}", "signal", Encoding.UTF8.GetBytes($$"""{"delivery":"{{id}}","replay":0}"""));

        for (var i = 0; i < 3; i++) Assert.Null(await delivery.DeliverAsync(item, TestContext.Current.CancellationToken));

        Assert.Equal(1, await house.SignalsAsync());
        Assert.Equal("done", (await house.AsAsync(key, "GET", $"{Kept}/{id}")).Text("forwarding.state"));
    }

    [Fact]
    [Trait("id", "HOOK-replay")]
    public async Task A_replay_is_a_signal_of_its_own_with_the_bytes_that_came_and_says_that_it_is_one()
    {
        var hook = await house.HookAsync(key);
        var run = (await house.AsAsync(key, "POST", "/api/v1/runs", """{"plan":{"name":"p","steps":[{"id":"a","await":{"signal":"paid"}},{"id":"b","await":{"signal":"paid"},"depends_on":["a"]}]}}""")).Text("run_id")!;
        var body = $$"""{ "run_id" : "{{run}}", "n":1.50 }""";
        var id = (await house.DeliverAsync(hook, body, "evt")).Text("id")!;
        await house.ForwardedAsync(key, id, "done");

        var replay = await house.AsAsync(key, "POST", $"{Kept}/{id}/replay");
        var ended = await house.AsAsync(key, "GET", $"/api/v1/runs/{run}?wait=30");

        Assert.Equal((202, 1), (replay.Status, replay["forwarding.replays"].GetInt32()));
        Assert.Equal("succeeded", ended.Text("status"));
        var (first, second) = ((await house.AsAsync(key, "GET", $"/api/v1/runs/{run}/steps/a"))["result"], (await house.AsAsync(key, "GET", $"/api/v1/runs/{run}/steps/b"))["result"]);
        Assert.Equal((0, 1), (first.GetProperty("replay").GetInt32(), second.GetProperty("replay").GetInt32()));
        Assert.Equal(first.GetProperty("body").GetRawText(), second.GetProperty("body").GetRawText());
        Assert.Equal(body, Encoding.UTF8.GetString(await house.BytesOfAsync(key, $"{Kept}/{id}/raw")));
        Assert.Equal(1, await house.CountAsync("webhook_deliveries"));
        var entry = (await house.AsFirstAsync("GET", "/api/v1/rbac/audit?resource=webhook&action=operate&all_tenants=true"))["entries"][0];
        Assert.Equal(($"{Kept}/{id}/replay", 202), (entry.GetText("path"), entry.GetProperty("status").GetInt32()));
    }

    [Fact]
    [Trait("id", "HOOK-replay")]
    public async Task What_went_nowhere_is_forwarded_by_a_replay_once_its_endpoint_says_where_to()
    {
        var (hook, run) = (await house.HookAsync(key, forward: "null"), await house.WaitingRunAsync(key));
        var id = (await house.DeliverAsync(hook, "plain text", "evt")).Text("id")!;
        var early = await house.AsAsync(key, "POST", $"{Kept}/{id}/replay");
        await house.AsAsync(key, "PATCH", $"/api/v1/webhooks/endpoints/{hook.Id}", $$"""{"forward":{"signal":"paid","run_id":"{{run}}"} }""");
        var replay = await house.AsAsync(key, "POST", $"{Kept}/{id}/replay");

        Assert.Equal((409, 202), (early.Status, replay.Status));
        Assert.Equal("succeeded", (await house.AsAsync(key, "GET", $"/api/v1/runs/{run}?wait=30")).Text("status"));
        Assert.Equal("plain text", (await house.AsAsync(key, "GET", $"/api/v1/runs/{run}/steps/paid")).Text("result.body"));
    }

    [Fact]
    [Trait("id", "HOOK-search")]
    [Trait("id", "HOOK-alert")]
    public async Task Deliveries_are_found_by_what_they_are_and_read_page_by_page()
    {
        var (hook, other) = (await house.HookAsync(key, forward: "null"), await house.HookAsync(key, "OTHER", "null"));
        for (var i = 0; i < 5; i++) await house.DeliverAsync(hook, $$"""{"labels":{"alertname":"Alert{{i % 2}}","severity":"critical"},"status":"firing"}""", $"a{i}");
        await house.DeliverAsync(other, """{"version":"4","status":"resolved","alerts":[{"labels":{"alertname":"DiskFull","severity":"warning"}}],"commonLabels":{"alertname":"DiskFull"}}""", "b");
        async Task<string> IdsAsync(string query) => string.Join(',', (await house.AsAsync(key, "GET", $"{Kept}?{query}"))["deliveries"].EnumerateArray().Select(one => one.GetText("delivery_id")));

        Assert.Equal("b,a4,a3,a2,a1,a0", await IdsAsync(""));
        Assert.Equal("a4,a2,a0", await IdsAsync("alertname=Alert0"));
        Assert.Equal("b", await IdsAsync("severity=warning"));
        Assert.Equal("b", await IdsAsync($"endpoint={other.Id}"));
        Assert.Equal("a3", await IdsAsync("delivery_id=a3"));
        Assert.Equal("", await IdsAsync("forwarding=failed"));
        Assert.Equal("", await IdsAsync($"until={Uri.EscapeDataString(clock.GetUtcNow().AddHours(-1).ToString("O"))}"));
        Assert.Equal("b,a4,a3,a2,a1,a0", await IdsAsync($"since={Uri.EscapeDataString(clock.GetUtcNow().AddHours(-1).ToString("O"))}"));
        var (page, seen) = (await house.AsAsync(key, "GET", $"{Kept}?limit=4"), new List<string>());
        for (; ; page = await house.AsAsync(key, "GET", $"{Kept}?limit=4&before={page.Text("next")}"))
        {
            seen.AddRange(page["deliveries"].EnumerateArray().Select(one => one.GetText("delivery_id")!));
            if (page.Text("next") is null) break;
        }

        Assert.Equal(["b", "a4", "a3", "a2", "a1", "a0"], seen);
        Assert.All(new[] { "limit=0", "limit=1001", "limit=-1", "forwarding=x", "since=x" }, query => Assert.Equal(422, house.AsAsync(key, "GET", $"{Kept}?{query}").Result.Status));
    }

    [Fact]
    [Trait("id", "HOOK-export")]
    public async Task An_export_has_every_delivery_whole_on_a_line_of_its_own()
    {
        var hook = await house.HookAsync(key, forward: "null");
        for (var i = 0; i < 120; i++)
        {
            clock.Offset += TimeSpan.FromMilliseconds(1); // Two of one millisecond have no order.
            await house.DeliverAsync(hook, $$"""{"n":{{i}},"password":"p"}""", $"d{i}");
        }


        var answer = await house.AsAsync(key, "GET", $"{Kept}/export?format=jsonl");
        var lines = answer.Body.GetString()!.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => Json.Parse(line)).ToList();

        Assert.Equal("application/x-ndjson", answer.Headers["Content-Type"]);
        Assert.Equal(Enumerable.Range(0, 120).Reverse(), lines.Select(line => line.GetProperty("body").GetProperty("n").GetInt32()));
        Assert.All(lines, line => Assert.Equal(Redactor.Marker, line.GetProperty("body").GetText("password")));
        Assert.Equal(422, (await house.AsAsync(key, "GET", $"{Kept}/export?format=csv")).Status);
        Assert.Single((await house.AsAsync(key, "GET", $"{Kept}/export?delivery_id=d7")).Body.GetString()!.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    [Trait("id", "HOOK-alert")]
    [Trait("id", "HOOK-ref-02")]
    public async Task A_very_long_alert_name_is_cut_and_bodies_by_chance_all_are_kept()
    {
        await using var house = await AuthHouse.OpenAsync(more: services => services.AddSingleton(new Approvals.WebhookOptions { LimitsRequests = false }));
        key = await house.KeyAsync("admin", """ "tier":"unlimited" """);
        var hook = await house.HookAsync(key, forward: "null");
        var longest = await house.DeliverAsync(hook, $$"""{"labels":{"alertname":"{{new string('x', 10_000)}}","severity":"{{new string('y', 500)}}"} }""", "long");
        Assert.Equal(255, (await house.AsAsync(key, "GET", $"{Kept}/{longest.Text("id")}")).Text("alertname")!.Length);

        var chance = new Random(42);
        for (var i = 0; i < 500; i++)
        {
            var body = Value(chance, 0);
            var sent = await house.DeliverAsync(hook, body, $"f{i}");
            Assert.True(sent.Status == 200, $"{sent.Status} for {body}");
        }

        Assert.Equal(501, await house.CountAsync("webhook_deliveries"));
    }

    [Fact]
    [Trait("id", "HOOK-retention")]
    public async Task Deliveries_have_their_time_and_what_was_forgotten_is_refused_all_the_same()
    {
        var hook = await house.HookAsync(key, forward: "null");
        var old = hook.Signed("{}", "old", clock.Seconds);
        await house.AskAsync("POST", hook.Path, "{}", old);
        clock.Offset = TimeSpan.FromDays(20);
        await house.AskAsync("POST", hook.Path, "{}", hook.Signed("{}", "young", clock.Seconds));
        Assert.Equal(0, await house.Chore("webhook-sweep").PassAsync(TestContext.Current.CancellationToken));
        clock.Offset = TimeSpan.FromDays(31);

        Assert.Equal(1, await house.Chore("webhook-sweep").PassAsync(TestContext.Current.CancellationToken));
        Assert.Equal(401, (await house.AskAsync("POST", hook.Path, "{}", old)).Status);
        Assert.Equal("young", (await house.AsAsync(key, "GET", Kept))["deliveries"].EnumerateArray().Single().GetText("delivery_id"));
    }

    [Fact]
    [Trait("id", "HOOK-measures")]
    public async Task What_comes_in_is_counted_and_no_sender_can_grow_the_page()
    {
        var (hook, run) = (await house.HookAsync(key), await house.WaitingRunAsync(key));
        var id = (await house.DeliverAsync(hook, $$"""{"run_id":"{{run}}","labels":{"alertname":"A"} }""", "a")).Text("id")!;
        await house.DeliverAsync(hook, $$"""{"run_id":"{{run}}","labels":{"alertname":"A"} }""", "a");
        await house.DeliverAsync(hook, "{}", "a");
        await house.DeliverAsync(hook with { Secret = "wrong" }, "{}", "b");
        await house.AskAsync("POST", "/webhooks/in/x", "{}");
        await house.ForwardedAsync(key, id, "done");

        var page = (await house.AsFirstAsync("GET", "/metrics")).Body.GetString()!;

        Assert.All(
            new[]
            {
                "webhooks_received_total{status=\"stored\"} 1", "webhooks_received_total{status=\"duplicate\"} 1", "webhooks_received_total{status=\"conflict\"} 1",
                "webhook_signature_failures_total{reason=\"signature\"} 1", "webhook_signature_failures_total{reason=\"endpoint\"} 1", "webhooks_forwarded_total{status=\"done\"} 1",
                "webhook_processing_time_seconds_count 5",
            },
            line => Assert.Contains(line, page, StringComparison.Ordinal));
        Assert.DoesNotContain("alertname", page, StringComparison.Ordinal);
        Assert.DoesNotContain(hook.Id, page, StringComparison.Ordinal);
    }

    /// <summary>Some JSON, often like an alert.</summary>
    private static string Value(Random chance, int depth) => chance.Next(depth > 4 ? 5 : 8) switch
    {
        0 => "null",
        1 => "true",
        2 => chance.Next().ToString(System.Globalization.CultureInfo.InvariantCulture),
        3 => JsonSerializer.Serialize(new string((char)chance.Next(32, 0xD7FF), chance.Next(20))),
        4 => "-0.5e3",
        5 => $"[{string.Join(',', Enumerable.Range(0, chance.Next(4)).Select(_ => Value(chance, depth + 1)))}]",
        _ => $"{{{string.Join(',', new[] { "labels", "alerts", "alertname", "severity", "status", "commonLabels" }.Where(_ => chance.Next(2) == 0).Select(name => $"\"{name}\":{Value(chance, depth + 1)}"))}}}",
    };
}
