using Aos.App.Server;
using Aos.Contracts;
using Aos.Skills.Tests;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Aos.Auth.Tests;

/// <summary>Mails of real runs: what becomes of one that may have been sent, and of one that was not.</summary>
public sealed class MailsOfRuns : IAsyncLifetime
{
    private readonly MailPeer mail = new(auth: "");
    private readonly CapturedLog log = new();
    private AuthHouse house = null!;
    private MadeKey admin = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        house = await AuthHouse.OpenAsync(server: new ServerOptions { Log = new LogOptions(LogLevel.Debug) }, more: services => services.AddSingleton<ILoggerProvider>(log));
        admin = await house.KeyAsync("admin", """ "tenant_id":"acme" """);
        await house.PutConnectionAsync(admin, "mail", $$$"""{"kind":"smtp","settings":{"host":"127.0.0.1","port":{{{mail.Port}}},"tls":"none","from":"robot@example.com"} }""");
    }

    public async ValueTask DisposeAsync()
    {
        await house.DisposeAsync();
        await mail.DisposeAsync();
        log.Dispose();
    }

    [Fact]
    [Trait("id", "F5.64-17")]
    public async Task A_mail_that_may_have_been_sent_waits_for_a_person_and_is_not_sent_again()
    {
        mail.Answers = line => line == MailPeer.Dot ? MailPeer.Cut : null;
        var run = await StartAsync();
        await FollowAsync(run, "call.unknown.v1");
        mail.Answers = _ => null;

        var waits = await house.AsAsync(admin, "GET", $"/api/v1/runs/{run}/steps/a");
        var resolved = await house.AsAsync(admin, "POST", $"/api/v1/runs/{run}/steps/a/resolve", """{"verdict":"done","result":{"status":"ok"}}""");
        var ended = await house.AsAsync(admin, "GET", $"/api/v1/runs/{run}?wait=30");

        Assert.Contains("OUTCOME_UNKNOWN", waits.Body.GetRawText(), StringComparison.Ordinal);
        Assert.True(resolved.Status == 200, resolved.Body.GetRawText());
        Assert.Equal("succeeded", ended.Text("status"));
        Assert.Single(mail.Heard, line => line == "DATA");
    }

    [Fact]
    [Trait("id", "F5.64-18")]
    [Trait("id", "F5.64-19")]
    public async Task A_mail_that_was_certainly_not_sent_fails_its_run_and_is_sent_when_that_is_retried()
    {
        mail.Answers = line => line == "DATA" ? MailPeer.Cut : null;
        var run = await StartAsync();
        var failed = await house.AsAsync(admin, "GET", $"/api/v1/runs/{run}?wait=30");
        mail.Answers = line => line.StartsWith("RCPT", StringComparison.Ordinal) ? "550 5.1.1 <ann@secret.example> unknown" : null;
        var refused = await house.AsAsync(admin, "GET", $"/api/v1/runs/{await StartAsync()}?wait=30");
        mail.Answers = _ => null;

        var retried = await house.AsAsync(admin, "POST", $"/api/v1/runs/{run}/retry");
        var ended = await house.AsAsync(admin, "GET", $"/api/v1/runs/{run}?wait=30");

        Assert.Equal(("failed", "SERVICE_UNAVAILABLE"), (failed.Text("status"), failed.Text("outcome.error.code")));
        Assert.Equal(("failed", "DELIVERY_FAILED"), (refused.Text("status"), refused.Text("outcome.error.code")));
        Assert.True(retried.Status is 200 or 202, retried.Body.GetRawText());
        Assert.Equal("succeeded", ended.Text("status"));
        Assert.Single(mail.Taken);
        var kept = (await house.AsAsync(admin, "GET", "/api/v1/failures")).Body.GetRawText();
        Assert.Contains("DELIVERY_FAILED", kept, StringComparison.Ordinal);
        Assert.DoesNotContain("secret.example", kept, StringComparison.Ordinal);
        Assert.NotEmpty(log.Entries);
        Assert.DoesNotContain(log.Entries, entry => entry.Contains("secret.example", StringComparison.Ordinal));
    }

    [Fact]
    [Trait("id", "F5.64-27")]
    public async Task An_agent_writes_through_servers_of_its_domains_only()
    {
        await using var world = await AgentHouse.OpenAsync();
        foreach (var host in new[] { "good", "evil" })
        {
            var made = await world.House.AsFirstAsync(
                "PUT", $"/api/v1/connections/{host}", $$$"""{"kind":"smtp","settings":{"host":"{{{host}}}.example","port":{{{mail.Port}}},"tls":"none","from":"robot@example.com"} }""");
            Assert.True(made.Status == 201, made.Body.GetRawText());
        }

        var agent = await world.AgentAsync(""" "capabilities":{"allowed_domains":["good.example"]} """);

        var evil = await world.RunAsync(agent, $"[{Step("evil")}]");
        var good = await world.RunAsync(agent, $"[{Step("good")}]");

        Assert.Equal(("PERMISSION_DENIED", "domain"), (evil.Text("outcome.error.code"), evil.Text("outcome.error.details.reason")));
        Assert.Equal("succeeded", good.Text("status"));
        Assert.Single(mail.Taken);
    }

    private static string Step(string connection) =>
        $$$"""{"id":"a","skill":"email_send","params":{"connection":"{{{connection}}}","to":"ann@secret.example","subject":"s","body":"b"} }""";

    private async Task<string> StartAsync()
    {
        var started = await house.AsAsync(admin, "POST", "/api/v1/runs", $$$"""{"plan":{"name":"p","steps":[{{{Step("mail")}}}]}}""");
        return started.Text("run_id") ?? throw new InvalidOperationException(started.Body.GetRawText());
    }

    /// <summary>Comes back when the run has an event of this kind.</summary>
    private async Task FollowAsync(string run, string kind)
    {
        await foreach (var entry in house.Services.GetRequiredService<IRuns>().FollowAsync(new Caller(new TenantId("acme"), "test", []), new RunId(Guid.Parse(run)), 0, Cancel))
        {
            if (entry.Kind == kind) return;
        }

        Assert.Fail($"The run ended without {kind}.");
    }
}
