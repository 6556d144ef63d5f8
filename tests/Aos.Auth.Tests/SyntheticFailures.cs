using System.Globalization;
using System.Text.Json;
using Aos.Contracts;
using Aos.Failures;
using Aos.Kernel;
using Aos.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.Auth.Tests;

/// <summary>
/// A made-up history: 600 failures that the catalog knows, 300 that it does not, of which 50 were recovered from and 50 not. All figures that
/// the house tells of it are compared with those that were added up by hand.
/// </summary>
public sealed class SyntheticFailures : IAsyncLifetime
{
    private static readonly TenantId Acme = new("acme");
    private static readonly Caller Somebody = new(Acme, "somebody", []);

    /// <summary>Codes as skills report them, older names among them: how many, of which skill.</summary>
    private static readonly (string Code, int Count, string Skill)[] Known =
    [
        ("TIMEOUT", 100, "http_call"), ("RATE_LIMITED", 80, "llm_invoke"), ("HTTP_5XX", 70, "http_call"), ("HTTP_4XX", 60, "http_call"), ("DNS_FAILURE", 50, "webhook_send"),
        ("CONNECTION_REFUSED", 50, "http_call"), ("CONTEXT_OVERFLOW", 40, "llm_invoke"), ("SCHEMA_VALIDATION_FAILED", 40, "json_transform"), ("FILE_NOT_FOUND", 30, "fs_read"),
        ("PERMISSION_DENIED", 30, "fs_write"), ("DISK_FULL", 20, "fs_write"), ("ERR_HTTP_503", 20, "email_send"), ("TRANSFORM_ERROR", 10, "json_transform"),
    ];

    /// <summary>Codes that nobody knows; each fails with one message, but for the last, whose messages are all different.</summary>
    private static readonly (string Code, int Count)[] Strange =
    [
        ("CUSTOM_ALPHA", 80), ("CUSTOM_BRAVO", 60), ("CUSTOM_CHARLIE", 50), ("CUSTOM_DELTA", 40), ("CUSTOM_ECHO", 30), ("CUSTOM_FOXTROT", 20), ("CUSTOM_GOLF", 15), ("CUSTOM_HOTEL", 5),
    ];

    private static readonly string[] Words = ["one", "two", "three", "four", "five"];

    /// <summary>What people put on record: of a code so many recovered, so many not.</summary>
    private static readonly (string Code, int Recovered, int Lost)[] Marks = [("TIMEOUT", 30, 10), ("RATE_LIMITED", 15, 10), ("DNS_FAILURE", 5, 20), ("HTTP_4XX", 0, 10)];

    private readonly CancellationToken cancel = TestContext.Current.CancellationToken;
    private AuthHouse house = null!;
    private (string, string) acme;

    public async ValueTask InitializeAsync()
    {
        house = await AuthHouse.OpenAsync();
        acme = ("X-AOS-Key", (await house.KeyAsync("admin", """ "tenant_id":"acme","tier":"unlimited" """)).Text);
        var failed = Known.SelectMany(one => Enumerable.Range(0, one.Count).Select(i => (one.Code, (string?)one.Skill, $"Call {i} failed.")))
            .Concat(Strange.SelectMany(one => Enumerable.Range(0, one.Count).Select(i => (one.Code, (string?)"http_call", one.Code == "CUSTOM_HOTEL" ? $"It was {Words[i]}." : $"Order {i} was odd."))));
        foreach (var chunk in failed.Chunk(100)) await KeepAsync(chunk);
        var book = house.Services.GetRequiredService<IFailureBook>();
        foreach (var (code, recovered, lost) in Marks)
        {
            var (rows, _) = await book.ListAsync(Somebody, new FailureFilter { Code = code }, false, 1_000, 0, cancel);
            for (var i = 0; i < recovered + lost; i++) await book.RecoverAsync(Somebody, rows[i].Id, i < recovered, "synthetic", cancel);
        }
    }

    public async ValueTask DisposeAsync() => await house.DisposeAsync();

