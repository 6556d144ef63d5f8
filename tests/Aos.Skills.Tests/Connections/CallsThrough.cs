using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using Aos.Contracts;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Aos.Skills.Tests;

/// <summary>Calls through connections, to real servers of this machine.</summary>
public sealed class CallsThrough : IAsyncLifetime
{
    private readonly ConcurrentQueue<Asked> seen = new();
    private readonly string value = $"sk-{Guid.NewGuid():N}";
    private Peer home = null!;
    private Peer away = null!;
    private ConnectionRoom room = null!;

    /// <summary>A request as a peer got it.</summary>
    private sealed record Asked(string Where, string Target, string Authorization, string Key, string Extra, string Body);

    public async ValueTask InitializeAsync()
    {
        away = await Peer.StartAsync(app => app.Map("/{**path}", (HttpContext context) => NoteAsync("away", context)));
        home = await Peer.StartAsync(app =>
        {
            app.MapGet("/v1/leave", (HttpContext context) => LeaveAsync(context, away.Origin + "/landing"));
            app.MapGet("/v1/stay", (HttpContext context) => LeaveAsync(context, "/v1/landing"));
            app.MapGet("/v1/refuse", async (HttpContext context) =>
            {
                context.Response.StatusCode = 404;
                await NoteAsync("home", context);
            });
            app.MapGet("/v1/slow", (HttpContext context) => NeverAsync(context));
            app.Map("/{**path}", (HttpContext context) => NoteAsync("home", context));
        });
        room = new ConnectionRoom(home.Authority, away.Authority);
        await room.SecretAsync("K", value);
    }

    public async ValueTask DisposeAsync()
    {
        room.Dispose();
        await home.DisposeAsync();
        await away.DisposeAsync();
    }

    [Theory]
    [Trait("id", "CONN-10")]
    [InlineData("""{"type":"bearer","token":"secret:K"}""", "Bearer {0}", "")]
    [InlineData("""{"type":"basic","user":"bot","password":"secret:K"}""", "Basic {1}", "")]
    [InlineData("""{"type":"header","name":"X-Api-Key","value":"secret:K"}""", "", "{0}")]
    [InlineData("""{"type":"none"}""", "", "")]
    public async Task The_base_url_the_headers_and_the_credential_come_from_the_connection_and_do_not_come_back(string auth, string authorization, string key)
    {
        var basic = Convert.ToBase64String(Encoding.UTF8.GetBytes("bot:" + value));
        await room.HttpAsync("crm", home.Origin + "/v1", $$"""
            "auth":{{auth}},"headers":{"X-Extra":"of the connection"}
            """);

        var outcome = await room.CallAsync("""{"connection":"crm","url":"/contacts?a=1","params":{"b":"2"}}""");

        Assert.True(outcome.Ok, outcome.Failure?.Message);
        Assert.Equal(
            new Asked("home", "/v1/contacts?a=1&b=2", Fill(authorization), Fill(key), "of the connection", ""), Assert.Single(seen));
        var text = outcome.Result.GetRawText();
        Assert.All([value, basic, home.Authority], hidden => Assert.DoesNotContain(hidden, text, StringComparison.Ordinal));
        Assert.Equal(("crm", 1), (outcome.Result.GetProperty("connection").GetText("name"), outcome.Result.GetProperty("connection").GetProperty("version").GetInt32()));
        Assert.Equal(("/contacts?a=1", "connection:crm/contacts?a=1&b=2"), (outcome.Result.GetText("url"), outcome.Result.GetText("final_url")));

        string Fill(string form) => form.Replace("{0}", value, StringComparison.Ordinal).Replace("{1}", basic, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "CONN-10")]
    public async Task Headers_of_the_call_count_before_the_connections_and_none_before_its_credential()
    {
        await room.HttpAsync("crm", home.Origin, """ "auth":{"type":"bearer","token":"secret:K"},"headers":{"X-Extra":"of the connection"} """);

        var own = await room.CallAsync("""{"connection":"crm","url":"a","headers":{"x-extra":"of the call"}}""");
        var other = await room.CallAsync("""{"connection":"crm","url":"a","headers":{"authorization":"Bearer mine"}}""");

        Assert.True(own.Ok);
        Assert.Equal("of the call", Assert.Single(seen).Extra);
        Assert.Equal("INVALID_INPUT", other.Failure?.Code);
        Assert.Contains("Authorization", other.Failure!.Message, StringComparison.Ordinal);
    }

