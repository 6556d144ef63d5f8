namespace Aos.E2E.Tests;

/// <summary><c>aos failures</c> as a process.</summary>
[Trait("store", "none")]
public sealed class FailureCommands : InFolder
{
    [Fact]
    [Trait("id", "F5.51-33")]
    public async Task A_failed_step_is_listed_shown_counted_and_marked_and_what_a_failure_is_is_told()
    {
        var plan = Aos.Write("plan.json", """{"steps":[{"id":"pick","skill":"json_transform","params":{"operation":"extract","data":{"a":1},"path":"$.b"}}]}""");
        await Aos.RunAsync("run", plan);
        var listed = await Aos.RunAsync("failures", "list", "--category", "DATA", "--json");
        var id = listed.Json.GetText("id")!;
        var shown = await Aos.RunAsync("failures", "show", id);
        var stats = await Aos.RunAsync("failures", "stats");
        var marked = await Aos.RunAsync("failures", "recovered", id, "--notes", "path corrected");
        var after = await Aos.RunAsync("failures", "list");
        var known = await Aos.RunAsync("failures", "match", "the request timed out");
        var unknown = await Aos.RunAsync("failures", "match", "xyzzy");

        Assert.Equal((0, "pick", "DATA_NOT_FOUND"), (listed.Code, listed.Json.GetText("step_id"), listed.Json.GetText("error_code")));
        Assert.Equal((0, id), (shown.Code, Json.Parse(shown.Output).GetText("id")));
        Assert.Equal((0, 1), (stats.Code, Json.Parse(stats.Output).GetProperty("total_failures").GetInt32()));
        Assert.Equal((0, "path corrected"), (marked.Code, Json.Parse(marked.Output).GetText("recovery_notes")));
        Assert.Contains("recovered", after.Output, StringComparison.Ordinal);
        Assert.Equal((0, "TIMEOUT"), (known.Code, Json.Parse(known.Output).GetProperty("entry").GetText("code")));
        Assert.Equal(1, unknown.Code);
    }
}
