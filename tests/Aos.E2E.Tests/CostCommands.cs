namespace Aos.E2E.Tests;

/// <summary><c>aos costsim</c> as a process.</summary>
[Trait("store", "none")]
public sealed class CostCommands : InFolder
{
    [Fact]
    [Trait("id", "D6.3-04")]
    [Trait("id", "D6.3-05")]
    public async Task Old_files_are_taken_in_with_bad_lines_told_by_their_number_and_all_is_shown()
    {
        var file = Aos.Write("old.jsonl", """
            {"plan":[{"skill":"a"}],"cost_cents":12,"duration_ms":30,"timestamp":"2025-01-02T03:04:05Z"}
            no JSON

            {"output_json":"{\"estimated_cost_cents\":4}","input_json":"{}","model_version":"2.0.0"}
            {"cost_cents":1}
            """);
        var dry = await Aos.RunAsync("costsim", "backfill", file, "--dry-run", "--json");
        var none = await Aos.RunAsync("costsim", "backfill", file, "--dry-run", "--verify");
        var filled = await Aos.RunAsync("costsim", "backfill", file, "--verify", "--json");
        var again = await Aos.RunAsync("costsim", "backfill", file);
        var listed = await Aos.RunAsync("costsim", "provenance", "--variant", "v2", "--source", "backfill");
        var shown = await Aos.RunAsync("costsim", "provenance", listed.Json.GetText("id")!);
        var runs = await Aos.RunAsync("costsim", "backfill", "--from", "2026-01-01");
        var drift = await Aos.RunAsync("costsim", "drift");
        var divergence = await Aos.RunAsync("costsim", "divergence");

        Assert.Equal((1, """{"inserted":2,"skipped":0,"wrong":2}"""), (dry.Code, dry.Output.Trim()));
        Assert.Contains("line 2: It is no JSON.", dry.Errors, StringComparison.Ordinal);
        Assert.Contains("line 5: It has neither output_json nor plan and cost_cents.", dry.Errors, StringComparison.Ordinal);
        Assert.Equal(1, none.Code);
        Assert.Equal((1, """{"inserted":2,"skipped":0,"wrong":2}"""), (filled.Code, filled.Output.Trim()));
        Assert.Contains("0 recorded, 2 known, 2 wrong", again.Output, StringComparison.Ordinal);
        Assert.Equal(4, Json.Parse(shown.Output).GetProperty("v2_cost_cents").GetInt32());
        Assert.Equal((0, "0 runs: 0 recorded, 0 known, 0 damaged"), (runs.Code, runs.Output.Trim()));
        Assert.Equal((0, ""), (drift.Code, drift.Output.Trim()));
        Assert.Equal((0, 0), (divergence.Code, Json.Parse(divergence.Output).GetProperty("sample_count").GetInt32()));
    }
}
