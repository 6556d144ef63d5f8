using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;
using Aos.Skills;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.Auth.Tests;

/// <summary>Failed runs that are recovered as was suggested and approved, over real HTTP.</summary>
public sealed class Recoveries : IAsyncLifetime
{
    private AuthHouse house = null!;
    private UnsteadyPeer peer = null!;
    private (string, string) acme, rival, reader, machine;

    public async ValueTask InitializeAsync()
    {
        peer = await UnsteadyPeer.OpenAsync();
        house = await AuthHouse.OpenAsync();
        acme = ("X-AOS-Key", (await house.KeyAsync("admin", """ "tenant_id":"acme","tier":"unlimited" """)).Text);
        rival = ("X-AOS-Key", (await house.KeyAsync("admin", """ "tenant_id":"rival","tier":"unlimited" """)).Text);
        reader = ("X-AOS-Key", (await house.KeyAsync("readonly", """ "tenant_id":"acme","tier":"unlimited" """)).Text);
        machine = ("X-AOS-Key", (await house.KeyAsync("machine", """ "tenant_id":"acme","tier":"unlimited" """)).Text);
    }

    public async ValueTask DisposeAsync()
    {
        await house.DisposeAsync();
        await peer.DisposeAsync();
    }

    [Fact]
    [Trait("id", "F5.54-05")]
    [Trait("id", "F5.55-01")]
    [Trait("id", "F5.55-02")]
    [Trait("id", "F5.57-02")]
    [Trait("id", "F5.57-07")]
    [Trait("id", "F5.57-09")]
    public async Task A_call_that_timed_out_gets_more_time_once_that_is_approved_and_its_success_is_learnt()
    {
        peer.Status = 0;
        var run = await FailAsync(""" "timeout":"300ms","retry":{"max_attempts":1} """, "TIMEOUT");
        var proposed = await AskAsync("/api/v1/recovery/suggest", $$"""{"run_id":"{{run}}"}""");
        var id = proposed.Text("id")!;
        var early = await AskAsync($"/api/v1/runs/{run}/retry", $$"""{"suggestion_id":"{{id}}"}""");
        peer.Status = 200;
        var approved = await AskAsync($"/api/v1/recovery/candidates/{id}/approve", """{"note":"the peer is busy","action":{"kind":"longer_timeout","step":"ask","timeout_ms":20000}}""");
        var twice = await AskAsync($"/api/v1/recovery/candidates/{id}/reject", "{}");
        var fork = await AskAsync($"/api/v1/runs/{run}/retry", $$"""{"suggestion_id":"{{id}}","reason":"more time"}""");
        var ended = await house.AskAsync("GET", $"/api/v1/runs/{fork.Text("run_id")}?wait=30", null, acme);
        var again = await AskAsync($"/api/v1/runs/{run}/retry", $$"""{"suggestion_id":"{{id}}"}""");
        var one = await house.AskAsync("GET", $"/api/v1/recovery/candidates/{id}", null, reader);
        var failure = await house.AskAsync("GET", $"/api/v1/failures/{proposed.Text("failure_id")}", null, acme);
        var next = await AskAsync("/api/v1/recovery/suggest", """{"error_code":"TIMEOUT","context":{"skill":"http_call","url":"http://x"}}""");

        Assert.Equal((200, "longer_timeout", "ask", 600), (proposed.Status, proposed.Text("action.kind"), proposed.Text("action.step"), proposed["action.timeout_ms"].GetInt32()));
        Assert.Equal(("TIMEOUT", "proposed", 0.65m, "code", run), (proposed.Text("matched_entry.code"), proposed.Text("status"), proposed["confidence"].GetDecimal(), proposed.Text("match_type"), proposed.Text("run_id")));
        Assert.Contains("ask", proposed.Text("suggested_recovery"), StringComparison.Ordinal);
        Assert.Contains("skip_step", proposed["alternatives"].EnumerateArray().Select(option => option.GetProperty("action").GetText("kind")));
        Assert.Equal((409, "INVALID_STATE"), (early.Status, early.Text("error.code")));
        Assert.Equal((200, "approved", 20000), (approved.Status, approved.Text("status"), approved["action.timeout_ms"].GetInt32()));
        Assert.Equal((409, "INVALID_STATE"), (twice.Status, twice.Text("error.code")));
        Assert.True(fork.Status == 200, fork.Body.GetRawText());
        Assert.Equal(("succeeded", run, id, "more time"), (ended.Text("status"), ended.Text("forked_from.run_id"), ended.Text("forked_from.suggestion_id"), ended.Text("forked_from.reason")));
        Assert.Equal(409, again.Status);
        Assert.Equal(("applied", "succeeded", ended.Text("run_id")), (one.Text("status"), one.Text("outcome"), one.Text("applied_run_id")));
        Assert.Equal(["approved", "applied"], one["decisions"].EnumerateArray().Select(decision => decision.GetText("decision")));
        Assert.Equal((true, "suggestion"), (failure["recovery_succeeded"].GetBoolean(), failure.Text("recovered_by")));
        Assert.Equal((0.72m, 1, id), (next["confidence"].GetDecimal(), next["outcomes"].GetInt32(), next["evidence"][0].GetText("suggestion_id"))); // (2.6 + 1) / 5
    }

