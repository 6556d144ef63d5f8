using System.Data.Common;
using Aos.Contracts;
using Aos.Identity;

namespace Aos.Auth.Tests;

/// <summary>What requests did and were refused is on record, once it is answered, and cannot be changed unnoticed.</summary>
public sealed class AuditTrail : IAsyncLifetime
{
    private const string Plan = """{"plan":[{"skill":"echo","params":{"n":1}}]}""";
    private AuthHouse house = null!;

    public async ValueTask InitializeAsync() => house = await AuthHouse.OpenAsync();

    public async ValueTask DisposeAsync() => await house.DisposeAsync();

    [Fact]
    public async Task A_write_is_on_record_with_who_what_and_how_it_was_answered()
    {
        var key = await house.KeyAsync("dev", """ "tenant_id":"acme" """);
        var run = await house.AskAsync("POST", "/api/v1/runs", Plan, ("X-AOS-Key", key.Text));

        var entry = (await EntriesAsync("subject=key:" + key.Id + "&all_tenants=true")).Single();

        Assert.Equal(
            ($"key:{key.Id}", "acme", "run", "write", "role:dev", "POST", "/api/v1/runs", "127.0.0.1"),
            (entry.GetText("subject"), entry.GetText("tenant_id"), entry.GetText("resource"), entry.GetText("action"), entry.GetText("reason"), entry.GetText("method"), entry.GetText("path"), entry.GetText("address")));
        Assert.True(entry.GetProperty("allowed").GetBoolean());
        Assert.Equal(201, entry.GetProperty("status").GetInt32());
        Assert.Equal(run.Headers["X-Request-ID"], entry.GetText("request_id"));
        Assert.Equal(["dev"], entry.GetProperty("roles").EnumerateArray().Select(role => role.GetString()!));
        Assert.Equal(16, entry.GetText("policy")!.Length);
    }

    [Fact]
    public async Task A_refusal_is_on_record_and_reading_is_not()
    {
        var key = await house.KeyAsync("readonly");
        await house.AskAsync("GET", "/api/v1/runs", null, ("X-AOS-Key", key.Text));
        await house.AskAsync("POST", "/api/v1/runs", Plan, ("X-AOS-Key", key.Text));
        await house.AskAsync("GET", "/api/v1/keys", null, ("X-AOS-Key", key.Text));
        await house.AskAsync("GET", "/api/v1/keys", null, ("X-AOS-Key", "wrong"));

        var mine = await EntriesAsync("allowed=false");

        Assert.Equal(["unknown key:read Invalid API key", $"key:{key.Id} key:read insufficient-permissions", $"key:{key.Id} run:write insufficient-permissions"],
            mine.Select(entry => $"{entry.GetText("subject")} {entry.GetText("resource")}:{entry.GetText("action")} {entry.GetText("reason")}"));
        Assert.Equal([401, 403, 403], mine.Select(entry => entry.GetProperty("status").GetInt32()));
    }

    [Fact]
    public async Task A_change_says_what_was_before_and_after_without_saying_it()
    {
        var key = await house.KeyAsync("readonly");
        await house.AsFirstAsync("DELETE", $"/api/v1/keys/{key.Id}");

        var (gone, made) = ((await EntriesAsync("resource=key"))[0], (await EntriesAsync("resource=key"))[1]);

        Assert.Null(made.GetText("before"));
        Assert.Equal(16, made.GetText("after")!.Length);
        Assert.Equal(made.GetText("after"), gone.GetText("before"));
        Assert.NotEqual(gone.GetText("before"), gone.GetText("after"));
    }

    [Fact]
    public async Task A_tenant_reads_its_own_record_only()
    {
        var (mine, theirs) = (await house.KeyAsync("admin", """ "tenant_id":"mine" """), await house.KeyAsync("admin", """ "tenant_id":"theirs" """));
        await house.AskAsync("POST", "/api/v1/runs", Plan, ("X-AOS-Key", theirs.Text));
        await house.AskAsync("POST", "/api/v1/runs", Plan, ("X-AOS-Key", mine.Text));

        var list = await house.AskAsync("GET", "/api/v1/audit", null, ("X-AOS-Key", mine.Text));

        Assert.All(list["entries"].EnumerateArray(), entry => Assert.Equal("mine", entry.GetText("tenant_id")));
        Assert.Equal(2, list["total"].GetInt64()); // The key was made for it, and it started a run.
        Assert.Equal(422, (await house.AskAsync("GET", "/api/v1/audit?all_tenants=true", null, ("X-AOS-Key", mine.Text))).Status);
        Assert.Equal(403, (await house.AskAsync("GET", "/api/v1/audit?tenant_id=theirs", null, ("X-AOS-Key", mine.Text))).Status);
        Assert.Equal(403, (await house.AskAsync("GET", "/api/v1/audit/verify", null, ("X-AOS-Key", mine.Text))).Status);
    }

