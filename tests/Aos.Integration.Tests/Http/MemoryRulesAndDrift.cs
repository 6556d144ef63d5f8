namespace Aos.Integration.Tests.Http;

/// <summary>Rules of the memory, and what memory changed in runs, over HTTP.</summary>
public sealed class MemoryRulesAndDrift : IAsyncLifetime
{
    private const string Counting = """{"on_conflict":"last","rules":[{"name":"count","pattern":"counter:*","merge_strategy":"increment"}]}""";

    private House house = null!;
    private (string, string) key;

    public async ValueTask InitializeAsync()
    {
        house = await House.OpenAsync();
        key = ("X-AOS-Key", house.Key());
    }

    public async ValueTask DisposeAsync() => await house.DisposeAsync();

    [Fact]
    [Trait("id", "E3.7-21")]
    public async Task Rules_are_read_replaced_and_tried()
    {
        var none = await house.AskAsync("GET", "/api/v1/memory/rules", null, key);
        Assert.Equal((200, 0, 0), (none.Status, none["version"].GetInt32(), none["rules"].GetArrayLength()));

        var tried = await house.AskAsync("POST", "/api/v1/memory/rules/test", $$$"""{"key":"counter:a","value":{"n":1},"existing":{"n":2},"rules":{{{Counting}}}}""", key);
        Assert.Equal((true, """{"n":3}""", "increment"), (tried["accepted"].GetBoolean(), tried["value"].GetRawText(), tried["merge_strategy"].GetString()));

        var put = await house.AskAsync("PUT", "/api/v1/memory/rules", Counting, key);
        Assert.Equal((200, 1, "last", "count"), (put.Status, put["version"].GetInt32(), put["on_conflict"].GetString(), put["rules"][0].GetText("name")));
        for (var i = 1; i <= 2; i++)
            Assert.Equal(i, (await house.AskAsync("POST", "/api/v1/memory/pins", """{"key":"counter:a","value":{"n":1}}""", key))["value"].GetProperty("n").GetInt32());

        // What was read goes back as it is, once: by then it is another version.
        var read = (await house.AskAsync("GET", "/api/v1/memory/rules", null, key)).Body.GetRawText();
        Assert.Equal(2, (await house.AskAsync("PUT", "/api/v1/memory/rules", read, key))["version"].GetInt32());
        var late = await house.AskAsync("PUT", "/api/v1/memory/rules", read, key);
        Assert.Equal((412, "PRECONDITION_FAILED"), (late.Status, late["error.code"].GetString()));

        var wrong = await house.AskAsync("PUT", "/api/v1/memory/rules", """{"rules":[{"name":"a","pattern":"*","merge_strategy":"sum"}]}""", key);
        Assert.Equal((422, "INVALID_INPUT"), (wrong.Status, wrong["error.code"].GetString()));
        Assert.Contains("rules[0].merge_strategy", wrong.Body.GetRawText(), StringComparison.Ordinal);
        Assert.Equal(422, (await house.AskAsync("POST", "/api/v1/memory/rules/test", """{"key":"a/b","value":{}}""", key)).Status);
        var reader = ("X-AOS-Key", (await house.AskAsync("POST", "/api/v1/keys", """{"name":"reader","roles":["readonly"]}""", key))["key"].GetString()!);
        Assert.Equal((200, 403), ((await house.AskAsync("GET", "/api/v1/memory/rules", null, reader)).Status, (await house.AskAsync("PUT", "/api/v1/memory/rules", Counting, reader)).Status));
    }

