using Aos.Contracts;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.Auth.Tests;

/// <summary>The tenant's memory over HTTP, and runs that read it.</summary>
public sealed class MemoryPins : IAsyncLifetime
{
    private const string Pins = "/api/v1/memory/pins";

    private AuthHouse house = null!;
    private (string, string) acme, rival;

    public async ValueTask InitializeAsync()
    {
        house = await AuthHouse.OpenAsync();
        acme = ("X-AOS-Key", (await house.KeyAsync("admin", """ "tenant_id":"acme","tier":"unlimited" """)).Text);
        rival = ("X-AOS-Key", (await house.KeyAsync("admin", """ "tenant_id":"rival","tier":"unlimited" """)).Text);
    }

    public async ValueTask DisposeAsync() => await house.DisposeAsync();

    [Fact]
    [Trait("id", "MEMREAD-20")]
    public async Task An_entry_is_put_replaced_listed_and_deleted_and_each_tenant_has_its_own()
    {
        var made = await PutAsync("agent:a7:preferences", """{"lang":"de"}""");
        await PutAsync("agentless", "{}");
        var again = await PutAsync("agent:a7:preferences", """{"lang":"en"}""", """ ,"source":"seed","ttl_seconds":7200 """);
        var read = await AskAsync("GET", $"{Pins}/agent:a7:preferences");
        var list = await AskAsync("GET", $"{Pins}?prefix=agent:&limit=2");
        var foreign = await house.AskAsync("GET", $"{Pins}/agent:a7:preferences", null, rival);
        var gone = await AskAsync("DELETE", $"{Pins}/agent:a7:preferences");

        Assert.Equal((201, 201), (made.Status, again.Status));
        Assert.Equal((made["id"].GetInt64(), made.Text("created_at")), (again["id"].GetInt64(), again.Text("created_at")));
        Assert.Equal(("acme", """{"lang":"en"}""", "seed", 7200), (read.Text("tenant_id"), read["value"].GetRawText(), read.Text("source"), read["ttl_seconds"].GetInt32()));
        Assert.NotNull(read.Text("expires_at"));
        Assert.Equal((1, 1, 2, 0), (list["pins"].GetArrayLength(), list["total"].GetInt32(), list["limit"].GetInt32(), list["offset"].GetInt32()));
        Assert.Equal(404, foreign.Status);
        Assert.Equal("""{"deleted":true,"key":"agent:a7:preferences","tenant_id":"acme"}""", gone.Body.GetRawText());
        Assert.Equal(404, (await AskAsync("GET", $"{Pins}/agent:a7:preferences")).Status);
        Assert.Equal(404, (await AskAsync("DELETE", $"{Pins}/agent:a7:preferences")).Status);
    }

    [Fact]
    [Trait("id", "MEMREAD-21")]
    public async Task What_is_over_is_not_there_and_is_removed_when_asked_and_by_itself()
    {
        await PutAsync("over", "{}", ""","ttl_seconds":0""");
        await PutAsync("over2", "{}", ""","ttl_seconds":0""");
        await PutAsync("stays", "{}");

        Assert.Equal(404, (await AskAsync("GET", $"{Pins}/over")).Status);
        Assert.Equal((1, 3), ((await AskAsync("GET", Pins))["total"].GetInt32(), (await AskAsync("GET", $"{Pins}?include_expired=true"))["total"].GetInt32()));
        Assert.Equal(200, (await AskAsync("DELETE", $"{Pins}/over2")).Status);
        Assert.Equal(0, (await house.AskAsync("POST", $"{Pins}/cleanup", null, rival))["deleted_count"].GetInt32());
        Assert.Equal(1, (await AskAsync("POST", $"{Pins}/cleanup"))["deleted_count"].GetInt32());

        await PutAsync("over", "{}", ""","ttl_seconds":0""");
        Assert.Equal(1, await house.Chore("memory_sweep").PassAsync(TestContext.Current.CancellationToken));
        Assert.Equal(1, (await AskAsync("GET", $"{Pins}?include_expired=true"))["total"].GetInt32());
        var (before, after) = (await PutAsync("over", "{}", ""","ttl_seconds":0"""), await PutAsync("over", "{}"));
        Assert.True(after["id"].GetInt64() > before["id"].GetInt64(), "What was over is another entry.");
    }