    [Fact]
    [Trait("id", "F5.58-01")]
    [Trait("id", "F5.58-02")]
    [Trait("id", "F5.58-03")]
    [Trait("id", "F5.58-04")]
    public async Task Every_figure_is_the_one_that_was_added_up_by_hand()
    {
        var stats = await GetAsync("/api/v1/failures/stats");
        var gathered = await house.AskAsync("POST", "/api/v1/failures/aggregate?days=1&min_occurrences=3", null, acme);

        Assert.Equal((900, 600, 300, 0.6667m), (stats["total_failures"].GetInt32(), stats["matched_failures"].GetInt32(), stats["unmatched_failures"].GetInt32(), stats["hit_rate"].GetDecimal()));
        Assert.Equal((100, 0.5m), (stats["recovery_attempts"].GetInt32(), stats["recovery_success_rate"].GetDecimal()));
        Assert.Equal(
            "TIMEOUT 100, CUSTOM_ALPHA 80, RATE_LIMITED 80, HTTP_5XX 70, CUSTOM_BRAVO 60, HTTP_4XX 60, CONNECTION_REFUSED 50, CUSTOM_CHARLIE 50, DNS_FAILURE 50, CONTEXT_OVERFLOW 40",
            Pairs(stats["top_error_codes"], "error_code"));
        Assert.Equal("UNKNOWN 300, TRANSIENT 220, SKILL 180, RESOURCE 100, VALIDATION 40, DATA 30, PERMISSION 30", Pairs(stats["top_categories"], "category"));
        Assert.Equal((550, 50, 300), (stats["by_severity.MEDIUM"].GetInt32(), stats["by_severity.HIGH"].GetInt32(), stats["by_severity.UNKNOWN"].GetInt32()));

        foreach (var (query, total) in new[]
                 {
                     ("", 900), ("?matched=true", 600), ("?matched=false", 300), ("?status=recovered", 50), ("?status=unrecovered", 850), ("?error_code=timeout", 100),
                     ("?error_code=LLM_CONTEXT_EXCEEDED", 40), ("?error_code=CONTEXT_OVERFLOW", 40), ("?category=TRANSIENT", 220), ("?category=TRANSIENT&status=recovered", 35),
                     ("?skill_id=http_call", 580), ("?skill_id=http_call&matched=true", 280), ("?skill_id=fs_write", 50), ("/unrecovered", 850), ("/unrecovered?category=SKILL", 180),
                 })
            Assert.True((await GetAsync($"/api/v1/failures{query}"))["total"].GetInt32() == total, $"{query}: {total}");
        var gravest = (await GetAsync("/api/v1/failures/unrecovered?limit=60"))["failures"].EnumerateArray().Select(one => one.GetText("severity") ?? "none").ToList();
        Assert.Equal((50, "HIGH", "HIGH"), (gravest.Count(one => one == "HIGH"), gravest[0], gravest[49]));

        Assert.Equal((7, 295), (gathered["total_patterns"].GetInt32(), gathered["total_occurrences"].GetInt32()));
        Assert.Equal(
            "CUSTOM_ALPHA 80, CUSTOM_BRAVO 60, CUSTOM_CHARLIE 50, CUSTOM_DELTA 40, CUSTOM_ECHO 30, CUSTOM_FOXTROT 20, CUSTOM_GOLF 15", Pairs(gathered["patterns"], "error_code", "occurrences"));
        Assert.Equal(gathered.Body.GetRawText(), (await GetAsync("/api/v1/failures/candidates")).Body.GetRawText());
        Assert.Equal(12, (await house.AskAsync("POST", "/api/v1/failures/aggregate?days=1&min_occurrences=1", null, acme))["total_patterns"].GetInt32());
    }