    [Theory]
    [Trait("id", "CONN-13")]
    [InlineData("/v1", "", null)]
    [InlineData("/v1", "items", "/v1/items")]
    [InlineData("/v1/", "/items", "/v1/items")]
    [InlineData("/v1", "?a=b", "/v1?a=b")]
    [InlineData("/v1", "a/../b", "/v1/b")]
    [InlineData("/v1", "@evil.example/", "/v1/@evil.example/")]
    [InlineData("/v1", "items:batch", "/v1/items:batch")]
    [InlineData("/v1", "HOME/v1/next?page=2", "/v1/next?page=2")]
    [InlineData("/v1", "HOME/v2", null)]
    [InlineData("/v1", "HOME/v10", null)]
    [InlineData("/v1", "AWAY/v1/x", null)]
    [InlineData("/v1", "http://user@HOST/v1/x", null)]
    [InlineData("/v1", "https://HOST/v1/x", null)]
    [InlineData("/v1", "//evil.example/v1/x", null)]
    [InlineData("/v1", "\\\\evil.example\\x", null)]
    [InlineData("/v1", "ftp://HOST/v1/x", null)]
    [InlineData("/v1", "../v2", null)]
    [InlineData("/v1", "a/../../v2", null)]
    [InlineData("/v1", "%2e%2e/v2", null)]
    [InlineData("/v1", "a/%2e%2e%2f%2e%2e%2fv2", null)]
    [InlineData("/v1", "..%5cv2", null)]
    public async Task A_call_goes_below_the_base_url_or_nowhere(string place, string url, string? there)
    {
        await room.HttpAsync("crm", home.Origin + place, """ "auth":{"type":"bearer","token":"secret:K"} """);
        var asked = url.Replace("HOME", home.Origin, StringComparison.Ordinal).Replace("AWAY", away.Origin, StringComparison.Ordinal).Replace("HOST", home.Authority, StringComparison.Ordinal);

        var outcome = await room.CallAsync($$"""{"connection":"crm","url":{{JsonSerializer.Serialize(asked)}}}""");

        if (there is null)
        {
            Assert.Equal("INVALID_INPUT", outcome.Failure?.Code);
            Assert.Empty(seen);
            return;
        }

        Assert.Equal(("home", there), (Assert.Single(seen).Where, seen.First().Target));
        Assert.Equal("Bearer " + value, seen.First().Authorization);
    }

    [Fact]
    [Trait("id", "CONN-14")]
    public async Task A_redirect_that_leaves_the_host_takes_no_credential_along()
    {
        await room.SecretAsync("X", value + "-x");
        await room.HttpAsync("one", home.Origin + "/v1", """ "auth":{"type":"bearer","token":"secret:K"},"headers":{"X-Extra":"secret:X"} """);
        await room.HttpAsync("two", home.Origin + "/v1", """ "auth":{"type":"header","name":"X-Api-Key","value":"secret:K"} """);
        foreach (var name in new[] { "one", "two" })
        {
            Assert.True((await room.CallAsync($$"""{"connection":"{{name}}","url":"leave"}""")).Ok);
            Assert.True((await room.CallAsync($$"""{"connection":"{{name}}","url":"stay"}""")).Ok);
        }

        Assert.Equal(
            [
                new Asked("away", "/landing", "", "", "", ""), new Asked("home", "/v1/landing", "Bearer " + value, "", value + "-x", ""),
                new Asked("away", "/landing", "", "", "", ""), new Asked("home", "/v1/landing", "", value, "", ""),
            ],
            seen);
    }