    [Fact]
    [Trait("id", "F5.57-03")]
    [Trait("id", "F5.57-04")]
    [Trait("id", "F5.57-07")]
    public async Task A_run_is_tried_again_later_and_the_journal_names_the_suggestion()
    {
        peer.Status = 503;
        var run = await FailAsync(""" "retry":{"max_attempts":1} """, "SERVICE_UNAVAILABLE");
        var later = await SuggestedAsync(run, null);
        var soon = await AskAsync($"/api/v1/runs/{run}/retry", $$"""{"suggestion_id":"{{later}}"}""");
        var now = await SuggestedAsync(run, """{"kind":"retry"}""");
        var failed = await AskAsync($"/api/v1/runs/{run}/retry", $$"""{"suggestion_id":"{{now}}"}""");
        var second = await house.AskAsync("GET", $"/api/v1/runs/{run}?wait=30", null, acme);
        var old = await AskAsync($"/api/v1/runs/{run}/retry", $$"""{"suggestion_id":"{{later}}"}""");
        peer.Status = 200;
        var third = await SuggestedAsync(run, """{"kind":"retry_later","delay_ms":0}""");
        await AskAsync($"/api/v1/runs/{run}/retry", $$"""{"suggestion_id":"{{third}}"}""");
        var ended = await house.AskAsync("GET", $"/api/v1/runs/{run}?wait=30", null, acme);
        var events = await house.AskAsync("GET", $"/api/v1/runs/{run}/events?follow=false", null, acme);
        var stats = await house.AskAsync("GET", "/api/v1/recovery/stats", null, reader);
        var verified = await house.AskAsync("GET", $"/api/v1/runs/{run}/trace/verify", null, acme);

        Assert.Equal((409, "INVALID_STATE"), (soon.Status, soon.Text("error.code")));
        Assert.InRange(soon["error.retry_after_ms"].GetInt64(), 1, 300_000);
        Assert.Equal((200, "failed", "succeeded", 3), (failed.Status, second.Text("status"), ended.Text("status"), ended["attempt"].GetInt32()));
        Assert.Contains("attempt 1", old.Text("error.message"), StringComparison.Ordinal);
        var text = events.Body.ValueKind == JsonValueKind.String ? events.Body.GetString()! : events.Body.GetRawText();
        Assert.Contains(now, text, StringComparison.Ordinal);
        Assert.Contains(third, text, StringComparison.Ordinal);
        Assert.DoesNotContain(later, text, StringComparison.Ordinal);
        Assert.True(verified["ok"].GetBoolean(), verified.Body.GetRawText());
        Assert.Equal((3, 2, 1, 0), (stats["total"].GetInt32(), stats["by_status.applied"].GetInt32(), stats["by_status.approved"].GetInt32(), stats["by_status.rejected"].GetInt32()));
        Assert.Equal((1, 1, 0.5m, 1m), (stats["outcomes.succeeded"].GetInt32(), stats["outcomes.failed"].GetInt32(), stats["success_rate"].GetDecimal(), stats["acceptance_rate"].GetDecimal()));
        Assert.Equal(("RETRY_EXPONENTIAL", "SERVICE_UNAVAILABLE"), (stats["by_mode"][0].GetText("recovery_mode"), stats["by_error_code"][0].GetText("error_code")));
    }

