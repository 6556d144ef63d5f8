using System.Collections.Immutable;

namespace Aos.Kernel.Tests.Safety;

/// <summary>Which calls are not made, pattern by pattern, and which are although they look odd.</summary>
public sealed class SandboxRefusals
{
    private static readonly SandboxTerms Http = new(["network", "http"], false, ["body"]);

    [Theory]
    [InlineData("shell")]
    [InlineData("shell_lite")]
    [InlineData("shell_exec")]
    [InlineData("shell_execute")]
    [InlineData("os_command")]
    [InlineData("os_remove")]
    [InlineData("file_delete")]
    [InlineData("db_drop")]
    [InlineData("db_truncate")]
    [InlineData("system_reboot")]
    [InlineData("system_shutdown")]
    [InlineData("rm_rf")]
    [InlineData("format_disk")]
    [InlineData("network_raw")]
    [InlineData("eval_code")]
    [InlineData("system_call")]
    [InlineData("Shell_Exec")]
    [InlineData("skill.shell_exec")]
    [InlineData("SKILL.shell_exec")]
    [Trait("id", "SANDBOX-01")]
    public void A_forbidden_skill_is_refused_however_it_is_written(string skill)
    {
        var refusal = Sandbox.Refusal(SandboxRules.Default, skill, new SandboxTerms([], true, []), Json.EmptyObject);

        Assert.Equal(("SANDBOX_REJECTION", FailureCategory.Security, false), (refusal?.Code, refusal!.Category, refusal.Retryable));
        Assert.Equal("""[{"path":"skill","type":"forbidden_skill"}]""", Violations(refusal));
    }

    [Theory]
    [InlineData("shell_exec_report")]
    [InlineData("my_shell_exec")]
    [InlineData("format_disk_usage")]
    [Trait("id", "SANDBOX-01")]
    public void A_skill_that_only_sounds_so_is_called(string skill) => Assert.Null(Sandbox.Refusal(SandboxRules.Default, skill, Http, Json.EmptyObject));

    [Fact]
    [Trait("id", "SANDBOX-02")]
    public void The_house_forbids_skills_of_its_own_and_allows_by_capability()
    {
        var rules = new SandboxRules(["skill.Mail_All"], ["HTTP", "llm"]);

        Assert.Contains("forbidden_skill", Violations(Sandbox.Refusal(rules, "mail_all", Http, Json.EmptyObject)!), StringComparison.Ordinal);
        Assert.Null(Sandbox.Refusal(rules, "http_call", Http, Json.EmptyObject));
        Assert.Contains("forbidden_capability", Violations(Sandbox.Refusal(rules, "kv_set", new SandboxTerms(["storage"], false, []), Json.EmptyObject)!), StringComparison.Ordinal);
        Assert.Contains("forbidden_capability", Violations(Sandbox.Refusal(rules, "untold", new SandboxTerms([], false, []), Json.EmptyObject)!), StringComparison.Ordinal);
        Assert.NotNull(Sandbox.Refusal(rules with { Capabilities = [] }, "http_call", Http, Json.EmptyObject));
    }

