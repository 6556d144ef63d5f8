namespace Aos.E2E.Tests;

/// <summary>What agents remember, at the command line.</summary>
[Trait("store", "sqlite")]
public sealed class NoteCommands : InFolder
{
    [Fact]
    [Trait("id", "E1.2-07")]
    public async Task Notes_are_kept_found_listed_and_removed()
    {
        var kept = await Aos.RunAsync("memory", "notes", "add", "Bengt wants the aisle seat.", "--agent", "a7", "--type", "preference");
        var again = await Aos.RunAsync("memory", "notes", "add", "Bengt wants the aisle seat.", "--agent", "a7");
        var found = await Aos.RunAsync("memory", "search", "which seat for Bengt?", "--agent", "a7", "--explain");
        var listed = await Aos.RunAsync("memory", "notes", "list", "--json");
        var state = await Aos.RunAsync("memory", "backfill");
        var id = kept.Output.Split(' ')[0];
        var gone = await Aos.RunAsync("memory", "notes", "delete", id);
        var none = await Aos.RunAsync("memory", "notes", "delete", id);
        var forgotten = await Aos.RunAsync("memory", "notes", "forget", "--agent", "a7");

        Assert.Equal((0, $"{id} kept"), (kept.Code, kept.Output.Trim()));
        Assert.Equal($"{id} is there already", again.Output.Trim());
        Assert.Contains("Bengt wants the aisle seat.", found.Output, StringComparison.Ordinal);
        Assert.Contains("\"full_text\":{\"rank\":1", found.Output, StringComparison.Ordinal);
        Assert.Contains("\"memory_type\":\"preference\"", listed.Output, StringComparison.Ordinal);
        Assert.Contains("aos-hash-1", state.Output, StringComparison.Ordinal);
        Assert.Equal((0, 1, "0 forgotten"), (gone.Code, none.Code, forgotten.Output.Trim()));
    }
}
