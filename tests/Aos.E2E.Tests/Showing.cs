namespace Aos.E2E.Tests;

/// <summary>What commands draw, as processes whose output is no terminal.</summary>
[Trait("store", "sqlite")]
public sealed class Showing : InFolder
{
    [Fact]
    [Trait("id", "WATCH-05")]
    [Trait("id", "TIMELINE-01")]
    [Trait("id", "MEMREAD-25")]
    public async Task A_watched_run_tells_its_child_run_too_and_its_record_and_export_are_drawn_alike()
    {
        var plan = Aos.Write("plan.yaml", """
            name: digest
            steps:
              - id: inner
                run: { plan: { name: small, steps: [ { id: x, skill: echo, params: { tone: "${{ memory[\"tone\"].style }}" } } ] } }
            output: "${{ steps.inner.result.echo.tone }}"
            """);
        var kept = await Aos.RunAsync("memory", "put", "tone", """{"style":"dry"}""");
        var run = await Aos.RunAsync("run", plan, "--watch");
        var id = run.Errors.Split('\n')[0]["run ".Length..].Trim();
        var record = await Aos.RunAsync("trace", "show", id, "--width", "90");
        await Aos.RunAsync("trace", "export", id, "-o", "r.json");
        var file = await Aos.RunAsync("trace", "show", "r.json", "--width", "90");
        var listed = await Aos.RunAsync("memory", "list");
        var gone = await Aos.RunAsync("memory", "delete", "tone");
        var none = await Aos.RunAsync("memory", "get", "tone");

        Assert.Equal((0, "tone kept", 0, "dry"), (kept.Code, kept.Output.Trim(), run.Code, run.Output.Trim()));
        Assert.Contains("  + inner/x            echo             succeeded", run.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain('\x1b', run.Errors + record.Output);
        Assert.Equal(Bars(record.Output), Bars(file.Output));
        Assert.Contains("░", Bars(file.Output), StringComparison.Ordinal);
        Assert.StartsWith("tone ", listed.Output, StringComparison.Ordinal);
        Assert.Equal((0, 1), (gone.Code, none.Code));
        Assert.Contains("NOT_FOUND", none.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [Trait("id", "TIMELINE-04")]
    [InlineData("[1", 1, "it is no JSON")]
    [InlineData("{}", 1, "neither events")]
    public async Task A_file_that_is_no_trace_is_named_with_what_it_lacks(string content, int code, string says)
    {
        Aos.Write("bad.json", content);
        var ended = await Aos.RunAsync("trace", "show", "bad.json");

        Assert.Equal((code, ""), (ended.Code, ended.Output));
        Assert.Contains("bad.json: ", ended.Errors, StringComparison.Ordinal);
        Assert.Contains(says, ended.Errors, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    [Trait("id", "TIMELINE-04")]
    public async Task A_width_that_is_none_and_a_run_that_is_none_are_refused()
    {
        var width = await Aos.RunAsync("trace", "show", "x.json", "--width", "5");
        var run = await Aos.RunAsync("trace", "show", "01900000-0000-7000-8000-000000000001");

        Assert.Equal((2, 1), (width.Code, run.Code));
        Assert.Contains("60 to 400", width.Errors, StringComparison.Ordinal);
        Assert.Contains("There is no", run.Errors, StringComparison.Ordinal);
    }

    private static string Bars(string output) => string.Join('\n', output.Split('\n').Where(line => line.StartsWith("+ ", StringComparison.Ordinal)));
}