    [Theory]
    [InlineData("x; rm -rf /", "remove_all")]
    [InlineData("x;rm   -rf ~", "remove_all")]
    [InlineData("x;\n RM\t-RF /", "remove_all")]
    [InlineData("1; DROP TABLE users", "drop_table")]
    [InlineData("1;drop \n table users", "drop_table")]
    [InlineData("1; delete from users", "delete_from")]
    [InlineData("1;Delete\tFrom users", "delete_from")]
    [InlineData("$(cat x)", "command_substitution")]
    [InlineData("a $(( 1 + 1 )) b", "command_substitution")]
    [InlineData("`id`", "back_ticks")]
    [InlineData("a `cat x` b", "back_ticks")]
    [InlineData("../secret", "path_traversal")]
    [InlineData("a/../../b", "path_traversal")]
    [InlineData("..\\secret", "path_traversal")]
    [InlineData("/etc/passwd", "etc_passwd")]
    [InlineData("file:///etc/passwd", "etc_passwd")]
    [InlineData("/etc/shadow", "etc_shadow")]
    [Trait("id", "SANDBOX-03")]
    public void A_suspicious_text_is_refused_in_a_value_a_list_and_a_name(string text, string pattern)
    {
        var quoted = Json.Of(text).GetRawText();
        foreach (var (parameters, path) in new[]
        {
            ($$"""{"x":{{quoted}}}""", "params.x"),
            ($$"""{"x":{"y":[1,{{quoted}}] } }""", "params.x.y[1]"),
            ($$"""{"x":{ {{quoted}}:1} }""", "params.x"),
            ($$"""{ {{quoted}}:1}""", "params"),
        })
        {
            var refusal = Sandbox.Refusal(SandboxRules.Default, "http_call", Http, Json.Parse(parameters));
            Assert.Equal(CanonicalJson.Text(Json.Parse($$"""[{"path":"{{path}}","pattern":"{{pattern}}","type":"suspicious_input"}]""")), Violations(refusal!));
            Assert.DoesNotContain(text, refusal!.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    [Trait("id", "SANDBOX-03")]
    public void A_text_written_with_escapes_is_seen_through() =>
        Assert.NotNull(Sandbox.Refusal(SandboxRules.Default, "http_call", Http, Json.Parse("""{"x":"\u002e\u002e\u002fsecret"}""")));

    [Theory]
    [InlineData("price; remove it -r f")]
    [InlineData("drop table manners; then talk")]
    [InlineData("delete from the list")]
    [InlineData("cost $ (net)")]
    [InlineData("$()")]
    [InlineData("a ` alone")]
    [InlineData("``")]
    [InlineData("wait ... / slash")]
    [InlineData("/etc/hosts")]
    [InlineData("https://api.example.com/v1/items;page=2")]
    [InlineData("Mozilla/5.0 (X11; Linux x86_64)")]
    [Trait("id", "SANDBOX-04")]
    public void A_text_that_only_resembles_one_passes(string text) =>
        Assert.Null(Sandbox.Refusal(SandboxRules.Default, "http_call", Http, Json.Parse($$"""{"x":{{Json.Of(text).GetRawText()}} }""")));

    [Theory]
    [InlineData("https://a.example/v1/../b", true)]
    [InlineData("https://a.example/`id`", false)]
    [InlineData("https://a.example/?q=$(id)", false)]
    [InlineData("file:///etc/passwd", false)]
    [Trait("id", "SANDBOX-04")]
    public void A_url_may_have_a_path_that_goes_up_but_looks_no_worse(string url, bool isCalled) =>
        Assert.Equal(isCalled, Sandbox.Refusal(SandboxRules.Default, "http_call", Http with { UrlParam = "url" }, Json.Parse($$"""{"url":{{Json.Of(url).GetRawText()}} }""")) is null);

    [Theory]
    [InlineData("Use `git status`, then `$(pwd)` and see ../README and /etc/passwd; rm -rf build; DROP TABLE x; delete from y")]
    [InlineData("```sh\ncat /etc/shadow\n```")]
    [Trait("id", "SANDBOX-04")]
    public void Text_that_nobody_executes_passes(string text)
    {
        var body = Json.Parse($$"""{"body":{"text":{{Json.Of(text).GetRawText()}} } }""");

        Assert.Null(Sandbox.Refusal(SandboxRules.Default, "http_call", Http, body));
        Assert.Null(Sandbox.Refusal(SandboxRules.Default, "echo", new SandboxTerms(["test"], true, []), Json.Parse($$"""{"v":{{Json.Of(text).GetRawText()}} }""")));
        Assert.NotNull(Sandbox.Refusal(SandboxRules.Default, "unknown", new SandboxTerms([], false, []), body));
    }

    [Fact]
    [Trait("id", "SANDBOX-05")]
    public void All_violations_are_named_at_once_and_their_number_is_bounded()
    {
        var many = string.Join(',', Enumerable.Range(0, 50).Select(i => $"\"h{i}\":\"../x\""));
        var refusal = Sandbox.Refusal(SandboxRules.Default, "http_call", Http, Json.Parse($$"""{"headers":{ {{many}} } }"""));

        Assert.Equal(20, refusal!.Details!.Value.GetProperty("violations").GetArrayLength());
        Assert.Contains("http_call was not called: params.headers.h0 looks like path_traversal, and 19 more.", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("$(", false)]
    [InlineData("`", true)]
    [InlineData("; ", false)]
    [InlineData(";drop ", false)]
    [Trait("id", "SANDBOX-05")]
    public void A_long_text_made_to_be_slow_is_judged_in_one_pass(string part, bool isRefused)
    {
        var text = string.Concat(Enumerable.Repeat(part, 400_000));
        var parameters = Json.Write(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("x", text);
            writer.WriteEndObject();
        });

        // A pattern that looked again from each place would take hours.
        Assert.Equal(isRefused, Sandbox.Refusal(SandboxRules.Default, "http_call", Http, parameters) is not null);
    }

    private static string Violations(Failure refusal) => CanonicalJson.Text(refusal.Details!.Value.GetProperty("violations"));
}
