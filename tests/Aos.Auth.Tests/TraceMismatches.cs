using System.Text.Json;
using Aos.Contracts;
using Aos.Runs;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.Auth.Tests;

/// <summary>A mismatch is recorded with the notice of it, and told of once, whatever fails in between.</summary>
public sealed class TraceMismatches : IAsyncLifetime
{
    private const string Report = """{"step_index":1,"reason":"output differs, api_key Bearer abcdefgh","expected_hash":"aaaaaaaaaaaaaaaa","actual_hash":"bbbbbbbbbbbbbbbb","details":{"db_password":"hunter2"}}""";

    private GitHubPeer peer = null!;
    private AuthHouse house = null!;
    private (string, string) acme;

    public async ValueTask InitializeAsync() => peer = await GitHubPeer.OpenAsync();

    public async ValueTask DisposeAsync()
    {
        await house.DisposeAsync();
        await peer.DisposeAsync();
    }

    [Fact]
    [Trait("id", "B8-TRACE-50")]
    [Trait("id", "W-24")]
    public async Task A_mismatch_makes_one_issue_and_its_resolution_one_comment()
    {
        await OpenAsync(Options());
        var made = await ReportAsync("t");
        var shown = await UntilAsync("t", one => one.GetText("issue_url") is not null);
        var resolved = await AskAsync("POST", $"/api/v1/traces/t/mismatches/{made.Text("mismatch_id")}/resolve?resolution_note=fixed%20in%20the%20skill");
        await UntilAsync(() => peer.Comments.Count == 1);
        var again = await AskAsync("POST", $"/api/v1/traces/t/mismatches/{made.Text("mismatch_id")}/resolve?resolution_note=once%20more");

        Assert.Equal((201, "t", "recorded", "github", JsonValueKind.Null), (made.Status, made.Text("trace_id"), made.Text("status"), made.Text("notified"), made["issue_url"].ValueKind));
        Assert.Equal((made.Text("mismatch_id"), $"{peer.Url}/org/repo/issues/1", true, false), (shown.GetText("mismatch_id"), shown.GetText("issue_url"), shown.GetProperty("notification_sent").GetBoolean(), shown.GetProperty("resolved").GetBoolean()));
        var issue = Assert.Single(peer.Issues);
        Assert.Equal(["replay-mismatch", "aos", "automated"], issue.Labels);
        Assert.Contains("aaaaaaaaaaaaaaaa", issue.Body, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", issue.Body + shown.GetRawText(), StringComparison.Ordinal);
        Assert.DoesNotContain("abcdefgh", issue.Body + shown.GetRawText(), StringComparison.Ordinal);
        Assert.Equal((200, "resolved", 200), (resolved.Status, resolved.Text("status"), again.Status));
        Assert.Equal(resolved.Text("resolved_by"), again.Text("resolved_by"));
        Assert.Equal(1, Assert.Single(peer.Comments).Issue);
        Assert.Contains("fixed in the skill", peer.Comments[0].Body, StringComparison.Ordinal);
        var after = (await AskAsync("GET", "/api/v1/traces/t/mismatches"))["mismatches"][0];
        Assert.Equal((true, "fixed in the skill"), (after.GetProperty("resolved").GetBoolean(), after.GetText("resolution_note")));
        Assert.NotEqual(JsonValueKind.Null, after.GetProperty("resolved_at").ValueKind);
    }

    [Fact]
    [Trait("id", "B8-TRACE-51")]
    public async Task An_issue_that_was_made_but_not_heard_of_is_found_again()
    {
        (peer.Fails, peer.MakesThenFails) = ((502, 1), true);
        await OpenAsync(Options());
        await ReportAsync("t");

        var shown = await UntilAsync("t", one => one.GetText("issue_url") is not null);

        Assert.Equal($"{peer.Url}/org/repo/issues/1", shown.GetText("issue_url"));
        Assert.Single(peer.Issues);
    }

    [Fact]
    [Trait("id", "B8-TRACE-52")]
    public async Task While_GitHub_fails_the_notice_waits_in_the_outbox_without_any_secret()
    {
        peer.Fails = (503, int.MaxValue);
        await OpenAsync(Options(chat: true));
        await ReportAsync("t");
        await UntilAsync(async () => (await AskAsync("GET", "/api/v1/outbox"))["deliveries"].EnumerateArray().Any(one => one.GetText("last_error") is not null));
        var text = "";
        await house.ReadAsync("SELECT endpoint, body, last_error FROM outbox", row => text += row.GetString(0) + System.Text.Encoding.UTF8.GetString(row.GetFieldValue<byte[]>(1)) + row.GetString(2));

        Assert.Contains("github-issue", (await AskAsync("GET", "/api/v1/outbox")).Body.GetRawText(), StringComparison.Ordinal);
        Assert.All(new[] { GitHubPeer.Token, "secret-part", "hunter2" }, secret => Assert.DoesNotContain(secret, text, StringComparison.Ordinal));
        Assert.Equal(0, (await house.AskAsync("GET", "/api/v1/outbox", null, ("X-AOS-Key", (await house.KeyAsync("admin", """ "tenant_id":"rival" """)).Text)))["count"].GetInt32());
    }

    [Fact]
    [Trait("id", "B8-TRACE-53")]
    public async Task Where_no_issue_can_be_made_the_chat_is_told()
    {
        var options = Options(chat: true);
        options.GitHubToken = "a wrong one";
        await OpenAsync(options);
        await ReportAsync("t");
        await UntilAsync(() => peer.Messages.Count == 1);
        var shown = await UntilAsync("t", one => one.GetText("notified") == "slack");

        Assert.Empty(peer.Issues);
        Assert.Contains("step 1", peer.Messages[0], StringComparison.Ordinal);
        Assert.True(shown.GetProperty("notification_sent").GetBoolean());
        Assert.Equal("dead", (await AskAsync("GET", "/api/v1/outbox?state=dead"))["deliveries"][0].GetText("state"));
    }

    [Fact]
    [Trait("id", "B8-TRACE-54")]
    public async Task With_a_chat_alone_it_is_told_at_once_and_with_nothing_nobody_is()
    {
        await OpenAsync(new TraceOptions { SlackWebhook = peer.Chat });
        Assert.Equal("slack", (await ReportAsync("t")).Text("notified"));
        await UntilAsync(() => peer.Messages.Count == 1);
        await house.DisposeAsync();

        await OpenAsync(new TraceOptions());
        Assert.Equal("none", (await ReportAsync("t")).Text("notified"));
        Assert.Equal(0, (await AskAsync("GET", "/api/v1/outbox"))["count"].GetInt32());
    }

    [Fact]
    [Trait("id", "B8-TRACE-55")]
    public async Task Several_are_reported_in_one_issue()
    {
        await OpenAsync(Options(gitHub: false));
        var first = (await ReportAsync("t")).Text("mismatch_id");
        var second = (await ReportAsync("t")).Text("mismatch_id");
        await StoreAsync("u", "43");
        var third = (await ReportAsync("u")).Text("mismatch_id");
        (house.Services.GetRequiredService<TraceOptions>().GitHubToken, house.Services.GetRequiredService<TraceOptions>().GitHubRepository) = (GitHubPeer.Token, "org/repo");

        var bulk = await AskAsync("POST", $"/api/v1/traces/mismatches/bulk-report?mismatch_ids={first}&mismatch_ids={second}&mismatch_ids={third}&mismatch_ids={Guid.NewGuid()}");
        var shown = await UntilAsync("u", one => one.GetText("issue_url") is not null);

        Assert.Equal((3, 2), (bulk["linked_count"].GetInt32(), bulk["traces_affected"].GetInt32()));
        Assert.Equal(new[] { first!, second!, third! }, bulk.Texts("mismatch_ids"));
        var issue = Assert.Single(peer.Issues);
        Assert.Contains("bulk-report", issue.Labels);
        Assert.Contains("`aaaaaaaa`", issue.Body, StringComparison.Ordinal);
        Assert.Contains("`t`", issue.Body, StringComparison.Ordinal);
        Assert.Equal($"{peer.Url}/org/repo/issues/1", shown.GetText("issue_url"));
        Assert.Equal(404, (await AskAsync("POST", $"/api/v1/traces/mismatches/bulk-report?mismatch_ids={Guid.NewGuid()}")).Status);
        Assert.Equal(422, (await AskAsync("POST", "/api/v1/traces/mismatches/bulk-report")).Status);
    }

    [Theory]
    [Trait("id", "B8-TRACE-56")]
    [InlineData("""{"reason":"r"}""", "step_index")]
    [InlineData("""{"step_index":-1,"reason":"r"}""", "step_index")]
    [InlineData("""{"step_index":0}""", "reason")]
    [InlineData("""{"step_index":0,"reason":"r","details":[]}""", "details")]
    [InlineData("""{"step_index":0,"reason":"r","expected_hash":7}""", "expected_hash")]
    public async Task What_is_no_report_is_refused_with_its_place(string body, string says)
    {
        await OpenAsync(new TraceOptions());
        var refused = await AskAsync("POST", "/api/v1/traces/t/mismatch", body);

        Assert.Equal(422, refused.Status);
        Assert.Contains(says, refused.Text("error.message"), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "B8-TRACE-57")]
    public async Task A_run_s_trace_has_mismatches_too_newest_first_and_each_in_its_own_trace()
    {
        await OpenAsync(new TraceOptions());
        var run = (await AskAsync("POST", "/api/v1/runs?wait=30", """{"plan":{"steps":[{"id":"a","skill":"echo","params":{"v":1}}]}}""")).Text("run_id")!;
        var first = (await ReportAsync(run)).Text("mismatch_id");
        var second = (await ReportAsync(run)).Text("mismatch_id");

        var shown = await AskAsync("GET", $"/api/v1/traces/{run}/mismatches");

        Assert.Equal(new[] { second!, first! }, shown["mismatches"].EnumerateArray().Select(one => one.GetText("mismatch_id")!));
        Assert.Equal((run, 2), (shown.Text("trace_id"), shown["total"].GetInt32()));
        Assert.Equal(404, (await AskAsync("POST", $"/api/v1/traces/t/mismatches/{first}/resolve")).Status);
        Assert.Equal(404, (await AskAsync("POST", $"/api/v1/traces/{run}/mismatches/{Guid.NewGuid()}/resolve")).Status);
        Assert.Equal(404, (await AskAsync("GET", "/api/v1/traces/none/mismatches")).Status);
    }

    private TraceOptions Options(bool gitHub = true, bool chat = false) => new()
    {
        GitHubToken = gitHub ? GitHubPeer.Token : null, GitHubRepository = gitHub ? "org/repo" : null, GitHubApi = peer.Url, SlackWebhook = chat ? peer.Chat : null,
    };

    private async Task OpenAsync(TraceOptions options)
    {
        house = await AuthHouse.OpenAsync(more: services => services.AddSingleton(options));
        acme = ("X-AOS-Key", (await house.KeyAsync("admin", """ "tenant_id":"acme","tier":"unlimited" """)).Text);
        await StoreAsync("t", "42");
    }

    private Task<Reply> StoreAsync(string id, string seed) => AskAsync("POST", "/api/v1/traces", Traces.Order(Traces.Made(seed, 2), $""" "trace_id":"{id}" """));

    private Task<Reply> ReportAsync(string trace) => AskAsync("POST", $"/api/v1/traces/{trace}/mismatch", Report);

    private Task<Reply> AskAsync(string method, string path, string? body = null) => house.AskAsync(method, path, body, acme);

    /// <summary>Asks until the trace's one mismatch is as wanted.</summary>
    private async Task<JsonElement> UntilAsync(string trace, Func<JsonElement, bool> isSo)
    {
        var shown = Json.Null;
        await UntilAsync(async () =>
        {
            shown = (await AskAsync("GET", $"/api/v1/traces/{trace}/mismatches"))["mismatches"][0];
            return isSo(shown);
        });
        return shown;
    }

    private static Task UntilAsync(Func<bool> isSo) => UntilAsync(() => Task.FromResult(isSo()));

    private static async Task UntilAsync(Func<Task<bool>> isSo)
    {
        using var late = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        late.CancelAfter(TimeSpan.FromSeconds(60));
        while (!await isSo())
        {
            late.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }
}