    [Fact]
    public async Task Many_at_once_are_all_on_record_in_one_chain()
    {
        var key = await house.KeyAsync("dev", """ "tier":"unlimited" """);
        await Task.WhenAll(Enumerable.Range(0, 16).Select(async _ =>
        {
            for (var i = 0; i < 10; i++) Assert.Equal(201, (await house.AskAsync("POST", "/api/v1/runs", Plan, ("X-AOS-Key", key.Text))).Status);
        }));

        Assert.Equal(160, (await house.AsFirstAsync("GET", $"/api/v1/audit?subject=key:{key.Id}&limit=1"))["total"].GetInt64());
        var verdict = await VerifyAsync();
        Assert.True(verdict["ok"].GetBoolean(), verdict.Body.GetRawText());
        Assert.Equal(161, verdict["entries"].GetInt64());
    }

    [Theory]
    [InlineData("UPDATE audit_log SET body = (SELECT body FROM audit_log WHERE number = 1) WHERE number = 2", "Entry 2 is not as it was written.")]
    [InlineData("UPDATE audit_log SET tenant_id = 'other' WHERE number = 2", "Entry 2 stands under another tenant than it was written for.")]
    [InlineData("DELETE FROM audit_log WHERE number = 2", "Entry 2 is missing.")]
    [InlineData("DELETE FROM audit_log WHERE number >= 2", "Entry 2 and all after it are missing; entry 3 was sealed.")]
    [InlineData("UPDATE audit_seals SET hash = (SELECT hash FROM audit_log WHERE number = 1)", "The seal of entry 3 was not made by this house.")]
    [InlineData("UPDATE audit_seals SET key_id = 'nobodys'", "The seal of entry 3 is by a key that is not this house's.")]
    public async Task Whoever_changes_the_record_is_found_out(string sql, string problem)
    {
        for (var i = 0; i < 3; i++) await house.KeyAsync("readonly");
        Assert.Equal(1, await house.Chore("audit-seals").PassAsync(TestContext.Current.CancellationToken));
        Assert.Equal(0, await house.Chore("audit-seals").PassAsync(TestContext.Current.CancellationToken));
        var whole = await VerifyAsync();
        Assert.Equal((true, 3, 1), (whole["ok"].GetBoolean(), whole["entries"].GetInt32(), whole["seals"].GetInt32()));

        await house.DamageAsync(sql);

        Assert.Equal(problem, (await VerifyAsync()).Text("problem"));
    }

    [Fact]
    public async Task What_is_forgotten_by_age_leaves_a_whole_chain_behind()
    {
        for (var i = 0; i < 5; i++) await house.KeyAsync("readonly");
        await house.DamageAsync("UPDATE audit_log SET at = 0 WHERE number <= 3"); // The column by which age is told; the bytes stay.

        var gone = await house.AsFirstAsync("POST", "/api/v1/rbac/audit/cleanup?retention_days=30");

        Assert.Equal((3, 30), (gone["deleted_count"].GetInt32(), gone["retention_days"].GetInt32()));
        var verdict = await VerifyAsync();
        Assert.Equal((true, 3), (verdict["ok"].GetBoolean(), verdict["entries"].GetInt32())); // Two keys, and the cleanup itself.
        await house.KeyAsync("readonly");
        Assert.True((await VerifyAsync())["ok"].GetBoolean());
    }

    private Task<Reply> VerifyAsync() => house.AsFirstAsync("GET", "/api/v1/audit/verify");

    private async Task<List<System.Text.Json.JsonElement>> EntriesAsync(string query)
    {
        var list = await house.AsFirstAsync("GET", "/api/v1/rbac/audit?" + query);
        Assert.Equal(200, list.Status);
        return [.. list["entries"].EnumerateArray()];
    }
}
