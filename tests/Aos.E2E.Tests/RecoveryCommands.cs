namespace Aos.E2E.Tests;

/// <summary><c>aos recovery</c> and <c>aos runs retry --with</c> as processes.</summary>
[Trait("store", "none")]
public sealed class RecoveryCommands : InFolder
{
    [Fact]
    [Trait("id", "F5.56-01")]
    [Trait("id", "F5.56-02")]
    public async Task A_failed_run_is_recovered_from_the_command_line()
    {
        var plan = Aos.Write("plan.json", """{"steps":[{"id":"pick","skill":"json_transform","params":{"operation":"extract","data":{"a":1},"path":"$.b"}}]}""");
        await Aos.RunAsync("run", plan);
        var run = (await Aos.RunAsync("runs", "list", "--json")).Json.GetText("run_id")!;
        var told = await Aos.RunAsync("recovery", "suggest", "the request timed out");
        var nothing = await Aos.RunAsync("recovery", "suggest");
        var suggested = await Aos.RunAsync("recovery", "suggest", "--run", run, "--json");
        var id = suggested.Json.GetText("id")!;
        var early = await Aos.RunAsync("runs", "retry", run, "--with", id);
        var approved = await Aos.RunAsync("recovery", "approve", "--id", id, "--note", "path corrected", "--action", """{"kind":"change_parameter","step":"pick","parameter":"path","value":"$.a"}""");
        var fork = await Aos.RunAsync("runs", "retry", run, "--with", id);
        var other = Json.Parse(fork.Output).GetText("run_id")!;
        var ended = await Aos.RunAsync("runs", "resume", other);
        var shown = await Aos.RunAsync("recovery", "show", id);
        var rejected = await Aos.RunAsync("recovery", "reject", (await Aos.RunAsync("recovery", "suggest", "TIMEOUT", "--skill", "http_call", "--json")).Json.GetText("id")!);
        var listed = await Aos.RunAsync("recovery", "candidates", "--status", "applied", "--json");
        var stats = await Aos.RunAsync("recovery", "stats");
        var two = await Aos.RunAsync("recovery", "approve", id, "--id", id);
        var none = await Aos.RunAsync("recovery", "suggest");
        var skipped = await Aos.RunAsync("failures", "list", "--offset", "1");

        Assert.Equal(0, told.Code);
        Assert.Contains("or ", told.Output, StringComparison.Ordinal);
        Assert.Equal((0, "change_parameter", "DATA_NOT_FOUND"), (suggested.Code, suggested.Json.Get("action")?.GetText("kind"), suggested.Json.GetText("error_code")));
        Assert.Equal(1, early.Code);
        Assert.Contains("INVALID_STATE", early.Errors, StringComparison.Ordinal);
        Assert.Contains($"aos recovery approve {id}", early.Errors, StringComparison.Ordinal);
        Assert.Equal((2, true), (nothing.Code, nothing.Errors.Contains("--run RUN", StringComparison.Ordinal)));
        Assert.Contains("by 0 outcomes", told.Output, StringComparison.Ordinal);
        Assert.Equal(0, approved.Code);
        Assert.True(fork.Code == 0 && other != run, fork.Errors);
        Assert.Equal(0, ended.Code);
        Assert.Equal(("applied", "succeeded", other), (Json.Parse(shown.Output).GetText("status"), Json.Parse(shown.Output).GetText("outcome"), Json.Parse(shown.Output).GetText("applied_run_id")));
        Assert.Contains("rejected", rejected.Output, StringComparison.Ordinal);
        Assert.Equal(id, listed.Json.GetText("id"));
        Assert.Equal((3, 1), (Json.Parse(stats.Output).GetProperty("total").GetInt32(), Json.Parse(stats.Output).GetProperty("outcomes").GetProperty("succeeded").GetInt32()));
        Assert.NotEqual(0, two.Code);
        Assert.True(none.Code != 0 && none.Errors.Contains("--run", StringComparison.Ordinal), none.Errors);
        Assert.Equal((0, ""), (skipped.Code, skipped.Output));
    }
}