    [Fact]
    [Trait("id", "F5.54-01")]
    [Trait("id", "F5.57-02")]
    public async Task A_run_whose_budget_was_too_small_goes_on_with_twice_as_much()
    {
        await using var provider = await ModelPeer.OpenAsync(read: 7, written: 5);
        var models = new ModelsOptions { Endpoints = [new ModelEndpoint("openai", ModelWire.OpenAi, provider.Url, null, "gpt-4o", Seeds: false)] };
        await using var own = await AuthHouse.OpenAsync(more: services => services.AddSingleton(models));
        const string Plan = """
            {"plan":{"name":"p","budget_cents":1.5,"steps":[{"id":"list","skill":"echo","params":{"of":[1,2]}},
              {"id":"ask","for_each":"${{ steps.list.result.echo.of }}","skill":"llm_invoke","params":{"provider":"openai","model":"gpt-4o","prompt":"hello","max_tokens":1000}}]}}
            """;
        var run = await own.AsFirstAsync("POST", "/api/v1/runs?wait=30", Plan);
        var proposed = await own.AsFirstAsync("POST", "/api/v1/recovery/suggest", $$"""{"run_id":"{{run.Text("run_id")}}"}""");
        await own.AsFirstAsync("POST", $"/api/v1/recovery/candidates/{proposed.Text("id")}/approve", "{}");

        var fork = await own.AsFirstAsync("POST", $"/api/v1/runs/{run.Text("run_id")}/retry", $$"""{"suggestion_id":"{{proposed.Text("id")}}"}""");
        var ended = await own.AsFirstAsync("GET", $"/api/v1/runs/{fork.Text("run_id")}?wait=30");

        Assert.True(run.Text("outcome.error.code") == "RUN_BUDGET_EXCEEDED", run.Body.GetRawText());
        Assert.Equal(("raise_budget", 3m, 0.7m), (proposed.Text("action.kind"), proposed["action.budget_cents"].GetDecimal(), proposed["confidence"].GetDecimal()));
        Assert.True(ended.Text("status") == "succeeded", fork.Body.GetRawText() + ended.Body.GetRawText());
        Assert.Equal((3m, 1), (ended["budget_cents"].GetDecimal(), ended["forked_from.steps_taken"].GetInt32()));
    }

    [Theory]
    [Trait("id", "F5.57-05")]
    [InlineData("""{"kind":"skip_step","step":"ask"}""")]
    [InlineData("""{"kind":"change_parameter","step":"ask","parameter":"url","value":"PEER/?right"}""")]
    [InlineData("""{"kind":"retry_more","step":"ask","max_attempts":3}""")]
    [InlineData("""{"kind":"escalate"}""")]
    public async Task Whatever_was_approved_is_done(string action)
    {
        peer.Status = 503;
        var run = await FailAsync(""" "retry":{"max_attempts":1} """, "SERVICE_UNAVAILABLE");
        peer.Accepts = "?right";
        if (action.Contains("retry_more", StringComparison.Ordinal) || action.Contains("escalate", StringComparison.Ordinal)) peer.Status = 200;
        var id = await SuggestedAsync(run, action.Replace("PEER", peer.Url, StringComparison.Ordinal));

        var goes = await AskAsync($"/api/v1/runs/{run}/retry", $$"""{"suggestion_id":"{{id}}"}""");
        var ended = await house.AskAsync("GET", $"/api/v1/runs/{goes.Text("run_id")}?wait=30", null, acme);

        Assert.True(goes.Status == 200, goes.Body.GetRawText());
        Assert.Equal("succeeded", ended.Text("status"));
        Assert.Equal("succeeded", (await house.AskAsync("GET", $"/api/v1/recovery/candidates/{id}", null, acme)).Text("outcome"));
    }

