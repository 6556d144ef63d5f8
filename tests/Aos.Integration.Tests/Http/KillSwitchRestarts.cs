namespace Aos.Integration.Tests.Http;

/// <summary>A switch is in the store: whatever process comes next holds to it.</summary>
public sealed class KillSwitchRestarts : IAsyncLifetime
{
    private House house = null!;

    public async ValueTask InitializeAsync() => house = await House.OpenAsync();

    public async ValueTask DisposeAsync() => await house.DisposeAsync();

    [Fact]
    [Trait("id", "SWITCH-23")]
    public async Task It_holds_in_the_next_process_and_ends_what_the_last_one_had_not_come_to()
    {
        var run = (await house.AskAsync("/api/v1/runs?wait=0", """{"name":"w","steps":[{"id":"a","await":{"signal":"go"}}]}""")).Body.GetText("run_id");
        Assert.Equal("waiting", (await house.AskAsync($"/api/v1/runs/{run}?wait=0")).Body.GetText("status"));
        await using (var connection = house.Store.Connect())
        {
            // As if the process had died between the commit and the sweep.
            await using var command = connection.CreateCommand();
            command.CommandText = "INSERT INTO kill_switches (tenant_id, workflow, number, reason, engaged_at, engaged_by) VALUES ('*', '', 1, 'breach', 1, 'key:1')";
            Assert.Equal(1, await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken));
        }

        await house.RestartAsync();

        var ended = await house.AskAsync($"/api/v1/runs/{run}?wait=20");
        Assert.Equal("EMERGENCY_STOP", ended["outcome.error.code"].GetString());
        Assert.Equal("breach", ended["outcome.error.details.reason"].GetString());
        Assert.Equal(503, (await house.AskAsync("/api/v1/runs", """{"plan":[{"skill":"echo"}]}""")).Status);
        var key = ("X-AOS-Key", house.Key());
        Assert.Equal(200, (await house.AskAsync("POST", "/api/v1/killswitches/house/release", "{}", key)).Status);
        await house.RunAsync("""{"plan":[{"skill":"echo"}]}""");
    }
}
