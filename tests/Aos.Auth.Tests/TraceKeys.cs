using Aos.Contracts;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.Auth.Tests;

/// <summary>A request to store a trace is done once, however often it comes; and what a key was used for can be asked.</summary>
public sealed class TraceKeys : IAsyncLifetime
{
    private AuthHouse house = null!;
    private (string, string) acme;

    private IIdempotency Keys => house.Services.GetRequiredService<IIdempotency>();

    private static RequestKey Key(string key, string tenant = "acme") => new(new TenantId(tenant), "traces", key);

    public async ValueTask InitializeAsync()
    {
        house = await AuthHouse.OpenAsync();
        acme = ("X-AOS-Key", (await house.KeyAsync("admin", """ "tenant_id":"acme","tier":"unlimited" """)).Text);
    }

    public async ValueTask DisposeAsync() => await house.DisposeAsync();

    [Fact]
    [Trait("id", "B8-TRACE-40")]
    [Trait("id", "W-17")]
    public async Task A_repeat_gets_the_first_answer_and_another_request_none()
    {
        var order = Traces.Order(Traces.Made(), """ "trace_id":"t" """);
        var first = await StoreAsync("k", order);
        var repeat = await StoreAsync("k", order);
        var other = await StoreAsync("k", Traces.Order(Traces.Made("9"), """ "trace_id":"u" """));
        var shown = await AskAsync("/api/v1/traces/idempotency/k");

        Assert.Equal((201, 201, 409), (first.Status, repeat.Status, other.Status));
        Assert.Equal(first.Body.GetRawText(), repeat.Body.GetRawText());
        Assert.Equal((false, "true"), (first.Headers.ContainsKey("Idempotency-Replayed"), repeat.Headers["Idempotency-Replayed"]));
        Assert.Equal("IDEMPOTENCY_CONFLICT", other.Text("error.code"));
        Assert.Equal((true, "t", "completed"), (shown["executed"].GetBoolean(), shown.Text("trace_id"), shown.Text("status")));
        Assert.Equal(1, await house.CountAsync("client_traces"));
    }

    [Fact]
    [Trait("id", "B8-TRACE-41")]
    [Trait("id", "W-17")]
    public async Task A_refused_request_leaves_a_key_that_may_be_used_again()
    {
        var refused = await StoreAsync("k", """{"trace":{"run_id":"r","seed":"x"}}""");
        var state = await AskAsync("/api/v1/traces/idempotency/k");
        var stored = await StoreAsync("k", Traces.Order(Traces.Made(), """ "run_id":"r" """));

        Assert.Equal((400, 201), (refused.Status, stored.Status));
        Assert.Equal((false, "failed"), (state["executed"].GetBoolean(), state.Text("status")));
    }

    [Fact]
    [Trait("id", "B8-TRACE-42")]
    [Trait("id", "W-17")]
    public async Task A_key_is_reserved_by_one_and_by_the_next_when_its_time_is_over()
    {
        var order = Traces.Order(Traces.Made(), """ "trace_id":"t" """);
        await ReserveAsync("k", "somebody", TimeSpan.FromMinutes(1), new byte[32]);
        var other = await StoreAsync("k", order);
        await Keys.FailAsync(Key("k"), "somebody else", TimeSpan.FromMinutes(5), TestContext.Current.CancellationToken);
        var still = await AskAsync("/api/v1/traces/idempotency/k");
        await ReserveAsync("gone", "somebody", TimeSpan.FromSeconds(-1), new byte[32]);
        var taken = await StoreAsync("gone", order);

        Assert.Equal(409, other.Status);
        Assert.Equal((false, "reserved"), (still["executed"].GetBoolean(), still.Text("status")));
        Assert.Equal(201, taken.Status);
    }

    [Fact]
    [Trait("id", "B8-TRACE-43")]
    [Trait("id", "W-17")]
    public async Task Of_many_at_once_one_reserves_and_only_its_owner_completes()
    {
        var fingerprint = new byte[32];
        var replies = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => ReserveAsync("k", $"owner {i}", TimeSpan.FromMinutes(1), fingerprint)));
        var owner = Array.FindIndex(replies, reply => reply is KeyReply.Reserved);
        var database = house.Services.GetRequiredService<IDatabase>();
        Task<bool> CompleteAsync(string by) => database.For(new TenantId("acme")).WriteAsync(
            (connection, transaction) => Keys.Complete(connection, transaction, Key("k"), by, "t", Json.Parse("""{"n":1}"""), TimeSpan.FromDays(1)), TestContext.Current.CancellationToken);

        Assert.Single(replies, reply => reply is KeyReply.Reserved);
        Assert.Equal(19, replies.Count(reply => reply is KeyReply.AtWork));
        Assert.False(await CompleteAsync("owner none"));
        Assert.True(await CompleteAsync($"owner {owner}"));
        Assert.False(await CompleteAsync($"owner {owner}"));
        Assert.Equal("""{"n":1}""", Assert.IsType<KeyReply.Repeat>(await ReserveAsync("k", "later", TimeSpan.FromMinutes(1), fingerprint)).Answer.GetRawText());
        Assert.IsType<KeyReply.Conflict>(await ReserveAsync("k", "later", TimeSpan.FromMinutes(1), [1]));
    }

    [Fact]
    [Trait("id", "B8-TRACE-44")]
    [Trait("id", "W-17")]
    public async Task Names_that_look_alike_when_put_together_are_different_keys()
    {
        await ReserveAsync("b:c", "x", TimeSpan.FromMinutes(1), new byte[32], "a");

        Assert.IsType<KeyReply.Reserved>(await ReserveAsync("c", "x", TimeSpan.FromMinutes(1), new byte[32], "a:b"));
        Assert.Null(await Keys.FindAsync(Key("b:c", "acme"), TestContext.Current.CancellationToken));
    }

    [Fact]
    [Trait("id", "B8-TRACE-45")]
    public async Task The_key_of_a_step_tells_what_it_did()
    {
        var trace = Traces.Made(steps: 2);
        await StoreAsync(null, Traces.Order(trace, """ "trace_id":"t" """));

        var shown = await AskAsync("/api/v1/traces/idempotency/key-42-1");
        var never = await AskAsync("/api/v1/traces/idempotency/never");

        Assert.Equal($$"""{"executed":true,"trace_id":"t","step_index":1,"status":"success","output_hash":"{{trace.Steps[1].OutputHash}}"}""", shown.Body.GetRawText());
        Assert.Equal((200, """{"executed":false}"""), (never.Status, never.Body.GetRawText()));
    }

    private Task<KeyReply> ReserveAsync(string key, string owner, TimeSpan lease, byte[] fingerprint, string tenant = "acme") =>
        Keys.ReserveAsync(Key(key, tenant), fingerprint, owner, lease, TestContext.Current.CancellationToken);

    private Task<Reply> StoreAsync(string? key, string order) => key is null
        ? house.AskAsync("POST", "/api/v1/traces", order, acme)
        : house.AskAsync("POST", "/api/v1/traces", order, acme, ("Idempotency-Key", key));

    private Task<Reply> AskAsync(string path) => house.AskAsync("GET", path, null, acme);
}
