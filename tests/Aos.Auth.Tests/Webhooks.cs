using System.Text;
using Aos.Contracts;
using Aos.Kernel;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.Auth.Tests;

/// <summary>What an outside system sends, up to the run that waits for it.</summary>
public sealed class Webhooks : IAsyncLifetime
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
    [Trait("id", "HOOK-forward")]
    public async Task A_signed_delivery_is_kept_and_the_run_that_it_names_goes_on_with_its_body()
    {
        var (hook, run) = (await house.HookAsync(key), await house.WaitingRunAsync(key));

        var sent = await house.DeliverAsync(hook, $$"""{"run_id":"{{run}}","amount":12.50}""", "evt_1");
        var ended = await house.AsAsync(key, "GET", $"/api/v1/runs/{run}?wait=30");

        Assert.Equal((200, "stored"), (sent.Status, sent.Text("status")));
        Assert.Equal("succeeded", ended.Text("status"));
        var heard = (await house.AsAsync(key, "GET", $"/api/v1/runs/{run}/steps/paid"))["result"];
        Assert.Equal("evt_1", heard.GetText("delivery_id"));
        Assert.Equal(0, heard.GetProperty("replay").GetInt32());
        Assert.Equal(12.5m, heard.GetProperty("body").GetProperty("amount").GetDecimal());
        Assert.Equal(run, (await house.ForwardedAsync(key, sent.Text("id")!, "done")).Text("forwarding.run_id"));
    }

    [Fact]
    [Trait("id", "HOOK-no-run")]
    public async Task A_delivery_that_no_run_can_take_is_kept_with_the_reason_and_starts_nothing()
    {
        var hook = await house.HookAsync(key);
        var rival = await house.KeyAsync("admin", """ "tenant_id":"rival","tier":"unlimited" """);
        var (foreign, over) = (await house.WaitingRunAsync(rival), await house.WaitingRunAsync(key));
        await house.AsAsync(key, "POST", $"/api/v1/runs/{over}/cancel");
        async Task<string> ProblemAsync(string body, string id, string state) =>
            (await house.ForwardedAsync(key, (await house.DeliverAsync(hook, body, id)).Text("id")!, state)).Text("forwarding.problem")!;

        Assert.Contains("no run id at run_id", await ProblemAsync("""{"amount":1}""", "a", "none"), StringComparison.Ordinal);
        Assert.Contains("no JSON", await ProblemAsync("amount=1", "b", "none"), StringComparison.Ordinal);
        Assert.Contains("no run id", await ProblemAsync("""{"run_id":["x"]}""", "c", "none"), StringComparison.Ordinal);
        Assert.StartsWith("RUN_NOT_FOUND", await ProblemAsync($$"""{"run_id":"{{foreign}}"}""", "d", "failed"), StringComparison.Ordinal);
        Assert.StartsWith("RUN_OVER", await ProblemAsync($$"""{"run_id":"{{over}}"}""", "e", "failed"), StringComparison.Ordinal);
        Assert.Equal(0, await house.SignalsAsync());
        Assert.Equal(2, await house.CountAsync("runs"));
        Assert.Equal(2, (await house.AsAsync(key, "GET", "/api/v1/outbox?state=dead"))["count"].GetInt32());
    }

    [Fact]
    [Trait("id", "HOOK-refused")]
    public async Task What_is_not_signed_as_it_should_be_is_refused_by_one_answer_and_not_kept()
    {
        var hook = await house.HookAsync(key);
        var (body, now) = ("""{"a":1}""", clock.Seconds);
        var right = hook.Signed(body, "evt", now);
        var signature = right.Single(header => header.Name == "X-Webhook-Signature").Value;
        var other = hook with { Secret = "another" };
        (string Why, (string, string)[] Headers)[] wrong =
        [
            ("nothing", []), ("no signature", right.With("X-Webhook-Signature", null)), ("no id", right.With("X-Webhook-Id", null)), ("no time", right.With("X-Webhook-Timestamp", null)),
            ("another secret", other.Signed(body, "evt", now)), ("another body", hook.Signed("{}", "evt", now)), ("another id", right.With("X-Webhook-Id", "evt2")),
            ("another time", right.With("X-Webhook-Timestamp", $"{now + 1}")), ("too old", hook.Signed(body, "evt", now - 400)), ("of the future", hook.Signed(body, "evt", now + 400)),
            ("no such version", hook.Signed(body, "evt", now, "v2")), ("a version that is none", hook.Signed(body, "evt", now, "../v1")), ("version 0", hook.Signed(body, "evt", now, "v0")),
            ("SHA-1", right.With("X-Webhook-Signature", "sha1=" + signature[7..47])), ("bare", right.With("X-Webhook-Signature", signature[7..])), ("cut", right.With("X-Webhook-Signature", signature[..^2])),
            ("no hex", right.With("X-Webhook-Signature", "sha256=" + new string('g', 64))), ("twice", [.. right, ("X-Webhook-Signature", signature)]), ("a negative time", right.With("X-Webhook-Timestamp", "-1")),
            ("a long time", right.With("X-Webhook-Timestamp", new string('9', 30))), ("a long id", hook.Signed(body, new string('x', 256), now)), ("a key", [("X-AOS-Key", AuthHouse.FirstKey)]),
        ];
        var answers = new HashSet<string>();
        foreach (var (why, headers) in wrong)
        {
            var reply = await house.AskAsync("POST", hook.Path, body, headers);
            Assert.True(reply.Status == 401, $"{why}: {reply.Status} {reply.Body}");
            answers.Add(reply.Body.GetRawText().Replace(reply.Headers["X-Request-ID"], "", StringComparison.Ordinal));
        }

        foreach (var path in new[] { "/webhooks/in/0123456789abcdef0123456789abcdef", "/webhooks/in/..%2f..", "/webhooks/in/" + new string('a', 2_000) })
            answers.Add((await house.AskAsync("POST", path, body, right)) is { Status: 401 } reply ? reply.Body.GetRawText().Replace(reply.Headers["X-Request-ID"], "", StringComparison.Ordinal) : path);

        Assert.Contains("SIGNATURE_INVALID", Assert.Single(answers), StringComparison.Ordinal);
        Assert.Equal(0, await house.CountAsync("webhook_deliveries"));
        Assert.Equal(200, (await house.AskAsync("POST", hook.Path, body, hook.Signed(body, "evt", now, "v1"))).Status);
    }

    [Fact]
    [Trait("id", "HOOK-ascii")]
    public async Task A_signature_that_is_no_ASCII_is_refused_like_any_other()
    {
        var hook = await house.HookAsync(key);
        foreach (var signature in new[] { "sha256=é" + new string('0', 63), "sha256=" + new string('0', 63) + "٣", "ключ" })
        {
            var answer = await house.RawAsync($"POST {hook.Path} HTTP/1.1\r\nHost: aos.example\r\nConnection: close\r\nX-Webhook-Id: a\r\nX-Webhook-Timestamp: {clock.Seconds}\r\nX-Webhook-Signature: {Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(signature))}\r\nContent-Length: 2\r\n\r\n{{}}");

            Assert.StartsWith("HTTP/1.1 401", answer, StringComparison.Ordinal);
        }

        Assert.Equal(200, (await house.DeliverAsync(hook, "{}", "after")).Status);
    }

    [Theory]
    [InlineData(60, 60, 200)]
    [InlineData(60, 62, 401)]
    [InlineData(60, -60, 200)]
    [InlineData(60, -62, 401)]
    [InlineData(300, 299, 200)]
    [Trait("id", "HOOK-window")]
    public async Task A_time_counts_within_the_window_of_the_endpoint_and_not_outside_of_it(int window, int age, int status)
    {
        var hook = await house.HookAsync(key, more: $"\"window_seconds\":{window}");
        var headers = hook.Signed("{}", "evt", clock.Seconds);

        clock.Offset = TimeSpan.FromSeconds(age); // A second may have begun meanwhile: the bounds above leave one.
        if (age > 0 && status == 200) clock.Offset -= TimeSpan.FromSeconds(1);

        Assert.Equal(status, (await house.AskAsync("POST", hook.Path, "{}", headers)).Status);
    }

    [Fact]
    [Trait("id", "HOOK-rotation")]
    public async Task Both_versions_of_a_secret_count_while_the_overlap_lasts()
    {
        var former = await house.HookAsync(key);
        var now = former with { Secret = SecretHouse.NewValue() };
        await house.PutSecretAsync(key, "HOOK", now.Secret, """ "overlap":"1h" """);
        Task<Reply> SendAsync(Hook hook, string id, string? version) => house.AskAsync("POST", hook.Path, "{}", hook.Signed("{}", id, clock.Seconds, version));

        Assert.Equal(200, (await SendAsync(former, "a", "v1")).Status);
        Assert.Equal(200, (await SendAsync(former, "b", null)).Status);
        Assert.Equal(200, (await SendAsync(now, "c", "v2")).Status);
        Assert.Equal(200, (await SendAsync(now, "d", null)).Status);
        Assert.Equal(401, (await SendAsync(now, "e", "v1")).Status);
        Assert.Equal(401, (await SendAsync(former, "f", "v2")).Status);
        clock.Offset = TimeSpan.FromMinutes(61);
        Assert.Equal(401, (await SendAsync(former, "g", "v1")).Status);
        Assert.Equal(401, (await SendAsync(former, "h", null)).Status);
        Assert.Equal(200, (await SendAsync(now, "i", "v2")).Status);
        Assert.Equal([2, 2, 2, 1, 1], (await house.AsAsync(key, "GET", "/api/v1/webhooks/deliveries"))["deliveries"].EnumerateArray().Select(one => one.GetProperty("key_version").GetInt32()));
    }

    [Fact]
    [Trait("id", "HOOK-secret")]
    public async Task A_secret_that_has_ended_or_is_gone_or_kept_for_others_signs_nothing()
    {
        var hook = await house.HookAsync(key);
        await house.PutSecretAsync(key, "HOOK", hook.Secret, """ "overlap":"0s","allow":{"skills":["http_call"]} """);
        Assert.Equal(401, (await house.DeliverAsync(hook, "{}", "a")).Status);
        await house.PutSecretAsync(key, "HOOK", hook.Secret, """ "overlap":"0s","allow":{"skills":["webhook_send"]},"expires_in":"1h" """);
        Assert.Equal(200, (await house.DeliverAsync(hook, "{}", "b")).Status);
        clock.Offset = TimeSpan.FromHours(2);
        Assert.Equal(401, (await house.AskAsync("POST", hook.Path, "{}", hook.Signed("{}", "c", clock.Seconds))).Status);
        await house.AsAsync(key, "DELETE", "/api/v1/secrets/HOOK");
        Assert.Equal(401, (await house.AskAsync("POST", hook.Path, "{}", hook.Signed("{}", "d", clock.Seconds))).Status);
    }

    [Fact]
    [Trait("id", "HOOK-conflict")]
    public async Task Another_body_under_an_id_that_was_used_changes_nothing()
    {
        var hook = await house.HookAsync(key);
        var first = await house.DeliverAsync(hook, """{"a":1}""", "evt");
        var second = await house.DeliverAsync(hook, """{"a":2}""", "evt");

        Assert.Equal((409, "IDEMPOTENCY_CONFLICT"), (second.Status, second.Text("error.code")));
        Assert.Equal(1, (await house.AsAsync(key, "GET", $"/api/v1/webhooks/deliveries/{first.Text("id")}"))["body.a"].GetInt32());
        Assert.Equal(1, await house.CountAsync("webhook_deliveries"));
    }

    [Fact]
    [Trait("id", "HOOK-disabled")]
    public async Task An_endpoint_that_is_disabled_or_gone_refuses_and_one_that_is_enabled_again_takes()
    {
        var hook = await house.HookAsync(key);
        await house.AsAsync(key, "PATCH", $"/api/v1/webhooks/endpoints/{hook.Id}", """{"enabled":false}""");
        Assert.Equal(401, (await house.DeliverAsync(hook, "{}", "a")).Status);
        await house.AsAsync(key, "PATCH", $"/api/v1/webhooks/endpoints/{hook.Id}", """{"enabled":true}""");
        var kept = await house.DeliverAsync(hook, "{}", "a");
        Assert.Equal(200, kept.Status);
        await house.AsAsync(key, "DELETE", $"/api/v1/webhooks/endpoints/{hook.Id}");
        Assert.Equal(401, (await house.DeliverAsync(hook, "{}", "b")).Status);
        Assert.Equal(200, (await house.AsAsync(key, "GET", $"/api/v1/webhooks/deliveries/{kept.Text("id")}")).Status);
    }

    [Fact]
    [Trait("id", "HOOK-github")]
    public async Task GitHub_signs_the_body_alone_so_the_body_is_what_counts_once()
    {
        var hook = await house.HookAsync(key, more: "\"scheme\":\"github\"");
        Task<Reply> SendAsync(string body, string id, string secret) => house.AskAsync(
            "POST", hook.Path, body, ("X-GitHub-Delivery", id), ("X-Hub-Signature-256", "sha256=" + Convert.ToHexStringLower(System.Security.Cryptography.HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes(body)))));

        Assert.Equal("stored", (await SendAsync("""{"n":1}""", "one", hook.Secret)).Text("status"));
        Assert.Equal("duplicate", (await SendAsync("""{"n":1}""", "two", hook.Secret)).Text("status"));
        Assert.Equal("stored", (await SendAsync("""{"n":2}""", "one", hook.Secret)).Text("status"));
        Assert.Equal(401, (await SendAsync("""{"n":3}""", "three", "wrong")).Status);
        Assert.Equal(401, (await house.DeliverAsync(hook, "{}", "as AOS would")).Status);
    }

    [Fact]
    [Trait("id", "HOOK-stripe")]
    public async Task Stripe_signs_time_and_body_and_the_body_holds_the_id()
    {
        var hook = await house.HookAsync(key, more: "\"scheme\":\"stripe\"");
        string Mac(long time, string body, string secret) => Convert.ToHexStringLower(System.Security.Cryptography.HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes($"{time}.{body}")));
        Task<Reply> SendAsync(string body, string signature) => house.AskAsync("POST", hook.Path, body, ("Stripe-Signature", signature));
        var (now, body) = (clock.Seconds, """{"id":"evt_1"}""");

        Assert.Equal("stored", (await SendAsync(body, $"t={now},v1={Mac(now, body, "former")},v1={Mac(now, body, hook.Secret)},v0=ignored")).Text("status"));
        Assert.Equal("duplicate", (await SendAsync(body, $"t={now + 1},v1={Mac(now + 1, body, hook.Secret)}")).Text("status"));
        Assert.Equal(401, (await SendAsync(body, $"t={now + 1},v1={Mac(now, body, hook.Secret)}")).Status);
        Assert.Equal(401, (await SendAsync(body, $"t={now - 400},v1={Mac(now - 400, body, hook.Secret)}")).Status);
        Assert.Equal(401, (await SendAsync("{}", $"t={now},v1={Mac(now, "{}", hook.Secret)}")).Status);
        Assert.Equal(401, (await SendAsync(body, $"t={now},t={now},v1={Mac(now, body, hook.Secret)}")).Status);
        Assert.Equal(401, (await SendAsync(body, "t")).Status);
    }

    [Fact]
    [Trait("id", "HOOK-aos-to-aos")]
    public async Task What_a_run_sends_by_webhook_send_is_what_an_endpoint_takes()
    {
        var (hook, waiting) = (await house.HookAsync(key), await house.WaitingRunAsync(key));
        var sent = await house.RunAsync(key, $$$"""{"plan":{"name":"p","steps":[{"id":"a","skill":"webhook_send","params":{"url":"{{{house.Address}}}webhooks/in/{{{hook.Id}}}","token":"secret:HOOK","body":{"run_id":"{{{waiting}}}"} } }]}}""");

        Assert.True(sent.Text("status") == "succeeded", sent.Body.GetRawText());
        Assert.Equal("succeeded", (await house.AsAsync(key, "GET", $"/api/v1/runs/{waiting}?wait=30")).Text("status"));
    }
}
