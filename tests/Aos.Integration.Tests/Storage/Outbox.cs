using System.Collections.Concurrent;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Aos.Contracts;
using Aos.Egress;
using Aos.Storage;
using Aos.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Aos.Integration.Tests.Storage;

/// <summary>What leaves the house leaves it in order, at least once, and what cannot is kept for a person.</summary>
public sealed class Outbox
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    private sealed class Courier : IDelivery
    {
        internal ConcurrentQueue<(Guid Id, string Text)> Seen { get; } = new();

        internal Func<string, Failure?> Answer { get; set; } = static _ => null;

        public string Kind => "note";

        public Task<Failure?> DeliverAsync(OutboxItem item, CancellationToken cancel)
        {
            var text = Encoding.UTF8.GetString(item.Body.Span);
            Seen.Enqueue((item.Id, text));
            return Task.FromResult(Answer(text));
        }
    }

    private readonly Courier courier = new();
    private readonly ManualClock clock = new(Noon);

    private StoreHouse Open() => new(clock, services => services.AddSingleton<IDelivery>(courier));

    private static OutboxItem Item(RunId run, string text, string endpoint = "here") =>
        new(Guid.CreateVersion7(), TenantId.Default, run, endpoint, "note", Encoding.UTF8.GetBytes(text));

    private static Task AppendAsync(StoreHouse store, RunId run, params IReadOnlyList<OutboxItem> items) =>
        store.Journal.AppendAsync(store.Append(run, 0, 1, Noon) with { Outbox = items }, CancellationToken.None);

    private string[] Texts() => [.. courier.Seen.Select(seen => seen.Text)];

    [Fact]
    public async Task Items_of_a_run_go_to_an_endpoint_in_order_and_leave_the_outbox()
    {
        await using var store = Open();
        var run = New();
        await AppendAsync(store, run, Item(run, "1"), Item(run, "2"), Item(run, "3"));
        var post = store.Get<OutboxPost>();
        while (await post.PassAsync(CancellationToken.None) > 0) clock.Advance(TimeSpan.Zero);

        Assert.Equal(["1", "2", "3"], Texts());
        Assert.Empty(await store.Get<IOutbox>().ListAsync(TenantId.Default, null, 10, CancellationToken.None));
    }

    [Fact]
    public async Task A_refused_append_sends_nothing()
    {
        await using var store = Open();
        var run = New();
        await AppendAsync(store, run, Item(run, "1"));
        await AppendAsync(store, run, Item(run, "2"));
        var post = store.Get<OutboxPost>();
        while (await post.PassAsync(CancellationToken.None) > 0) clock.Advance(TimeSpan.Zero);

        Assert.Equal(["1"], Texts());
    }

    [Fact]
    public async Task A_failing_item_holds_back_those_behind_it_and_no_others()
    {
        await using var store = Open();
        var (slow, quick) = (New(), New());
        courier.Answer = text => text == "slow 1" && courier.Seen.Count(seen => seen.Text == text) < 3 ? FailureCatalog.Fail("HTTP_5XX", "not yet") : null;
        await AppendAsync(store, slow, Item(slow, "slow 1"), Item(slow, "slow 2"));
        await AppendAsync(store, quick, Item(quick, "quick"));
        var post = store.Get<OutboxPost>();
        await post.PassAsync(CancellationToken.None);
        Assert.Equal(["slow 1", "quick"], Texts());
        Assert.Equal(0, await post.PassAsync(CancellationToken.None));

        for (var i = 0; i < 8; i++)
        {
            clock.Advance(TimeSpan.FromSeconds(2));
            await post.PassAsync(CancellationToken.None);
        }

        Assert.Equal(["slow 1", "quick", "slow 1", "slow 1", "slow 2"], Texts());
        Assert.Single(courier.Seen.Where(seen => seen.Text == "slow 1").Select(seen => seen.Id).Distinct());
    }

    [Fact]
    public async Task What_is_refused_for_good_is_dead_at_once_and_can_be_sent_again()
    {
        await using var store = Open();
        var run = New();
        courier.Answer = _ => FailureCatalog.Fail("HTTP_4XX", "no");
        await AppendAsync(store, run, Item(run, "1"), Item(run, "2"));
        var post = store.Get<OutboxPost>();
        await post.PassAsync(CancellationToken.None);
        var outbox = store.Get<IOutbox>();
        var dead = Assert.Single(await outbox.ListAsync(TenantId.Default, OutboxState.Dead, 10, CancellationToken.None));
        Assert.Equal((1, "HTTP_4XX: no"), (dead.Attempts, dead.LastError));

        courier.Answer = _ => null;
        await post.PassAsync(CancellationToken.None);
        Assert.Equal(["1", "2"], Texts());
        Assert.False(await outbox.ResendAsync(new TenantId("other"), dead.Item.Id, CancellationToken.None));
        Assert.True(await outbox.ResendAsync(TenantId.Default, dead.Item.Id, CancellationToken.None));
        Assert.False(await outbox.ResendAsync(TenantId.Default, dead.Item.Id, CancellationToken.None));
        await post.PassAsync(CancellationToken.None);
        Assert.Equal(["1", "2", "1"], Texts());
    }

    [Fact]
    public async Task What_keeps_failing_is_given_up_after_growing_delays()
    {
        await using var store = Open();
        var run = New();
        courier.Answer = _ => FailureCatalog.Fail("HTTP_5XX", "down");
        await AppendAsync(store, run, Item(run, "1"));
        var post = store.Get<OutboxPost>();
        var outbox = store.Get<IOutbox>();
        var delays = new List<double>();
        while (await post.PassAsync(CancellationToken.None) > 0)
        {
            if (await outbox.ListAsync(TenantId.Default, OutboxState.Waiting, 1, CancellationToken.None) is not [var row]) break;
            delays.Add((row.DueAt - clock.GetUtcNow()).TotalSeconds);
            clock.GoTo(row.DueAt + TimeSpan.FromSeconds(1)); // A shared store's clock is a hair off.
        }

        Assert.Equal(OutboxPost.AttemptsMax, courier.Seen.Count);
        Assert.Equal(delays.Order(), delays);
        Assert.InRange(delays[0], 0.8, 1.2);
        Assert.InRange(delays[^1], 800, 1300);
        Assert.Single(await outbox.ListAsync(TenantId.Default, OutboxState.Dead, 10, CancellationToken.None));
    }

    [Fact]
    public async Task A_delivery_that_throws_or_has_no_carrier_harms_no_other()
    {
        await using var store = Open();
        var run = New();
        courier.Answer = text => text == "bad" ? throw new FormatException("mine") : null;
        await AppendAsync(store, run, Item(run, "bad", "a"), Item(run, "good", "b"), Item(run, "x", "c") with { Kind = "pigeon" });
        await store.Get<OutboxPost>().PassAsync(CancellationToken.None);

        Assert.Contains("good", Texts());
        var left = await store.Get<IOutbox>().ListAsync(TenantId.Default, null, 10, CancellationToken.None);
        Assert.Equal(["EXECUTION_ERROR", "NOT_AVAILABLE"], left.Select(row => row.LastError!.Split(':')[0]).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_webhook_arrives_signed_with_its_id()
    {
        var seen = new TaskCompletionSource<(IReadOnlyDictionary<string, string> Headers, byte[] Body)>(TaskCreationOptions.RunContinuationsAsynchronously);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        await using var receiver = builder.Build();
        receiver.Run(async context =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            seen.TrySetResult((context.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase), body.ToArray()));
        });
        await receiver.StartAsync(CancellationToken.None);
        var origin = receiver.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        await using var store = new StoreHouse(clock, services => new AosBuilder(services, new Microsoft.Extensions.Configuration.ConfigurationBuilder().Build())
            .AddEgress(new EgressOptions { Allow = ["127.0.0.1"], WebhookSecret = "s3cret" }));
        var run = New();
        var item = Item(run, """{"status":"succeeded"}""", origin + "/hook") with { Kind = "webhook" };
        await AppendAsync(store, run, item);
        Assert.Equal(1, await store.Get<OutboxPost>().PassAsync(CancellationToken.None));

        var (headers, sent) = await seen.Task;
        Assert.Equal("""{"status":"succeeded"}""", Encoding.UTF8.GetString(sent));
        Assert.Equal(item.Id.ToString("D"), headers["X-Webhook-Delivery"]);
        Assert.Equal(item.Id.ToString("D"), headers["X-Webhook-Id"]);
        byte[] signed = [.. Encoding.UTF8.GetBytes($"{headers["X-Webhook-Timestamp"]}\n{headers["X-Webhook-Id"]}\n"), .. sent];
        var expected = HMACSHA256.HashData(Encoding.UTF8.GetBytes("s3cret"), signed);
        Assert.Equal("sha256=" + Convert.ToHexStringLower(expected), headers["X-Webhook-Signature"]);
        Assert.Empty(await store.Get<IOutbox>().ListAsync(TenantId.Default, null, 10, CancellationToken.None));
    }

    [Fact]
    public async Task A_runs_end_is_told_to_its_webhook_and_a_forbidden_target_is_seen_dead()
    {
        await using var house = await House.OpenAsync();
        using var created = await house.Http.PostAsJsonAsync(
            "/api/v1/runs?wait=20", new { agent_id = "a", plan = new[] { new { skill = "echo", @params = new { n = 1 } } }, webhook_url = "http://127.0.0.1:9/hook" }, CancellationToken.None);
        Assert.Equal(System.Net.HttpStatusCode.Created, created.StatusCode);
        var run = (await created.Content.ReadFromJsonAsync<JsonElement>(CancellationToken.None)).GetProperty("run_id").GetString();

        JsonElement dead;
        do dead = (await house.Http.GetFromJsonAsync<JsonElement>("/api/v1/outbox?state=dead", CancellationToken.None)).GetProperty("deliveries");
        while (dead.GetArrayLength() == 0);
        Assert.Equal(run, dead[0].GetProperty("run_id").GetString());
        Assert.StartsWith("EGRESS_BLOCKED", dead[0].GetProperty("last_error").GetString(), StringComparison.Ordinal);
        using var resent = await house.Http.PostAsync($"/api/v1/outbox/{dead[0].GetProperty("id").GetString()}/resend", null, CancellationToken.None);
        Assert.Equal(System.Net.HttpStatusCode.Accepted, resent.StatusCode);
        using var unknown = await house.Http.PostAsync($"/api/v1/outbox/{Guid.NewGuid():D}/resend", null, CancellationToken.None);
        Assert.Equal(System.Net.HttpStatusCode.NotFound, unknown.StatusCode);
    }

    private static RunId New() => new(Guid.CreateVersion7());
}