    [Fact]
    [Trait("id", "F5.57-06")]
    public async Task What_was_not_approved_or_is_for_something_else_is_refused()
    {
        peer.Status = 503;
        var (run, other) = (await FailAsync(""" "retry":{"max_attempts":1} """, "SERVICE_UNAVAILABLE"), await FailAsync(""" "retry":{"max_attempts":1} """, "SERVICE_UNAVAILABLE"));
        var rejected = (await AskAsync("/api/v1/recovery/suggest", $$"""{"run_id":"{{run}}"}""")).Text("id")!;
        await AskAsync("/api/v1/recovery/reject", $$"""{"id":"{{rejected}}","note":"no"}""");
        var (ofOther, ofNone) = (await SuggestedAsync(other, """{"kind":"retry"}"""), (await AskAsync("/api/v1/recovery/suggest", """{"error_code":"TIMEOUT"}""")).Text("id")!);
        await AskAsync("/api/v1/recovery/approve", $$"""{"id":"{{ofNone}}"}""");
        var nothing = await SuggestedAsync(run, """{"kind":"abort"}""");

        foreach (var (suggestion, status, code) in new[]
                 {
                     (rejected, 409, "INVALID_STATE"), (ofOther, 409, "INVALID_STATE"), (ofNone, 409, "INVALID_STATE"), (nothing, 409, "INVALID_STATE"),
                     (Guid.Empty.ToString("D"), 404, "NOT_FOUND"), ("odd", 422, "INVALID_INPUT"),
                 })
        {
            var refused = await AskAsync($"/api/v1/runs/{run}/retry", $$"""{"suggestion_id":"{{suggestion}}"}""");
            Assert.True((refused.Status, refused.Text("error.code")) == (status, code), $"{suggestion}: {refused.Status} {refused.Body.GetRawText()}");
        }

        var wrong = await SuggestedAsync(run, """{"kind":"change_parameter","step":"ask","parameter":"url","value":7}""");
        var untaken = await AskAsync($"/api/v1/runs/{run}/retry", $$"""{"suggestion_id":"{{wrong}}"}""");
        var back = await house.AskAsync("GET", $"/api/v1/recovery/candidates/{wrong}", null, acme);

        Assert.InRange(untaken.Status, 400, 422);
        Assert.Equal(("approved", JsonValueKind.Null), (back.Text("status"), back["applied_at"].ValueKind));
        Assert.Equal(["approved", "applied", "approved"], back["decisions"].EnumerateArray().Select(decision => decision.GetText("decision")));
        Assert.Contains(untaken.Text("error.code")!, back["decisions"][2].GetText("note"), StringComparison.Ordinal);
        Assert.Equal("approved", (await house.AskAsync("GET", $"/api/v1/recovery/candidates/{ofOther}", null, acme)).Text("status"));
        Assert.Equal("failed", (await house.AskAsync("GET", $"/api/v1/runs/{run}", null, acme)).Text("status"));
    }

