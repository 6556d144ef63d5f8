using Aos.App;
using Aos.Contracts;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Aos.Auth.Tests;

/// <summary>Texts from outside that want to be a line of the log, and secrets that must not be in one.</summary>
[Trait("store", "none")]
public sealed class AttacksOnLogs
{
    private const string Escape = "\u001b[31mred\u001b[0m";

    [Theory]
    [Trait("id", "ATTACK-log-injection")]
    [InlineData("plain text, ümlaut and 漢字", "plain text, ümlaut and 漢字")]
    [InlineData("a\r\n2026-01-01 warn forged", "a\\r\\n2026-01-01 warn forged")]
    [InlineData("a\u0085b\u2028c\u2029d", "a\\u0085b\\u2028c\\u2029d")]
    [InlineData(Escape, "\\u001b[31mred\\u001b[0m")]
    [InlineData("a\u009b2Jb\0c\bd\te", "a\\u009b2Jb\\u0000c\\u0008d\\te")]
    [InlineData("user\u202Etxt.exe", "user\\u202etxt.exe")]
    public void What_would_act_on_a_line_is_written_as_its_code(string text, string shown) => Assert.Equal(shown, PlainText.Of(text));

    [Fact]
    [Trait("id", "ATTACK-log-injection")]
    public void An_entry_with_its_exception_is_one_line()
    {
        using var log = new CapturedLog();
        var logger = log.CreateLogger("Aos.Test");

        logger.LogError(new InvalidOperationException("first\nsecond " + Escape, new IOException("third\r\nfourth")), "Goal {Goal} failed.", "x\ny " + Escape);

        var entry = Assert.Single(log.Entries);
        Assert.Matches("^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z fail Aos\\.Test\\[0\\] Goal x\\\\ny ", entry);
        AssertOneLine(entry);
    }

    [Fact]
    [Trait("id", "ATTACK-log-injection")]
    public async Task Whatever_a_request_says_no_entry_becomes_two()
    {
        using var log = new CapturedLog();
        await using var house = await OpenAsync(log, isTalkative: true);
        var key = await house.KeyAsync("readonly");

        foreach (var header in new[] { "X-Correlation-ID", "X-Tenant-ID", "X-User-ID", "User-Agent", "Idempotency-Key", "X-AOS-Key", "X-Forwarded-For" })
            await house.RawAsync($"GET /api/v1/me HTTP/1.1\r\nHost: a\r\n{header}: a{Escape}\tb\u0085c\r\nConnection: close\r\n\r\n");
        foreach (var path in new[] { "/api/v1/runs/a%0d%0awarn%20forged%1b%5b31m", "/nothing%0a%1b", "/api/v1/runs?agent_id=a%0d%0ab%1b" })
            await house.AskAsync("GET", path, null, ("X-AOS-Key", key.Text));
        foreach (var text in new[] { "a\\r\\nforged", "\\u001b[31mred", "\\u2028x" })
        {
            await house.AsFirstAsync("POST", "/api/v1/runs?wait=20", $$"""{"plan":[{"skill":"{{text}}"}],"agent_id":"{{text}}","goal":"{{text}}","labels":{"a":"{{text}}"} }""");
            await house.AsFirstAsync("POST", "/api/v1/runs?wait=20", $$"""{"plan":[{"skill":"fs_read","params":{"path":"{{text}}"} }],"agent_id":"{{text}}","goal":"{{text}}"}""");
            await house.AsFirstAsync("POST", "/agents", $$"""{"name":"{{text}}"}""");
        }

        Assert.Contains(log.Entries, entry => entry.Contains("forged", StringComparison.Ordinal));
        Assert.All(log.Entries, AssertOneLine);
    }

    [Fact]
    [Trait("id", "ATTACK-log-injection")]
    public async Task What_a_header_gives_back_is_what_a_header_may_hold()
    {
        await using var house = await AuthHouse.OpenAsync();

        var answer = await house.RawAsync($"GET /healthz HTTP/1.1\r\nHost: a\r\nX-Correlation-ID: a{Escape}\r\nX-Request-ID: mine\r\nConnection: close\r\n\r\n");

        Assert.DoesNotContain("\u001b", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("X-Correlation-ID", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("mine", answer, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "ATTACK-key-in-url")]
    public async Task A_key_in_an_address_stands_in_no_log_and_no_record()
    {
        using var log = new CapturedLog();
        await using var house = await OpenAsync(log, isTalkative: false);
        var key = await house.KeyAsync("admin");

        foreach (var name in new[] { "key", "api_key", "access_token", "token", "X-AOS-Key" })
        {
            Assert.Equal(401, (await house.AskAsync("GET", $"/api/v1/keys?{name}={key.Text}")).Status);
            Assert.Equal(403, (await house.AskAsync("POST", $"/api/v1/rbac/reload?{name}={key.Text}", null, ("X-AOS-Key", key.Text))).Status);
        }

        await house.AsFirstAsync("DELETE", $"/api/v1/keys/{key.Text}");
        var record = (await house.AsFirstAsync("GET", "/api/v1/audit?all_tenants=true&limit=100")).Body.GetRawText();
        Assert.Contains("/api/v1/rbac/reload", record, StringComparison.Ordinal);
        Assert.DoesNotContain(key.Text, record, StringComparison.Ordinal);
        Assert.DoesNotContain(log.Entries, entry => entry.Contains(key.Text, StringComparison.Ordinal));
    }

    private static void AssertOneLine(string entry)
    {
        Assert.EndsWith("\n", entry, StringComparison.Ordinal);
        Assert.DoesNotContain(entry[..^1], c => char.IsControl(c) || c is '\u2028' or '\u2029');
    }

    /// <param name="isTalkative">True: everything is logged, what the web server says of each request too; false: what a server logs.</param>
    private static Task<AuthHouse> OpenAsync(CapturedLog log, bool isTalkative) => AuthHouse.OpenAsync(set: options => options.Mode = RbacMode.Enforce, more: services =>
    {
        services.AddSingleton<ILoggerProvider>(log);
        if (!isTalkative) return;
        services.Configure<LoggerFilterOptions>(filter =>
        {
            filter.Rules.Clear();
            filter.Rules.Add(new LoggerFilterRule("Microsoft.Extensions.Logging.Console.ConsoleLoggerProvider", null, LogLevel.None, null));
            filter.MinLevel = LogLevel.Trace;
        });
    });
}
