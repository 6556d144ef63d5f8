using Aos.Contracts;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.Auth.Tests;

/// <summary>Keys of runs' starts and of steps' calls are told in the words of all keys, and only to their tenant.</summary>
public sealed class OneSchemeOfKeys : IAsyncLifetime
{
    private const string Keyed = """{"idempotency_key":"start-1","wait":30,"plan":{"name":"p","steps":[{"id":"a","skill":"kv_set","params":{"key":"a","value":1},"idempotency_key":"digest-1"},{"id":"b","skill":"echo"}]}}""";

    private AuthHouse house = null!;
    private (string, string) acme, rival;

    private IIdempotency Keys => house.Services.GetRequiredService<IIdempotency>();

    public async ValueTask InitializeAsync()
    {
        house = await AuthHouse.OpenAsync();
        acme = ("X-AOS-Key", (await house.KeyAsync("admin", """ "tenant_id":"acme","tier":"unlimited" """)).Text);
        rival = ("X-AOS-Key", (await house.KeyAsync("admin", """ "tenant_id":"rival","tier":"unlimited" """)).Text);
    }

    public async ValueTask DisposeAsync() => await house.DisposeAsync();

    [Fact]
    [Trait("id", "IDEM-01")]
    public async Task The_key_of_a_runs_start_is_completed_by_the_start_and_its_answer_is_the_run()
    {
        var run = (await AskAsync("POST", "/api/v1/runs", Keyed)).Text("run_id")!;
        var row = await Keys.FindAsync(Key("runs", "start-1"), TestContext.Current.CancellationToken);
        var taken = await Keys.ReserveAsync(Key("runs", "start-1"), new byte[32], "somebody", TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
        var shown = await AskAsync("GET", "/api/v1/traces/idempotency/start-1");
        var foreign = await house.AskAsync("GET", "/api/v1/traces/idempotency/start-1", null, rival);

        Assert.Equal((KeyState.Completed, run, run, $$"""{"run_id":"{{run}}"}"""), (row!.State, row.Owner, row.Subject, row.Answer!.Value.GetRawText()));
        Assert.InRange(row.ExpiresAt, house.Services.GetRequiredService<TimeProvider>().GetUtcNow().AddHours(23), house.Services.GetRequiredService<TimeProvider>().GetUtcNow().AddHours(24));
        Assert.IsType<KeyReply.Conflict>(taken);
        Assert.Equal((true, run, "completed"), (shown["executed"].GetBoolean(), shown.Text("trace_id"), shown.Text("status")));
        Assert.Equal("""{"executed":false}""", foreign.Body.GetRawText());
        Assert.Equal(run, (await AskAsync("POST", "/api/v1/runs", Keyed)).Text("run_id"));
    }

    [Fact]
    [Trait("id", "IDEM-02")]
    public async Task The_key_of_a_step_tells_what_its_call_came_to()
    {
        var run = (await AskAsync("POST", "/api/v1/runs", Keyed)).Text("run_id")!;
        var step = await AskAsync("GET", "/api/v1/traces/idempotency/digest-1");
        var made = (await AskAsync("POST", "/api/v1/runs", """{"wait":30,"plan":[{"skill":"kv_set","params":{"key":"b","value":1}}]}""")).Text("run_id")!;
        var own = await AskAsync("GET", $"/api/v1/traces/idempotency/{EffectKey.Of(new RunId(Guid.Parse(made)), new EffectId(0, -1, 0))}");

        Assert.Equal((true, run, 0, "success"), (step["executed"].GetBoolean(), step.Text("trace_id"), step["step_index"].GetInt32(), step.Text("status")));
        Assert.Equal(16, step.Text("output_hash")!.Length);
        Assert.Equal((true, made), (own["executed"].GetBoolean(), own.Text("trace_id")));
        Assert.Equal("""{"executed":false}""", (await house.AskAsync("GET", "/api/v1/traces/idempotency/digest-1", null, rival)).Body.GetRawText());
        Assert.Equal("""{"executed":false}""", (await AskAsync("GET", "/api/v1/traces/idempotency/digest")).Body.GetRawText());
    }

    [Fact]
    [Trait("id", "IDEM-03")]
    public async Task A_call_that_failed_or_is_not_known_is_not_executed_and_a_long_key_is_compared_as_a_whole()
    {
        var stem = new string('k', 600);
        string Order(string path, string key) => $$"""{"wait":30,"plan":{"name":"p","steps":[{"id":"a","skill":"fs_write","params":{"path":"{{path}}","content":"x"},"idempotency_key":"{{key}}"}]} }""";
        await AskAsync("POST", "/api/v1/runs", Order("../outside", stem + "1"));
        await AskAsync("POST", "/api/v1/runs", Order("inside", stem + "2"));

        var (failed, done, none) = (await AskAsync("GET", $"/api/v1/traces/idempotency/{stem}1"), await AskAsync("GET", $"/api/v1/traces/idempotency/{stem}2"), await AskAsync("GET", $"/api/v1/traces/idempotency/{stem}3"));

        Assert.Equal("""{"executed":false,"status":"failed"}""", failed.Body.GetRawText());
        Assert.True(done["executed"].GetBoolean());
        Assert.Equal("""{"executed":false}""", none.Body.GetRawText());
    }

    [Fact]
    [Trait("id", "IDEM-04")]
    public async Task Keys_of_steps_go_when_their_day_is_over()
    {
        await AskAsync("POST", "/api/v1/runs", Keyed);
        Assert.Equal(1, await house.CountAsync("step_keys"));
        await house.DamageAsync("UPDATE step_keys SET expires_at = 1");

        Assert.Equal("""{"executed":false}""", (await AskAsync("GET", "/api/v1/traces/idempotency/digest-1")).Body.GetRawText());
        await house.Chore("expired-rows").PassAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, await house.CountAsync("step_keys"));
    }

    private static RequestKey Key(string scope, string key) => new(new TenantId("acme"), scope, key);

    private Task<Reply> AskAsync(string method, string path, string? body = null) => house.AskAsync(method, path, body, acme);
}
