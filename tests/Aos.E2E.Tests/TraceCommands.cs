namespace Aos.E2E.Tests;

/// <summary><c>aos trace list|store|show|diff|delete|mismatches</c> as a process.</summary>
[Trait("store", "none")]
public sealed class TraceCommands : InFolder
{
    [Fact]
    [Trait("id", "B8-TRACE-62")]
    public async Task A_trace_file_is_stored_listed_shown_compared_and_deleted()
    {
        var trace = new Trace11 { Seed = "42", Timestamp = "2025-01-01T00:00:00Z" }.Add("test", Json.Parse("""{"x":1}"""), Json.Parse("""{"y":2}"""), "abc123", "success").Finalize();
        var file = Aos.Write("nightly.trace.json", Json.Write(trace.WriteTo).GetRawText());
        var broken = Aos.Write("broken.trace.json", Json.Write((trace with { Seed = "43" }).WriteTo).GetRawText());

        var stored = await Aos.RunAsync("trace", "store", file);
        var refused = await Aos.RunAsync("trace", "store", broken);
        var again = await Aos.RunAsync("trace", "store", file);
        var listed = await Aos.RunAsync("trace", "list", "--source", "client", "--json");
        var shown = await Aos.RunAsync("trace", "show", "nightly", "--schema", "1.1");
        var same = await Aos.RunAsync("trace", "diff", "nightly", file);
        var compared = await Aos.RunAsync("trace", "diff", "nightly", "nightly");
        var mismatches = await Aos.RunAsync("trace", "mismatches", "nightly");
        var deleted = await Aos.RunAsync("trace", "delete", "nightly");
        var gone = await Aos.RunAsync("trace", "delete", "nightly");

        Assert.True(stored.Code == 0, stored.Errors);
        Assert.Equal(("nightly", trace.RootHash), (stored.Json.GetText("trace_id"), stored.Json.GetText("root_hash")));
        Assert.Equal(1, refused.Code);
        Assert.Contains("TAMPER_DETECTED", refused.Errors, StringComparison.Ordinal);
        Assert.Equal(1, again.Code);
        Assert.Contains("--overwrite", (await Aos.RunAsync("trace", "store", "--help")).Output, StringComparison.Ordinal);
        Assert.Equal("nightly", listed.Json.GetText("trace_id"));
        Assert.True(Trace11.Read(shown.Json).Verify());
        Assert.True(same.Code == 0, same.Output + same.Errors);
        Assert.True(compared.Code == 0, compared.Output + compared.Errors);
        Assert.Equal((0, "", 0), (mismatches.Code, mismatches.Output, deleted.Code));
        Assert.Contains("NOT_FOUND", gone.Errors, StringComparison.Ordinal);
    }
}