    [Fact]
    [Trait("id", "F5.55-08")]
    public async Task What_could_never_be_applied_is_not_approved_and_can_still_be_decided_about()
    {
        peer.Status = 503;
        var run = await FailAsync(""" "retry":{"max_attempts":1} """, "SERVICE_UNAVAILABLE");
        var id = (await AskAsync("/api/v1/recovery/suggest", $$"""{"run_id":"{{run}}"}""")).Text("id")!;
        foreach (var (action, status, code, words) in new[]
                 {
                     ("""{"kind":"longer_timeout","step":"ask"}""", 400, "MISSING_REQUIRED_FIELD", "timeout_ms"), ("""{"kind":"skip_step","step":"zz"}""", 400, "INVALID_INPUT", "zz"),
                     ("""{"kind":"use_fallback","step":"ask","fallback":"zz"}""", 409, "INVALID_STATE", "zz"),
                 })
        {
            var refused = await AskAsync($"/api/v1/recovery/candidates/{id}/approve", $$"""{"action":{{action}}}""");
            Assert.True((refused.Status, refused.Text("error.code")) == (status, code), refused.Body.GetRawText());
            Assert.Contains(words, refused.Text("error.message"), StringComparison.Ordinal);
        }

        var ofNoRun = (await AskAsync("/api/v1/recovery/suggest", """{"error_code":"LLM_CONTEXT_EXCEEDED"}""")).Text("id")!;
        Assert.Equal("proposed", (await house.AskAsync("GET", $"/api/v1/recovery/candidates/{id}", null, acme)).Text("status"));
        Assert.Equal("approved", (await AskAsync($"/api/v1/recovery/candidates/{id}/approve", """{"action":{"kind":"longer_timeout","step":"ask","timeout_ms":900}}""")).Text("status"));
        Assert.Equal("approved", (await AskAsync($"/api/v1/recovery/candidates/{ofNoRun}/approve", "{}")).Text("status")); // It is for no run: what it leaves open is nobody's.
    }

    [Fact]
    [Trait("id", "F5.57-12")]
    public async Task What_was_begun_is_done_also_when_whoever_asked_goes_away()
    {
        using var left = new CancellationTokenSource();
        await using var own = await AuthHouse.OpenAsync(more: services =>
        {
            var forks = services.Last(service => service.ServiceType == typeof(IForks)).ImplementationFactory!;
            services.AddSingleton<IForks>(provider => new LeftAlone((IForks)forks(provider), left));
        });
        var run = (await own.AsFirstAsync("POST", "/api/v1/runs?wait=30", """{"plan":{"steps":[{"id":"pick","skill":"json_transform","params":{"operation":"extract","data":{"a":1},"path":"$.b"}}]}}""")).Text("run_id")!;
        var id = (await own.AsFirstAsync("POST", "/api/v1/recovery/suggest", $$"""{"run_id":"{{run}}"}""")).Text("id")!;
        var approved = await own.AsFirstAsync("POST", $"/api/v1/recovery/candidates/{id}/approve", """{"action":{"kind":"change_parameter","step":"pick","parameter":"path","value":"$.a"}}""");
        var (recovery, caller) = (own.Services.GetRequiredService<IRecovery>(), new Caller(TenantId.Default, "somebody", []));
        var (candidate, _) = (await recovery.FindAsync(caller, Guid.Parse(id), left.Token))!.Value;

        var (fork, refusal) = await recovery.ApplyAsync(caller, new RunId(Guid.Parse(run)), candidate, null, left.Token);
        var ended = await own.AsFirstAsync("GET", $"/api/v1/runs/{fork}?wait=30");
        var one = await own.AsFirstAsync("GET", $"/api/v1/recovery/candidates/{id}");

        Assert.True(approved.Status == 200 && refusal is null, approved.Body.GetRawText());
        Assert.True(left.IsCancellationRequested);
        Assert.Equal(("succeeded", id), (ended.Text("status"), ended.Text("forked_from.suggestion_id")));
        Assert.Equal(("applied", "succeeded", fork.ToString()), (one.Text("status"), one.Text("outcome"), one.Text("applied_run_id")));
    }

