using System.Text.Json;

namespace Aos.Auth.Tests;

/// <summary>Failed steps of runs, asked for as by somebody from outside.</summary>
public sealed class KeptFailures : IAsyncLifetime
{
    private const string Fails = """{"plan":{"steps":[{"id":"pick","skill":"json_transform","params":{"operation":"extract","data":{"a":1},"path":"$.b"}}]}}""";
    private AuthHouse house = null!;
    private (string, string) acme, rival, reader;
    private string run = "";

    public async ValueTask InitializeAsync()
    {
        house = await AuthHouse.OpenAsync();
        acme = ("X-AOS-Key", (await house.KeyAsync("admin", """ "tenant_id":"acme" """)).Text);
        rival = ("X-AOS-Key", (await house.KeyAsync("admin", """ "tenant_id":"rival" """)).Text);
        reader = ("X-AOS-Key", (await house.KeyAsync("readonly", """ "tenant_id":"acme" """)).Text);
        run = (await house.AskAsync("POST", "/api/v1/runs?wait=30", Fails, acme)).Text("run_id")!;
    }

    public async ValueTask DisposeAsync() => await house.DisposeAsync();

    [Fact]
    [Trait("id", "F5.51-01")]
    [Trait("id", "F5.51-03")]
    [Trait("id", "F5.51-05")]
    [Trait("id", "F5.51-12")]
    [Trait("id", "F5.51-21")]
    [Trait("id", "F5.51-29")]
    public async Task A_failed_step_is_kept_found_counted_and_recovered_from()
    {
        var list = await house.AskAsync("GET", $"/api/v1/failures?run_id={run}&category=data&status=unrecovered", null, acme);
        var one = Assert.Single(list["failures"].EnumerateArray());
        var id = one.GetText("id");
        var shown = await house.AskAsync("GET", $"/api/v1/failures/{id}", null, reader);
        var denied = await house.AskAsync("PATCH", $"/api/v1/failures/{id}/recovery", """{"recovery_succeeded":true}""", reader);
        var stats = await house.AskAsync("GET", "/api/v1/failures/stats", null, reader);
        var open = await house.AskAsync("GET", "/api/v1/failures/unrecovered", null, reader);
        var marked = await house.AskAsync("PATCH", $"/api/v1/failures/{id}/recovery", """{"recovery_succeeded":true,"notes":"path corrected"}""", acme);

        Assert.Equal((1, 100, 0), (list["total"].GetInt32(), list["limit"].GetInt32(), list["offset"].GetInt32()));
        Assert.Equal((run, "pick", "json_transform", "DATA_NOT_FOUND", "code"), (one.GetText("run_id"), one.GetText("step_id"), one.GetText("skill_id"), one.GetText("catalog_entry_id"), one.GetText("match_type")));
        Assert.Equal(("DATA", "MEDIUM", "ABORT", "acme", 1), (one.GetText("category"), one.GetText("severity"), one.GetText("recovery_mode"), one.GetText("tenant_id"), one.GetProperty("match_confidence").GetInt32()));
        Assert.NotNull(one.GetText("recovery_suggestion"));
        Assert.Equal(one.GetRawText(), shown.Body.GetRawText());
        Assert.Equal(403, denied.Status);
        Assert.Equal((1, 1, 0, 1), (stats["total_failures"].GetInt32(), stats["matched_failures"].GetInt32(), stats["unmatched_failures"].GetInt32(), stats["hit_rate"].GetInt32()));
        Assert.Equal(("DATA_NOT_FOUND", 1), (stats["top_error_codes"][0].GetText("error_code"), stats["by_severity"].GetProperty("MEDIUM").GetInt32()));
        Assert.Equal(id, Assert.Single(open["failures"].EnumerateArray()).GetText("id"));
        Assert.Equal((200, true, true, "path corrected"), (marked.Status, marked["recovery_attempted"].GetBoolean(), marked["recovery_succeeded"].GetBoolean(), marked.Text("recovery_notes")));
        Assert.NotNull(marked.Text("recovered_by"));
        Assert.Equal(0, (await house.AskAsync("GET", "/api/v1/failures/unrecovered", null, acme))["total"].GetInt32());
        await NothingForAsync(rival, id!);
    }

