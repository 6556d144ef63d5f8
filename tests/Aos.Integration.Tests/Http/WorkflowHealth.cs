using Aos.Testing;

namespace Aos.Integration.Tests.Http;

/// <summary><c>/workflow/*</c> over a real server and store.</summary>
public sealed class WorkflowHealth : IAsyncLifetime
{
    private House house = null!;

    public async ValueTask InitializeAsync() => house = await House.OpenAsync();

    public async ValueTask DisposeAsync() => await house.DisposeAsync();

    [Fact]
    [Trait("id", "B8.3-31")]
    [Trait("id", "B8.3-32")]
    [Trait("id", "B8.3-34")]
    public async Task An_engine_that_works_says_so_and_how_it_is_set_up()
    {
        var alive = await house.AskAsync("/workflow/healthz");
        var ready = await house.AskAsync("/workflow/readyz");
        var config = await house.AskAsync("/workflow/config");

        Assert.Equal((200, "ok", "workflow_engine"), (alive.Status, alive.Body.GetText("status"), alive.Body.GetText("service")));
        Assert.True(alive["ts"].TryGetDateTimeOffset(out _));
        Assert.Equal((200, true), (ready.Status, ready["ready"].GetBoolean()));
        Assert.Equal([true, true, true], new[] { "engine_enabled", "checkpoint_store", "golden_writer" }.Select(check => ready[$"checks.{check}"].GetBoolean()));
        Assert.Equal((200, house.Store.Kind == TestStoreKind.Sqlite ? "sqlite" : "postgres"), (config.Status, config["engine.checkpoint_store_type"].GetString()));
        Assert.Equal((500, 512), (config["policy.workflow_ceiling_cents"].GetInt32(), config["environment.AOS_CALLS_MAX"].GetInt32()));
    }

    [Fact]
    [Trait("id", "B8.3-33")]
    [Trait("store", "none")]
    public async Task A_store_that_cannot_be_written_makes_it_not_ready()
    {
        await using var other = house.Store.Connect();
        await using var held = other.BeginTransaction();
        await using var hold = other.CreateCommand();
        (hold.Transaction, hold.CommandText) = (held, house.Store.Kind == TestStoreKind.Sqlite ? "DELETE FROM server_probes" : "LOCK TABLE server_probes");
        hold.ExecuteNonQuery();

        var ready = await house.AskAsync("/workflow/readyz");
        var alive = await house.AskAsync("/workflow/healthz");
        await held.RollbackAsync(TestContext.Current.CancellationToken);

        Assert.Equal((503, "1"), (ready.Status, ready.Headers["Retry-After"]));
        Assert.Equal((false, true, false), (ready["ready"].GetBoolean(), ready["checks.engine_enabled"].GetBoolean(), ready["checks.checkpoint_store"].GetBoolean()));
        Assert.Equal(200, alive.Status);
    }

    [Fact]
    [Trait("id", "W-23")]
    public async Task The_newest_checkpoint_is_a_real_time_also_after_a_restart()
    {
        var before = await house.AskAsync("/workflow/status");
        var began = TimeProvider.System.GetUtcNow().AddSeconds(-1);
        await house.RunAsync("""{"plan":[{"skill":"echo"}]}""");
        var after = await house.AskAsync("/workflow/status");
        await house.RestartAsync();
        var restarted = await house.AskAsync("/workflow/status");

        Assert.Equal(System.Text.Json.JsonValueKind.Null, before["last_checkpoint_at"].ValueKind);
        Assert.InRange(after["last_checkpoint_at"].GetDateTimeOffset(), began, TimeProvider.System.GetUtcNow().AddSeconds(1));
        Assert.InRange(restarted["last_checkpoint_at"].GetDateTimeOffset(), began, TimeProvider.System.GetUtcNow().AddSeconds(1));
        Assert.Equal((0, true), (restarted["active_runs"].GetInt32(), restarted["enabled"].GetBoolean()));
    }

    [Theory]
    [Trait("id", "W-23")]
    [Trait("store", "none")]
    [InlineData("/workflow/status")]
    [InlineData("/workflow/config")]
    public async Task How_it_is_set_up_is_not_for_everybody(string path)
    {
        var stranger = await house.AskAsync("GET", path, null, ("Host", "aos.example"));
        var known = await house.AskAsync("GET", path, null, ("Host", "aos.example"), ("X-AOS-Key", house.Key()));

        Assert.Equal((401, 200), (stranger.Status, known.Status));
    }

    [Fact]
    [Trait("id", "B8.3-11")]
    [Trait("store", "none")]
    public async Task A_failed_run_tells_its_failure_with_all_its_fields()
    {
        var run = await house.AskAsync("/api/v1/runs?wait=20", """{"plan":[{"skill":"fs_read","params":{"path":"no-such-file"}}]}""");

        var error = run["outcome.error"];
        Assert.Equal(("FILE_NOT_FOUND", "DATA", false), (error.GetText("code"), error.GetText("category"), error.GetProperty("retryable").GetBoolean()));
        Assert.All(new[] { "message", "recovery_suggestion" }, name => Assert.False(string.IsNullOrEmpty(error.GetText(name)), $"{name} of {error}"));
    }
}
