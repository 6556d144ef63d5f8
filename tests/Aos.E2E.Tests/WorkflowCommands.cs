using Aos.Testing;

namespace Aos.E2E.Tests;

/// <summary><c>aos workflows</c>, and <c>aos runs ... --where</c>, as processes.</summary>
[Trait("store", "none")]
public sealed class WorkflowCommands : InFolder
{
    private const string Inner = "name: inner\nversion: 1.0.0\nsteps:\n  - id: x\n    skill: echo\n    params: { m: hello }\n";
    private const string Outer = "name: outer\nsteps:\n  - id: a\n    run: { plan: { $ref: \"workflow:inner@1\" } }\n";

    [Fact]
    [Trait("id", "WF-30")]
    public async Task A_workflow_is_pushed_checked_run_compared_and_deprecated()
    {
        var missing = Aos.Write("missing.yaml", Outer.Replace("inner@1", "iner@1", StringComparison.Ordinal));
        if (Store.Kind == TestStoreKind.Sqlite)
        {
            var alone = await Aos.RunAsync("plan", "check", missing, "--data", Path.Combine(Folder, "none"));
            Assert.Equal(0, alone.Code);
            Assert.Contains("workflow:iner@1 was not looked up", alone.Errors, StringComparison.Ordinal);
        }

        var inner = await Aos.RunAsync("workflows", "push", Aos.Write("inner.yaml", Inner), "--tag", "demo");
        var outer = await Aos.RunAsync("workflows", "push", Aos.Write("outer.yaml", Outer), "--json");
        var again = await Aos.RunAsync("workflows", "push", Aos.Write("outer.yaml", Outer), "--json");
        var mistaken = await Aos.RunAsync("plan", "check", missing);
        var check = await Aos.RunAsync("plan", "check", Path.Combine(Folder, "outer.yaml"));
        var ran = await Aos.RunAsync("workflows", "run", "outer");
        await Aos.RunAsync("workflows", "push", Aos.Write("inner2.yaml", Inner.Replace("1.0.0", "2.0.0", StringComparison.Ordinal).Replace("hello", "other", StringComparison.Ordinal)));
        var diff = await Aos.RunAsync("workflows", "diff", "inner", "1");
        var deprecated = await Aos.RunAsync("workflows", "deprecate", "inner@1.0.0", "-m", "use 2");
        var listed = await Aos.RunAsync("workflows", "list", "--tag", "demo");
        var versions = await Aos.RunAsync("workflows", "versions", "inner");
        var refused = await Aos.RunAsync("workflows", "run", "inner@1");

        Assert.Equal((2, 0, 0, 0), (mistaken.Code, inner.Code, outer.Code, check.Code));
        Assert.Contains("Did you mean inner?", mistaken.Errors, StringComparison.Ordinal);
        Assert.Contains("workflow:inner@1 is inner@1.0.0", check.Output, StringComparison.Ordinal);
        Assert.Equal((true, false), (outer.Json.GetProperty("created").GetBoolean(), again.Json.GetProperty("created").GetBoolean()));
        Assert.True(ran.Code == 0, ran.Errors);
        Assert.Contains("hello", ran.Output, StringComparison.Ordinal);
        Assert.Equal(1, diff.Code);
        Assert.Contains("changed step x: params", diff.Output, StringComparison.Ordinal);
        Assert.Contains("deprecated use 2", deprecated.Output, StringComparison.Ordinal);
        Assert.StartsWith("inner@2.0.0 ", listed.Output, StringComparison.Ordinal);
        Assert.Equal(2, versions.Output.Trim().Split('\n').Length);
        Assert.Equal(1, refused.Code);
        Assert.Contains("WORKFLOW_DEPRECATED", refused.Errors, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "WF-30")]
    public async Task The_sample_runs_as_its_page_says()
    {
        foreach (var file in new[] { "line.yaml", "report.json" })
            Assert.Equal(0, (await Aos.RunAsync("workflows", "push", Path.Combine(Samples.At("workflows"), file))).Code);
        var ran = await Aos.RunAsync("workflows", "run", "order-report");

        Assert.True(ran.Code == 0, ran.Errors);
        Assert.Equal(["A-1", "A-2"], ran.Json.EnumerateArray().Select(line => line.GetProperty("order").GetString()));
    }

    [Fact]
    [Trait("id", "BULK-10")]
    public async Task Many_runs_are_told_first_and_steered_with_yes()
    {
        var plan = Aos.Write("waits.yaml", "name: waits\nsteps:\n  - id: a\n    await: { signal: go }\n");
        for (var i = 0; i < 2; i++) await Aos.RunAsync("run", plan, "--wait", "0", "--label", "kind=many");
        var preview = await Aos.RunAsync("runs", "cancel", "--where", "label.kind=many", "--preview");
        var unsure = await Aos.RunAsync("runs", "cancel", "--where", "label.kind=many");
        var done = await Aos.RunAsync("runs", "cancel", "--where", "label.kind=many", "--yes", "--json");
        var both = await Aos.RunAsync("runs", "cancel", "RUN", "--where", "label.kind=many");
        var wrong = await Aos.RunAsync("runs", "cancel", "--where", "kind=many", "--yes");

        Assert.Equal((0, 2, 0, 2, 2), (preview.Code, unsure.Code, done.Code, both.Code, wrong.Code));
        Assert.Equal(2, preview.Output.Trim().Split('\n').Length);
        Assert.Contains("nothing was done", unsure.Errors, StringComparison.Ordinal);
        Assert.Equal(2, done.Json.GetProperty("done").GetInt32());
        Assert.Equal(2, (await Aos.RunAsync("runs", "list", "--status", "cancelled")).Output.Trim().Split('\n').Length);
    }
}