    [Theory]
    [InlineData("/api/v1/failures?category=odd")]
    [InlineData("/api/v1/failures?category=1")]
    [InlineData("/api/v1/failures?status=odd")]
    [InlineData("/api/v1/failures?run_id=odd")]
    [InlineData("/api/v1/failures?limit=1001")]
    [InlineData("/api/v1/failures/unrecovered?limit=501")]
    [InlineData("/api/v1/failures/stats?since_hours=-1")]
    [InlineData("/api/v1/failures/odd")]
    [Trait("id", "F5.51-31")]
    public async Task A_question_that_makes_no_sense_is_refused(string path)
    {
        var reply = await house.AskAsync("GET", path, null, acme);

        Assert.True(reply.Status is 400 or 422, $"{path}: {reply.Status}");
        Assert.Equal("INVALID_INPUT", reply.Text("error.code"));
    }

    [Fact]
    [Trait("id", "F5.50-25")]
    [Trait("id", "F5.50-26")]
    [Trait("id", "F5.51-32")]
    public async Task The_catalog_is_exported_and_asked_what_a_failure_is()
    {
        var catalog = await house.AskAsync("GET", "/api/v1/failures/catalog");
        var entry = await house.AskAsync("GET", "/api/v1/failures/catalog/err_timeout");
        var match = await house.AskAsync("POST", "/api/v1/failures/match", """{"code":"X1","http_status":429}""", reader);
        var none = await house.AskAsync("POST", "/api/v1/failures/match", """{"message":"xyzzy"}""", reader);
        var empty = await house.AskAsync("POST", "/api/v1/failures/match", "{}", reader);

        Assert.Equal(FailureCatalog.All.Count, catalog["entries"].GetArrayLength());
        Assert.Equal(("TIMEOUT", "TRANSIENT", "RETRY_EXPONENTIAL", true), (entry.Text("code"), entry.Text("category"), entry.Text("recovery_mode"), entry["retryable"].GetBoolean()));
        Assert.NotNull(entry.Text("advice"));
        Assert.Equal((true, "status", "RATE_LIMITED"), (match["matched"].GetBoolean(), match.Text("match_type"), match.Text("entry.code")));
        Assert.Equal((false, JsonValueKind.Null), (none["matched"].GetBoolean(), none["entry"].ValueKind));
        Assert.True(empty.Status is 400 or 422);
    }

    [Fact]
    [Trait("id", "F5.52-06")]
    public async Task Unknown_failures_are_gathered_on_demand()
    {
        var gathered = await house.AskAsync("POST", "/api/v1/failures/aggregate?days=1&min_occurrences=1", null, acme);
        var listed = await house.AskAsync("GET", "/api/v1/failures/candidates", null, reader);

        Assert.Equal((200, 0, 0), (gathered.Status, gathered["total_patterns"].GetInt32(), gathered["total_occurrences"].GetInt32()));
        Assert.Equal(gathered.Body.GetRawText(), listed.Body.GetRawText());
        Assert.Equal(403, (await house.AskAsync("POST", "/api/v1/failures/aggregate", null, reader)).Status);
        Assert.True((await house.AskAsync("POST", "/api/v1/failures/aggregate?days=0", null, acme)).Status is 400 or 422);
    }

    private async Task NothingForAsync((string, string) other, string id)
    {
        Assert.Equal(404, (await house.AskAsync("GET", $"/api/v1/failures/{id}", null, other)).Status);
        Assert.Equal(404, (await house.AskAsync("PATCH", $"/api/v1/failures/{id}/recovery", """{"recovery_succeeded":false}""", other)).Status);
        Assert.Equal(0, (await house.AskAsync("GET", "/api/v1/failures?since_hours=0", null, other))["total"].GetInt32());
        Assert.Equal(403, (await house.AskAsync("GET", "/api/v1/failures?tenant_id=acme", null, other)).Status);
    }
}