    /// <summary>The catalog's word weighs 4; every mark here is of today and weighs 1, and counts for what is advised first.</summary>
    [Fact]
    [Trait("id", "F5.58-05")]
    [Trait("id", "F5.58-06")]
    [Trait("id", "F5.59-01")]
    public async Task What_is_suggested_follows_from_that_history()
    {
        foreach (var (code, skill, kind, confidence, outcomes) in new[]
                 {
                     ("TIMEOUT", "http_call", "longer_timeout", 0.7409m, 40), // (2.6 + 30) / 44
                     ("RATE_LIMITED", "llm_invoke", "retry_later", 0.6207m, 25), // (3 + 15) / 29
                     ("DNS_FAILURE", "webhook_send", "retry_more", 0.5m, 0), // To wait has sunk to (2.4 + 5) / 29 = 0.2552.
                     ("HTTP_4XX", "http_call", "skip_step", 0.25m, 0), // To change a parameter to 2 / 14 = 0.1429.
                     ("HTTP_5XX", "http_call", "retry_later", 0.6m, 0),
                     ("CONTEXT_OVERFLOW", "llm_invoke", "another_model", 0.55m, 0),
                     ("SCHEMA_VALIDATION_FAILED", "json_transform", "change_parameter", 0.5m, 0),
                     ("PERMISSION_DENIED", "fs_write", "escalate", 0.6m, 0),
                     ("TIMEOUT", "fs_read", "longer_timeout", 0.65m, 0), // Another skill has no history.
                 })
        {
            var proposal = await SuggestAsync(code, skill);
            Assert.True(
                (proposal.Text("action.kind"), proposal["confidence"].GetDecimal(), proposal["outcomes"].GetInt32()) == (kind, confidence, outcomes), $"{code} of {skill}: {proposal.Body.GetRawText()}");
            Assert.Equal(Math.Min(outcomes, 10), proposal["evidence"].GetArrayLength());
            Assert.NotEmpty(proposal["alternatives"].EnumerateArray());
        }

        Assert.Equal(0.2552m, Of(await SuggestAsync("DNS_FAILURE", "webhook_send"), "retry_later"));
        Assert.Equal(0.1429m, Of(await SuggestAsync("HTTP_4XX", "http_call"), "change_parameter"));
        var every = await house.AskAsync("POST", "/api/v1/recovery/suggest", """{"error_code":"TIMEOUT"}""", acme);
        Assert.Equal(0.7409m, every["confidence"].GetDecimal()); // Of whichever skill.
        Assert.Equal("longer_timeout", (await house.AskAsync("POST", "/api/v1/recovery/suggest", """{"error_message":"the request timed out","context":{"skill":"fs_read"}}""", acme)).Text("action.kind"));
    }

    [Fact]
    [Trait("id", "F5.58-07")]
    [Trait("id", "F5.58-08")]
    [Trait("id", "F5.55-07")]
    public async Task Suggestions_are_counted_and_what_came_of_them_grows_old()
    {
        var now = house.Services.GetRequiredService<ICluster>().Now;
        foreach (var (result, days) in new[] { (RecoveryResult.Succeeded, 7), (RecoveryResult.Failed, 14), (RecoveryResult.Succeeded, 0), (RecoveryResult.Cancelled, 0) })
            await AppliedAsync(result, now.AddDays(-days), now);
        var aged = await SuggestAsync("ERR_HTTP_503", "email_send");
        await DecideAsync(aged, "approve");
        await DecideAsync(await SuggestAsync("TIMEOUT", "http_call"), "reject");
        await SuggestAsync("CUSTOM_ALPHA", "http_call");
        var stats = await GetAsync("/api/v1/recovery/stats");

        Assert.Equal(("retry_later", 0.6783m, 3), (aged.Text("action.kind"), aged["confidence"].GetDecimal(), aged["outcomes"].GetInt32())); // (2.4 + 0.5 + 1) / (4 + 0.5 + 0.25 + 1)
        Assert.Equal([true, true, false], aged["evidence"].EnumerateArray().Select(one => one.GetProperty("recovered").GetBoolean()));
        Assert.Equal((7, 1, 1, 1, 4), (stats["total"].GetInt32(), stats["by_status.proposed"].GetInt32(), stats["by_status.approved"].GetInt32(), stats["by_status.rejected"].GetInt32(), stats["by_status.applied"].GetInt32()));
        Assert.Equal(0.8333m, stats["acceptance_rate"].GetDecimal()); // 5 of 6
        Assert.Equal((2, 1, 1, 0, 0), (stats["outcomes.succeeded"].GetInt32(), stats["outcomes.failed"].GetInt32(), stats["outcomes.cancelled"].GetInt32(), stats["outcomes.unknown"].GetInt32(), stats["outcomes.pending"].GetInt32()));
        Assert.Equal(0.6667m, stats["success_rate"].GetDecimal());
        Assert.Equal("RETRY_EXPONENTIAL 6, NONE 1", Pairs(stats["by_mode"], "recovery_mode", "total"));
        Assert.Equal("SERVICE_UNAVAILABLE 5, CUSTOM_ALPHA 1, TIMEOUT 1", Pairs(stats["by_error_code"], "error_code", "total"));
        Assert.Equal("retry_later 5, escalate 1, longer_timeout 1", Pairs(stats["by_action"], "action", "total"));
        Assert.Equal((1m, 0.6667m), (stats["by_error_code"][0].GetProperty("acceptance_rate").GetDecimal(), stats["by_error_code"][0].GetProperty("success_rate").GetDecimal()));
        foreach (var (query, total) in new[] { ("", 7), ("?status=applied", 4), ("?status=proposed", 1), ("?error_code=service_unavailable", 5), ("?error_code=CUSTOM_ALPHA", 1), ("?limit=2&offset=6", 7) })
            Assert.Equal(total, (await GetAsync($"/api/v1/recovery/candidates{query}"))["total"].GetInt32());
        Assert.Equal(1, (await GetAsync("/api/v1/recovery/candidates?limit=2&offset=6"))["candidates"].GetArrayLength());
    }