    [Fact]
    [Trait("id", "CONN-12")]
    public async Task A_connection_that_is_not_there_or_not_for_this_call_fails_as_secrets_do()
    {
        await room.HttpAsync("agents", home.Origin, allowed: new Allowance(["mailer"], null));
        await room.HttpAsync("skills", home.Origin, allowed: new Allowance(null, ["webhook_send"]));
        await room.HttpAsync("gone", home.Origin);
        await room.PutAsync("mail", "smtp", """{"host":"mail.example","from":"robot@example.com"}""");
        Assert.True(await room.RemoveAsync("gone"));

        Assert.Equal(("CONFIG_INVALID", "missing"), await FailureAsync("none"));
        Assert.Equal(("CONFIG_INVALID", "missing"), await FailureAsync("gone"));
        Assert.Equal(("PERMISSION_DENIED", "agent"), await FailureAsync("agents"));
        Assert.Equal(("PERMISSION_DENIED", "skill"), await FailureAsync("skills"));
        Assert.Equal(("INVALID_INPUT", "kind"), await FailureAsync("mail"));
        Assert.Equal("CONFIG_INVALID", (await room.CallAsync("""{"connection":"skills","url":"a"}""", tenant: "other")).Failure?.Code);
        Assert.Empty(seen);
    }

    [Fact]
    [Trait("id", "CONN-19")]
    public async Task The_rules_of_its_secrets_hold_beside_its_own()
    {
        await room.SecretAsync("THEIRS", value, new Allowance(["mailer"], null));
        await room.HttpAsync("a", home.Origin, """ "auth":{"type":"bearer","token":"secret:THEIRS"} """);
        await room.HttpAsync("b", home.Origin, """ "auth":{"type":"bearer","token":"secret:NONE"} """);

        Assert.Equal(("PERMISSION_DENIED", "agent"), await FailureAsync("a"));
        Assert.Equal(("CONFIG_INVALID", "missing"), await FailureAsync("b"));
        Assert.Empty(seen);
    }

    [Theory]
    [Trait("id", "CONN-17")]
    [InlineData("""{"connection":"${{ steps.a.result }}","url":"a"}""")]
    [InlineData("""{"url":"a"}""")]
    [InlineData("""{"connection":"other","url":"a"}""")]
    public async Task Only_a_name_that_stands_in_the_plan_itself_counts(string written)
    {
        await room.HttpAsync("crm", home.Origin, """ "auth":{"type":"bearer","token":"secret:K"} """);

        var failure = (await room.CallAsync("""{"connection":"crm","url":"a"}""", written: written)).Failure!;

        Assert.Equal(("INVALID_INPUT", "written"), (failure.Code, failure.Details?.GetText("reason")));
        Assert.Empty(seen);
    }

    [Fact]
    [Trait("id", "CONN-15")]
    public async Task Where_a_connection_leads_is_guarded_as_every_target_is()
    {
        using var strict = new ConnectionRoom();
        await strict.HttpAsync("inner", home.Origin);
        await strict.HttpAsync("metadata", "http://169.254.169.254/latest");
        foreach (var name in new[] { "inner", "metadata" })
        {
            var failure = (await strict.CallAsync($$"""{"connection":"{{name}}","url":"a"}""")).Failure!;
            Assert.Equal("EGRESS_BLOCKED", failure.Code);
            Assert.All([home.Authority, "127.0.0.1", "169.254.169.254"], address => Assert.DoesNotContain(address, failure.Message, StringComparison.Ordinal));
        }

        Assert.Empty(seen);
    }

    [Fact]
    [Trait("id", "CONN-11")]
    public async Task A_failure_names_the_connection_and_its_version_and_neither_address_nor_secret()
    {
        await room.HttpAsync("crm", home.Origin + "/v1", """ "auth":{"type":"basic","user":"bot","password":"secret:K"} """);
        await room.HttpAsync("crm", home.Origin + "/v1", """ "auth":{"type":"basic","user":"bot","password":"secret:K"},"timeout_ms":300 """);
        var basic = Convert.ToBase64String(Encoding.UTF8.GetBytes("bot:" + value));

        foreach (var (url, code) in new[] { ("refuse", "HTTP_4XX"), ("slow", "TIMEOUT") })
        {
            var failure = (await room.CallAsync($$"""{"connection":"crm","url":"{{url}}"}""")).Failure!;
            var text = failure.Message + failure.Details!.Value.GetRawText();
            Assert.Equal(code, failure.Code);
            Assert.Contains("connection:crm", failure.Message, StringComparison.Ordinal);
            Assert.Equal("""{"name":"crm","version":2}""", failure.Details.Value.GetProperty("connection").GetRawText());
            Assert.All([value, basic, home.Authority], hidden => Assert.DoesNotContain(hidden, text, StringComparison.Ordinal));
        }
    }

