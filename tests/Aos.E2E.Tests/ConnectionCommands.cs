namespace Aos.E2E.Tests;

/// <summary><c>aos connections</c> as a process, and what <c>aos plan check</c> says of them.</summary>
[Trait("store", "none")]
public sealed class ConnectionCommands : InFolder
{
    private const string Crm = """
        kind: http
        settings:
          base_url: http://127.0.0.1:1/v1
          auth: { type: bearer, token: "secret:CRM_TOKEN" }
        """;

    [Fact]
    [Trait("id", "CONN-50")]
    public async Task A_connection_is_set_shown_listed_tried_and_removed()
    {
        var set = await Aos.RunAsync("connections", "set", "crm", "--file", Aos.Write("crm.yaml", Crm), "--json");
        var shown = await Aos.RunAsync("connections", "show", "crm", "--json");
        var listed = await Aos.RunAsync("connections");
        var tried = await Aos.RunAsync("connections", "test", "crm");
        var asJson = await Aos.RunAsync("connections", "test", "crm", "--json");
        var removed = await Aos.RunAsync("connections", "remove", "crm");
        var after = await Aos.RunAsync("connections", "list", "--json");
        var again = await Aos.RunAsync("connections", "show", "crm");

        Assert.All(new[] { set, shown, listed, removed, after }, ended => Assert.True(ended.Code == 0, ended.Errors));
        Assert.Equal((1, "secret:CRM_TOKEN"), (set.Json.GetProperty("version").GetInt32(), shown.Json.GetProperty("settings").GetProperty("auth").GetText("token")));
        Assert.StartsWith("crm ", listed.Output, StringComparison.Ordinal);
        Assert.Contains("http://127.0.0.1:1/v1", listed.Output, StringComparison.Ordinal);
        Assert.Equal((1, 1), (tried.Code, asJson.Code));
        Assert.Matches("^crm v1 failed in [0-9]+ ms: CONFIG_INVALID: The secret CRM_TOKEN is not set", tried.Output);
        Assert.Equal("CONFIG_INVALID", asJson.Json.GetProperty("error").GetText("code"));
        Assert.Equal(("", 1), (after.Output, again.Code));
        Assert.Contains("NOT_FOUND", again.Errors, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "CONN-50")]
    public async Task Every_mistake_of_a_file_is_told_with_its_place()
    {
        var file = Aos.Write("bad.json", """{"kind":"http","settings":{"auth":{"type":"bearer","token":"in the clear"},"timeout_ms":1}}""");

        var ended = await Aos.RunAsync("connections", "set", "crm", "--file", file);

        Assert.Equal(2, ended.Code);
        Assert.All(["settings.base_url: required", "settings.auth.token: pattern", "settings.timeout_ms: minimum"], told => Assert.Contains(told, ended.Errors, StringComparison.Ordinal));
        Assert.DoesNotContain("in the clear", ended.Errors, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "CONN-30")]
    public async Task Plan_check_warns_of_connections_that_a_plan_would_not_get()
    {
        var plan = Aos.Write("plan.json", """{"name":"p","steps":[{"id":"a","skill":"http_call","params":{"connection":"crm","url":"/x"}}]}""");
        var nowhere = await Aos.RunAsync("plan", "check", plan, "--data", "no-such-folder");
        await Aos.RunAsync("connections", "set", "other", "--file", Aos.Write("crm.yaml", Crm));
        var missing = await Aos.RunAsync("plan", "check", plan);
        await Aos.RunAsync("connections", "set", "crm", "--file", Aos.Write("crm.yaml", Crm + "\nallow: { agents: [mailer] }\n"));
        var forbidden = await Aos.RunAsync("plan", "check", plan);
        var allowed = await Aos.RunAsync("plan", "check", plan, "--agent", "mailer");

        Assert.All(new[] { nowhere, missing, forbidden, allowed }, ended => Assert.True(ended.Code == 0, ended.Errors));
        Assert.Contains("connections were not looked at", nowhere.Errors, StringComparison.Ordinal);
        Assert.Contains("steps[0].params.connection: warning: CONFIG_INVALID: There is no connection crm", missing.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("other", missing.Errors, StringComparison.Ordinal);
        Assert.Contains("steps[0].params.connection: warning: PERMISSION_DENIED", forbidden.Errors, StringComparison.Ordinal);
        Assert.Equal("", allowed.Errors);
    }
}