    /// <summary>A suggestion that was applied, with what came of it, by the table's own door.</summary>
    private async Task AppliedAsync(RecoveryResult result, DateTimeOffset ended, DateTimeOffset made)
    {
        var (table, action) = (house.Services.GetRequiredService<RecoveryTable>(), new RecoveryAction(RecoveryKind.RetryLater) { DelayMs = 2_000 });
        var candidate = new RecoveryCandidate
        {
            Id = Guid.CreateVersion7(made), Tenant = Acme, Code = "SERVICE_UNAVAILABLE", Entry = FailureCatalog.Find("SERVICE_UNAVAILABLE"), Skill = "email_send", Action = action, Confidence = 0.6m,
            ProposedBy = "somebody", CreatedAt = made,
        };
        await table.AddAsync(candidate, cancel);
        await table.DecideAsync(Acme, candidate.Id, new RecoveryDecision(RecoveryStatus.Approved, "somebody", null, action, made), cancel);
        Assert.True(await table.TakeAsync(Acme, candidate.Id, new RecoveryDecision(RecoveryStatus.Applied, "somebody", null, action, made), null, null, cancel));
        Assert.True(await house.Services.GetRequiredService<RecoveryResults>().SettleAsync(candidate, result, ended, cancel));
    }

    /// <summary>Failures of one run, written as every failure is: with the journal.</summary>
    private async Task KeepAsync((string Code, string? Skill, string Message)[] failed)
    {
        var (catalog, now) = (house.Services.GetRequiredService<IFailures>(), house.Services.GetRequiredService<ICluster>().Now);
        var (run, node) = (new RunId(Guid.CreateVersion7(now)), house.Services.GetRequiredService<ICluster>().Lease.Node);
        var append = JournalConformance.Append(run, 0, failed.Length, now, Acme, node);
        var rows = failed.Select((one, i) =>
        {
            var match = catalog.Classify(one.Code, null, one.Message);
            return new FailedStep
            {
                Run = run, Tenant = Acme, Place = string.Create(CultureInfo.InvariantCulture, $"s{i}"), Seq = i + 1, At = now, Step = "a", AgentId = "a", Skill = one.Skill, Code = one.Code,
                Message = one.Message, Entry = match.Entry?.Code, Match = match.Kind, Signature = FailureSignature.Of(one.Code, one.Skill, one.Message),
            };
        });
        var kept = append with { Row = append.Row with { Status = RunStatus.Failed, Owner = null, EndedAt = now }, Failures = [.. rows] };
        Assert.IsType<AppendReply.Appended>(await house.Services.GetRequiredService<IJournal>().AppendAsync(kept, cancel));
    }

    private Task<Reply> GetAsync(string path) => house.AskAsync("GET", path, null, acme);

    private Task<Reply> SuggestAsync(string code, string skill) => house.AskAsync("POST", "/api/v1/recovery/suggest", $$$"""{"error_code":"{{{code}}}","context":{"skill":"{{{skill}}}"}}""", acme);

    private async Task DecideAsync(Reply proposal, string verdict) => Assert.Equal(200, (await house.AskAsync("POST", $"/api/v1/recovery/candidates/{proposal.Text("id")}/{verdict}", "{}", acme)).Status);

    private static decimal Of(Reply proposal, string kind) => proposal["alternatives"].EnumerateArray().Single(option => option.GetProperty("action").GetText("kind") == kind).GetProperty("confidence").GetDecimal();

    private static string Pairs(JsonElement list, string name, string number = "count") => string.Join(", ", list.EnumerateArray().Select(one => $"{one.GetText(name)} {one.GetProperty(number)}"));
}