    [Theory]
    [Trait("id", "CONN-22")]
    [InlineData("")]
    [InlineData(""","timeout_ms":60000""")]
    public async Task A_call_takes_no_longer_than_its_connection_lets_it(string asked)
    {
        await room.HttpAsync("crm", home.Origin + "/v1", """ "timeout_ms":200 """);

        var outcome = await room.CallAsync($$"""{"connection":"crm","url":"slow"{{asked}}}""");

        Assert.Equal("TIMEOUT", outcome.Failure?.Code);
        Assert.Contains("0.2 s", outcome.Failure!.Message, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "CONN-18")]
    public async Task The_target_of_a_call_is_the_host_that_its_connection_leads_to()
    {
        await room.HttpAsync("crm", "https://API.example.com:8443/v1");
        async Task<(CallTarget? Target, Failure? Refusal)> AimAsync(string parameters) =>
            await room.Skills.TargetAsync("http_call", Json.Parse(parameters), SkillRoom.Call(tenant: "acme", written: parameters), TestContext.Current.CancellationToken);

        Assert.Equal((new CallTarget(TargetKind.Host, "api.example.com"), null), await AimAsync("""{"connection":"crm","url":"a"}"""));
        Assert.Equal((new CallTarget(TargetKind.Host, "other.example"), null), await AimAsync("""{"url":"https://other.example/a"}"""));
        Assert.Equal("CONFIG_INVALID", (await AimAsync("""{"connection":"none","url":"a"}""")).Refusal?.Code);
        Assert.Null(room.Skills.Target("http_call", Json.Parse("""{"connection":"crm","url":"https://other.example/a"}""")));
    }

    [Fact]
    [Trait("id", "CONN-21")]
    public async Task A_webhook_goes_through_a_connection_too_and_follows_no_redirect()
    {
        await room.HttpAsync("hooks", home.Origin + "/v1", """ "auth":{"type":"bearer","token":"secret:K"} """);

        var outcome = await room.CallAsync("""{"connection":"hooks","url":"in","token":"secret:K","body":"hello"}""", "webhook_send");

        Assert.True(outcome.Ok, outcome.Failure?.Message);
        Assert.Equal(new Asked("home", "/v1/in", "Bearer " + value, "", "", "hello"), Assert.Single(seen));
        Assert.Equal("""{"name":"hooks","version":1}""", outcome.Result.GetProperty("connection").GetRawText());
        Assert.Equal("connection:hooks/in", Assert.Single(outcome.SideEffects).Target);
        Assert.DoesNotContain(home.Authority, outcome.Result.GetRawText(), StringComparison.Ordinal);
        Assert.Equal("INVALID_INPUT", (await room.CallAsync($$"""{"connection":"hooks","url":"{{away.Origin}}/in"}""", "webhook_send")).Failure?.Code);
    }

    private async Task<(string Code, string? Reason)> FailureAsync(string connection)
    {
        var failure = (await room.CallAsync($$"""{"connection":"{{connection}}","url":"a"}""")).Failure!;
        return (failure.Code, failure.Details?.GetText("reason"));
    }

    private static Task LeaveAsync(HttpContext context, string to)
    {
        context.Response.Redirect(to);
        return Task.CompletedTask;
    }

    /// <summary>Answers when nobody waits any more.</summary>
    private static async Task NeverAsync(HttpContext context)
    {
        var gone = new TaskCompletionSource();
        await using var hangUp = context.RequestAborted.Register(gone.SetResult);
        await gone.Task;
    }

    /// <summary>Notes the request and says its credentials back, as peers do that should not.</summary>
    private async Task NoteAsync(string where, HttpContext context)
    {
        var headers = context.Request.Headers;
        seen.Enqueue(new Asked(
            where, context.Request.Path + context.Request.QueryString.Value, headers.Authorization.ToString(), headers["X-Api-Key"].ToString(), headers["X-Extra"].ToString(), await Peer.BodyAsync(context)));
        await context.Response.WriteAsync($"you said {headers.Authorization} {headers["X-Api-Key"]}");
    }
}
