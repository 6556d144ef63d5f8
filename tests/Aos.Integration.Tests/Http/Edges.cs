using System.Text.Json;
using Aos.Contracts;
using Aos.Testing;

namespace Aos.Integration.Tests.Http;

/// <summary>Health, errors, limits and who may ask: what holds for every route.</summary>
public sealed class Edges : IAsyncLifetime
{
    private House house = null!;

    public async ValueTask InitializeAsync() => house = await House.OpenAsync();

    public async ValueTask DisposeAsync() => await house.DisposeAsync();

    [Fact]
    [Trait("id", "B8.4-17")]
    public async Task A_store_that_cannot_be_written_is_not_ready_but_alive()
    {
        await using var other = house.Store.Connect();
        await using var held = other.BeginTransaction();
        await using var hold = other.CreateCommand();
        (hold.Transaction, hold.CommandText) = (held, house.Store.Kind == TestStoreKind.Sqlite ? "DELETE FROM server_probes" : "LOCK TABLE server_probes");
        hold.ExecuteNonQuery();

        var ready = await house.AskAsync("/readyz");
        var alive = await house.AskAsync("/healthz");
        await held.RollbackAsync(TestContext.Current.CancellationToken);

        Assert.Equal(503, ready.Status);
        Assert.Equal("1", ready.Headers["Retry-After"]);
        Assert.False(ready["ready"].GetBoolean());
        Assert.StartsWith("error: ", ready["checks.database"].GetString(), StringComparison.Ordinal);
        Assert.Equal(200, alive.Status);
    }

    [Fact]
    public async Task Version_health_details_and_metrics_tell_real_numbers()
    {
        await house.RunAsync("""{"plan":[{"skill":"echo"},{"skill":"fs_read","params":{"path":"no-such-file"}}]}""");
        var version = await house.AskAsync("/version");
        var skills = await house.AskAsync("/health/skills");
        var workers = await house.AskAsync("/healthz/worker_pool");
        var metrics = (await house.AskAsync("/metrics")).Body.GetString()!;

        Assert.Equal(house.Get<ISkills>().All.Count, version["skills"].GetArrayLength());
        Assert.Equal(house.Get<ISkills>().All.Count, skills["count"].GetInt32());
        Assert.Equal(Environment.ProcessorCount, workers["worker_pool_configured"].GetInt32());
        Assert.Contains("nova_runs_total{status=\"started\",planner=\"none\"} 1\n", metrics, StringComparison.Ordinal);
        Assert.Contains("nova_runs_total{status=\"failed\",planner=\"none\"} 1\n", metrics, StringComparison.Ordinal);
        Assert.Contains("nova_runs_failed_total 1\n", metrics, StringComparison.Ordinal);
        Assert.Contains("nova_skill_attempts_total{skill=\"fs_read\"} 1\n", metrics, StringComparison.Ordinal);
        Assert.Contains("nova_skill_duration_seconds_bucket{skill=\"echo\",le=\"+Inf\"} 1\n", metrics, StringComparison.Ordinal);
        Assert.Contains("# TYPE nova_skill_duration_seconds histogram\n", metrics, StringComparison.Ordinal);
        Assert.Contains($"nova_worker_pool_size {Environment.ProcessorCount}\n", metrics, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Health_tells_the_last_replay_and_that_none_was_made_before()
    {
        var before = await house.AskAsync("/health/determinism");
        var id = await house.RunAsync("""{"plan":[{"skill":"echo"}]}""");
        await house.AskAsync($"/api/v1/runtime/replay/{id}", "{}");
        var after = await house.AskAsync("/health/determinism");

        Assert.Equal(0, before["determinism.replay_count"].GetInt32());
        Assert.Null(before["determinism"].Get("last_replay_hash"));
        Assert.Equal(1, after["determinism.replay_count"].GetInt32());
        Assert.False(after["determinism.drift_detected"].GetBoolean());
        Assert.Equal((await house.AskAsync($"/api/v1/runs/{id}")).Body.GetText("root_hash"), after["determinism.last_replay_hash"].GetString());
    }

    [Fact]
    public async Task Health_names_the_model_providers_there_are_and_never_a_key()
    {
        var adapters = await house.AskAsync("/health/adapters");

        Assert.Equal(200, adapters.Status);
        Assert.True(adapters["adapters.scripted.registered"].GetBoolean());
        Assert.NotNull(adapters["adapters"].Get(adapters.Body.GetText("default")!));
        Assert.DoesNotContain("key", adapters.Body.GetRawText(), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Two_houses_in_one_process_count_apart()
    {
        await using var other = await House.OpenAsync();
        await other.RunAsync("""{"plan":[{"skill":"echo"}]}""");

        Assert.DoesNotContain("nova_runs_total{", (await house.AskAsync("/metrics")).Body.GetString()!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bytes_that_are_no_utf8_and_nesting_too_deep_are_told_with_their_place()
    {
        using var bad = new ByteArrayContent([.. "{\"a\":\""u8, 0xFF, .. "\"}"u8]);
        using var answer = await house.Http.PostAsync("/api/v1/runs", bad, TestContext.Current.CancellationToken);
        var utf8 = Json.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).GetProperty("error").GetProperty("details");
        var deep = await house.AskAsync("/api/v1/runs", string.Concat(Enumerable.Repeat("{\"a\":", 100)) + "1" + new string('}', 100));

        Assert.Equal(6, utf8.GetProperty("offset").GetInt32());
        Assert.Equal(422, deep.Status);
        Assert.StartsWith("a.a.a.a.", deep["error.details.path"].GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_body_of_50_MB_is_refused_and_the_answer_arrives(bool isChunked)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/runs");
        request.Headers.TransferEncodingChunked = isChunked;
        request.Content = new ByteArrayContent(new byte[50 * 1024 * 1024]);
        using var reply = await house.Http.SendAsync(request, TestContext.Current.CancellationToken);
        var body = Json.Parse(await reply.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));

        Assert.Equal(413, (int)reply.StatusCode);
        Assert.Equal("PAYLOAD_TOO_LARGE", body.GetProperty("error").GetText("code"));
    }

    [Fact]
    public async Task A_get_may_say_that_it_sends_json_and_nothing_is_redirected()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/runtime/skills") { Content = new ByteArrayContent([]) };
        request.Content.Headers.ContentType = new("application/json");
        using var reply = await house.Http.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(200, (int)reply.StatusCode);
        Assert.InRange((await house.AskAsync("/api/v1/runtime/skills/")).Status, 200, 299);
    }

    [Fact]
    public async Task Metrics_and_runs_ask_for_a_key_where_there_is_a_wrong_one()
    {
        Assert.Equal(401, (await house.AskAsync("GET", "/metrics", null, ("X-AOS-Key", "wrong"))).Status);
        Assert.Equal(401, (await house.AskAsync("GET", "/status_history", null, ("Authorization", "Bearer wrong"))).Status);
    }
}