    [Fact]
    [Trait("id", "MEMREAD-23")]
    public async Task A_run_reads_what_its_tenant_has_and_its_replay_reads_no_memory()
    {
        await PutAsync("tone", """{"style":"dry"}""");
        await house.AskAsync("POST", Pins, """{"key":"tone","value":{"style":"loud"}}""", rival);
        const string order = """{"wait":30,"plan":{"name":"p","steps":[{"id":"a","skill":"echo","params":{"v":"${{ memory[\"tone\"].style }}"}}],"output":"${{ steps.a.result.echo.v }} ${{ default(memory[\"none\"], \"-\") }}"}}""";
        var run = await AskAsync("POST", "/api/v1/runs", order);
        await PutAsync("tone", """{"style":"changed"}""");
        await AskAsync("DELETE", $"{Pins}/tone");
        var replay = await AskAsync("POST", $"/api/v1/runtime/replay/{run.Text("run_id")}", """{"mode":"re-execute"}""");

        Assert.Equal(("succeeded", "dry -"), (run.Text("status"), run.Text("outcome.result")));
        Assert.Equal("loud -", (await house.AskAsync("POST", "/api/v1/runs", order, rival)).Text("outcome.result"));
        Assert.True(replay.Status == 200 && replay["matches"].ValueKind is not System.Text.Json.JsonValueKind.False, replay.Body.GetRawText());
        Assert.Equal(200, (await AskAsync("GET", $"/api/v1/runs/{run.Text("run_id")}/trace/verify")).Status);
    }

    [Fact]
    [Trait("id", "MEMREAD-24")]
    public async Task Who_may_not_read_the_memory_starts_no_run_that_does()
    {
        var narrow = ("X-AOS-Key", (await house.KeyAsync("admin", """ "tenant_id":"acme","tier":"unlimited","scopes":["run:write","run:read"] """)).Text);
        const string order = """{"wait":30,"plan":{"name":"p","steps":[{"id":"a","skill":"echo"}],"output":"${{ default(memory[\"tone\"], 1) }}"}}""";

        var refused = await house.AskAsync("POST", "/api/v1/runs", order, narrow);
        var fine = await house.AskAsync("POST", "/api/v1/runs", """{"wait":30,"plan":[{"skill":"echo"}]}""", narrow);

        Assert.Equal((403, "PERMISSION_DENIED"), (refused.Status, refused.Text("error.code")));
        Assert.Contains("memory_pin:read", refused.Text("error.message")!, StringComparison.Ordinal);
        Assert.Equal(201, fine.Status);
    }

    [Fact]
    [Trait("id", "MEMREAD-20")]
    public async Task Of_many_writers_at_once_the_last_one_counts_and_the_entry_is_one()
    {
        await Task.WhenAll(Enumerable.Range(0, 8).Select(i => PutAsync("k", $$"""{"n":{{i}}}""")));

        var list = await AskAsync("GET", Pins);
        Assert.Equal((1, 1L), (list["total"].GetInt32(), await house.CountAsync("memory_pins")));
        Assert.Equal(1, (await house.Services.GetRequiredService<IMemory>().ReadAsync(new TenantId("acme"), "test", ["k", "k2"], TestContext.Current.CancellationToken)).Count(value => value is not null));
    }

    private Task<Reply> PutAsync(string key, string value, string more = "") => AskAsync("POST", Pins, $$"""{"key":"{{key}}","value":{{value}}{{more}} }""");

    private Task<Reply> AskAsync(string method, string path, string? body = null) => house.AskAsync(method, path, body, acme);
}