    [Fact]
    [Trait("id", "F5.57-13")]
    public async Task What_was_not_approved_when_it_was_read_is_not_done_though_it_is_by_now()
    {
        peer.Status = 503;
        var run = await FailAsync(""" "retry":{"max_attempts":1} """, "SERVICE_UNAVAILABLE");
        var id = (await AskAsync("/api/v1/recovery/suggest", $$"""{"run_id":"{{run}}"}""")).Text("id")!;
        var (recovery, caller) = (house.Services.GetRequiredService<IRecovery>(), new Caller(new TenantId("acme"), "somebody", []));
        var (read, _) = (await recovery.FindAsync(caller, Guid.Parse(id), TestContext.Current.CancellationToken))!.Value;
        await AskAsync($"/api/v1/recovery/candidates/{id}/approve", """{"action":{"kind":"skip_step","step":"ask"}}""");

        var (goes, refusal) = await recovery.ApplyAsync(caller, new RunId(Guid.Parse(run)), read, null, TestContext.Current.CancellationToken);

        Assert.Equal((null, "INVALID_STATE"), (goes, refusal?.Code));
        Assert.Equal("approved", (await house.AskAsync("GET", $"/api/v1/recovery/candidates/{id}", null, acme)).Text("status"));
    }

    [Fact]
    [Trait("id", "F5.55-03")]
    [Trait("id", "F5.55-04")]
    [Trait("id", "F5.55-05")]
    public async Task Who_may_read_decides_nothing_who_may_suggest_does_not_approve_and_another_tenant_sees_nothing()
    {
        peer.Status = 503;
        var run = await FailAsync(""" "retry":{"max_attempts":1} """, "SERVICE_UNAVAILABLE");
        var body = $$"""{"run_id":"{{run}}"}""";
        var mine = await house.AskAsync("POST", "/api/v1/recovery/suggest", body, machine);
        var id = mine.Text("id")!;
        var named = $$"""{"id":"{{id}}"}""";

        Assert.Equal((200, 403), (mine.Status, (await house.AskAsync("POST", "/api/v1/recovery/suggest", body, reader)).Status));
        foreach (var who in new[] { reader, machine })
        {
            Assert.Equal(403, (await house.AskAsync("POST", $"/api/v1/recovery/candidates/{id}/approve", "{}", who)).Status);
            Assert.Equal(403, (await house.AskAsync("POST", $"/api/v1/recovery/candidates/{id}/reject", "{}", who)).Status);
            Assert.Equal(403, (await house.AskAsync("POST", "/api/v1/recovery/approve", named, who)).Status);
            Assert.Equal(403, (await house.AskAsync("POST", "/api/v1/recovery/reject", named, who)).Status);
        }

        Assert.Equal(404, (await house.AskAsync("GET", $"/api/v1/recovery/candidates/{id}", null, rival)).Status);
        Assert.Equal(404, (await house.AskAsync("POST", "/api/v1/recovery/approve", named, rival)).Status);
        Assert.Equal(404, (await house.AskAsync("POST", "/api/v1/recovery/suggest", body, rival)).Status);
        Assert.Equal(404, (await house.AskAsync("POST", "/api/v1/recovery/suggest", $$"""{"failure_id":"{{mine.Text("failure_id")}}"}""", rival)).Status);
        Assert.Equal(404, (await house.AskAsync("POST", $"/api/v1/runs/{run}/retry", $$"""{"suggestion_id":"{{id}}"}""", rival)).Status);
        Assert.Equal(0, (await house.AskAsync("GET", "/api/v1/recovery/candidates", null, rival))["total"].GetInt32());
        Assert.Equal(0, (await house.AskAsync("GET", "/api/v1/recovery/stats", null, rival))["total"].GetInt32());
        Assert.Equal(403, (await house.AskAsync("GET", "/api/v1/recovery/stats?tenant_id=acme", null, rival)).Status);
        Assert.Equal(200, (await AskAsync("/api/v1/recovery/approve", named)).Status);
        var audit = await house.AskAsync("GET", "/api/v1/audit?limit=50", null, acme);
        Assert.Contains("/api/v1/recovery/approve", audit.Body.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "F5.55-06")]
    public async Task A_credential_of_an_agent_decides_nothing()
    {
        var agent = (await house.AskAsync("POST", "/agents", """{"name":"a"}""", acme)).Text("agent_id");
        (string, string) bound = ("X-AOS-Key", (await house.KeyAsync("admin", $$""" "tenant_id":"acme","agent_id":"{{agent}}" """)).Text);
        var id = (await house.AskAsync("POST", "/api/v1/recovery/suggest", """{"error_code":"TIMEOUT"}""", bound)).Text("id");

        var refused = await house.AskAsync("POST", $"/api/v1/recovery/candidates/{id}/approve", "{}", bound);

        Assert.NotNull(id);
        Assert.Equal((403, "PERMISSION_DENIED"), (refused.Status, refused.Text("error.code")));
    }