    [Fact]
    [Trait("id", "E4.1-10")]
    [Trait("id", "E4.1-11")]
    [Trait("id", "E4.1-14")]
    public async Task What_the_memory_changed_between_two_runs_is_named()
    {
        var without = await RunAsync();
        var again = await RunAsync();
        await house.AskAsync("POST", "/api/v1/memory/pins", """{"key":"tone:Ada","value":{"style":"dry"}}""", key);
        var with = await RunAsync();

        var drift = await house.AskAsync("GET", $"/api/v1/memory/drift?baseline={without}&memory={with}", null, key);
        Assert.Equal((200, true), (drift.Status, drift["has_drift"].GetBoolean()));
        var paths = drift["drift_points"].EnumerateArray().Select(point => point.GetText("field_path")).ToList();
        Assert.Contains("steps[0].params.message", paths);
        Assert.Contains("final_state.output.message", paths);
        var same = await house.AskAsync("GET", $"/api/v1/memory/drift?baseline={without}&memory={again}", null, key);
        Assert.Equal((false, "No drift detected"), (same["has_drift"].GetBoolean(), same["summary"].GetString()));
        Assert.Equal(same["baseline_hash"].GetString(), same["memory_hash"].GetString());
        Assert.Equal(100, (await house.AskAsync("GET", $"/api/v1/memory/drift?baseline={without}&memory={with}&threshold=100&ignore=message,echo,output", null, key))["drift_score"].GetInt32() + 100);

        var paused = (await house.AskAsync("POST", "/api/v1/runs", """{"plan":{"name":"p","steps":[{"id":"a","await":{"signal":"go"}}]}}""", key))["run_id"].GetString();
        Assert.Equal(409, (await house.AskAsync("GET", $"/api/v1/memory/drift?baseline={without}&memory={paused}", null, key)).Status);
        Assert.Equal("RUN_NOT_FOUND", (await house.AskAsync("GET", $"/api/v1/memory/drift?baseline={without}&memory={Guid.NewGuid()}", null, key))["error.code"].GetString());
        Assert.Equal(422, (await house.AskAsync("GET", $"/api/v1/memory/drift?baseline={without}", null, key)).Status);
        await house.AskAsync("POST", "/api/v1/tenants", """{"id":"rival","name":"Rival"}""", key);
        var rival = ("X-AOS-Key", (await house.AskAsync("POST", "/api/v1/keys", """{"name":"rival","roles":["admin"],"tenant_id":"rival"}""", key))["key"].GetString()!);
        Assert.Equal("RUN_NOT_FOUND", (await house.AskAsync("GET", $"/api/v1/memory/drift?baseline={without}&memory={with}", null, rival))["error.code"].GetString());
        var metrics = (await house.AskAsync("/metrics")).Body.GetString()!;
        Assert.Contains("drift_comparisons_total{status=\"drift\"} 1\n", metrics, StringComparison.Ordinal);
        Assert.Contains("drift_comparisons_total{status=\"no_drift\"} 2\n", metrics, StringComparison.Ordinal);
        Assert.Contains("drift_comparison_latency_seconds_count 3\n", metrics, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "E4.1-12")]
    public async Task Executions_that_are_sent_along_are_compared()
    {
        var one = """{"workflow_id":"w","steps":[{"skill":"http_call","params":{},"result":{"data":1,"nonce":1}}],"final_state":{}}""";
        var two = """{"workflow_id":"w","steps":[{"skill":"http_call","params":{},"result":{"data":2,"nonce":2}}],"final_state":{}}""";

        var drift = await house.AskAsync("POST", "/api/v1/memory/drift", $$"""{"baseline":{{one}},"memory":{{two}},"ignored_fields":["nonce"],"threshold":10}""", key);

        Assert.Equal((false, 10, 1, "high"), (drift["has_drift"].GetBoolean(), drift["drift_score"].GetInt32(), drift["drift_point_count"].GetInt32(), drift["severity"].GetString()));
        foreach (var (body, problem) in new[]
        {
            ($$"""{"baseline":{{one}}}""", "memory is missing"),
            ($$$"""{"baseline":{{{one}}},"memory":{"steps":[{"params":{}}]}}""", "memory.steps[0].skill"),
            ($$$"""{"baseline":{{{one}}},"memory":{"steps":[],"more":1}}""", "memory.more"),
            ($$"""{"baseline":{{one}},"memory":{{two}},"threshold":101}""", "threshold"),
            ($$"""{"baseline":{{one}},"memory":{{two}},"ignored_fields":"x"}""", "ignored_fields"),
        })
        {
            var refused = await house.AskAsync("POST", "/api/v1/memory/drift", body, key);
            Assert.Equal(422, refused.Status);
            Assert.Contains(problem, refused.Body.GetRawText(), StringComparison.Ordinal);
        }
    }

    private async Task<string> RunAsync()
    {
        var run = await house.AskAsync("POST", "/api/v1/runs?wait=30", """
            {"plan":{"name":"greeting","steps":[{"id":"greet","skill":"echo","params":{"message":"${{ default(memory[\"tone:Ada\"].style, \"plain\") }}"}}],"output":"${{ steps.greet.result.echo }}"}}
            """, key);
        Assert.Equal("succeeded", run["status"].GetString());
        return run["run_id"].GetString()!;
    }
}