    [Fact]
    [Trait("id", "F5.54-06")]
    [Trait("id", "F5.55-07")]
    public async Task A_run_that_did_not_fail_has_nothing_to_recover_and_lists_that_make_no_sense_are_refused()
    {
        var run = (await house.AskAsync("POST", "/api/v1/runs?wait=30", """{"plan":[{"skill":"echo"}]}""", acme)).Text("run_id");
        var id = (await AskAsync("/api/v1/recovery/suggest", """{"error_code":"TIMEOUT"}""")).Text("id");
        var refused = await AskAsync("/api/v1/recovery/suggest", $$"""{"run_id":"{{run}}"}""");

        Assert.Equal((409, "INVALID_STATE"), (refused.Status, refused.Text("error.code")));
        foreach (var path in new[] { "candidates?status=odd", "candidates?status=1", "candidates?run_id=odd", "candidates?limit=501", "candidates/odd", "stats?since_hours=-1" })
            Assert.Equal("INVALID_INPUT", (await house.AskAsync("GET", $"/api/v1/recovery/{path}", null, acme)).Text("error.code"));
        foreach (var body in new[] { """{"wish":1}""", """{"note":7}""", """{"action":{"kind":"odd"}}""" })
            Assert.Equal("INVALID_INPUT", (await AskAsync($"/api/v1/recovery/candidates/{id}/approve", body)).Text("error.code"));
        Assert.Equal("INVALID_INPUT", (await AskAsync($"/api/v1/recovery/candidates/{id}/reject", """{"action":{"kind":"retry"}}""")).Text("error.code"));
        Assert.Equal("INVALID_INPUT", (await AskAsync("/api/v1/recovery/approve", "{}")).Text("error.code"));
    }

    private async Task<string> FailAsync(string more, string code)
    {
        var run = await house.AskAsync("POST", "/api/v1/runs?wait=30", $$$"""{"plan":{"name":"p","steps":[{"id":"first","skill":"echo"},{"id":"ask","skill":"http_call","params":{"url":"{{{peer.Url}}}/"},{{{more}}}}]}}""", acme);
        Assert.True((run.Text("status"), run.Text("outcome.error.code")) == ("failed", code), run.Body.GetRawText());
        return run.Text("run_id")!;
    }

    /// <summary>An approved suggestion.</summary>
    private async Task<string> SuggestedAsync(string run, string? action)
    {
        var id = (await AskAsync("/api/v1/recovery/suggest", $$"""{"run_id":"{{run}}"}""")).Text("id")!;
        var approved = await AskAsync($"/api/v1/recovery/candidates/{id}/approve", action is null ? "{}" : $$"""{"action":{{action}}}""");
        Assert.True(approved.Status == 200, approved.Body.GetRawText());
        return id;
    }

    private Task<Reply> AskAsync(string path, string body) => house.AskAsync("POST", path, body, acme);

    /// <summary>Whoever asked goes away while a fork is made.</summary>
    private sealed class LeftAlone(IForks forks, CancellationTokenSource left) : IForks
    {
        public async Task<StartReply?> ForkAsync(Caller caller, RunId origin, ForkRequest request, CancellationToken cancel)
        {
            await left.CancelAsync();
            return await forks.ForkAsync(caller, origin, request, cancel);
        }
    }
}
