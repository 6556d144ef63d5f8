namespace Aos.E2E.Tests;

/// <summary><c>aos memory</c> as a process.</summary>
[Trait("store", "none")]
public sealed class MemoryCommands : InFolder
{
    [Fact]
    [Trait("id", "E2-02")]
    public async Task Entries_are_changed_in_place_and_seeded_exported_imported_and_verified()
    {
        var counted = await Aos.RunAsync("memory", "increment", "visits", "/per/day", "--by", "2", "--create");
        var patched = await Aos.RunAsync("memory", "patch", "visits", """{"note":"x"}""", "--ttl", "3600");
        var appended = await Aos.RunAsync("memory", "append", "visits", "/log", "1", "\"two\"", "--max-items", "1", "--create", "--keep-ttl", "--json");
        Assert.All(new[] { counted, patched, appended }, ended => Assert.True(ended.Code == 0, ended.Errors));
        Assert.Equal("""{"log":["two"],"note":"x","per":{"day":2}}""", appended.Json.GetProperty("value").GetRawText());

        var seed = Aos.Write("seed.yaml", """
            entries:
              - tenant_id: global
                source: seed
                pins: { "config:a": { rpm: 100 }, "config:b": { on: true } }
              - ttl_seconds: 60
                pins: { "tone": { style: dry } }
            """);
        var pins = Aos.Write("seed.json", """{"pins":[{"key":"tone","value":{"style":"loud"}},{"key":"new","value":{"n":1.50},"source":"me"}]}""");
        var tried = await Aos.RunAsync("memory", "seed", seed, "--dry-run");
        var seeded = await Aos.RunAsync("memory", "seed", seed, "--verify", "--json");
        var again = await Aos.RunAsync("memory", "seed", pins, "--keep", "--verify");
        Assert.Equal((0, 0, 0), (tried.Code, seeded.Code, again.Code));
        Assert.Equal("""{"dry_run":false,"created":3,"replaced":0,"kept":0,"wrong":0}""", seeded.Output.Trim());
        Assert.Equal("1 made, 0 replaced, 1 left as they are, 0 wrong", again.Output.Trim());

        foreach (var sample in new[] { "seed.yaml", "seed.json" })
        {
            var shipped = await Aos.RunAsync("memory", "seed", Samples.At(Path.Combine("memory", sample)), "--dry-run");
            Assert.Equal((0, "0 made, 0 replaced, 0 left as they are, 0 wrong (nothing was written)"), (shipped.Code, shipped.Output.Trim()));
        }

        var exported = await Aos.RunAsync("memory", "export", "-o", "all.jsonl");
        var imported = await Aos.RunAsync("memory", "import", "all.jsonl", "--tenant", "other", "--verify");
        var there = await Aos.RunAsync("memory", "export", "--tenant", "other", "--prefix", "n");
        Assert.Equal((0, "3 entries written", 0, "3 made, 0 replaced, 0 left as they are, 0 wrong"), (exported.Code, exported.Errors.Trim(), imported.Code, imported.Output.Trim()));
        Assert.Equal(("other", "new", "me", "1.5"), (there.Json.GetText("tenant_id"), there.Json.GetText("key"), there.Json.GetText("source"), there.Json.GetProperty("value").GetProperty("n").GetRawText()));

        var wrong = await Aos.RunAsync("memory", "import", Aos.Write("wrong.jsonl", """
            {"key":"fine","value":{}}
            {"key":"a/b","value":{}}
            """));
        Assert.Equal((1, "1 made, 0 replaced, 0 left as they are, 1 wrong"), (wrong.Code, wrong.Output.Trim()));
        Assert.StartsWith("line 2: INVALID_INPUT", wrong.Errors, StringComparison.Ordinal);
        Assert.Equal(2, (await Aos.RunAsync("memory", "import", Aos.Write("odd.jsonl", "no json"))).Code);

        var record = await Aos.RunAsync("memory", "audit", "--key", "visits");
        var over = await Aos.RunAsync("memory", "cleanup", "--dry-run");
        Assert.Equal(3, record.Output.Trim().Split('\n').Length);
        Assert.Contains(" append visits success ", record.Output, StringComparison.Ordinal);
        Assert.Equal("0 are over", over.Output.Trim());
    }

    [Fact]
    [Trait("id", "E3.7-22")]
    [Trait("id", "E4.1-13")]
    public async Task Rules_are_set_and_tried_and_runs_are_compared()
    {
        var set = await Aos.RunAsync("memory", "rules", "set", Samples.At(Path.Combine("memory", "rules.json")));
        var shown = await Aos.RunAsync("memory", "rules", "--json");
        var tried = await Aos.RunAsync("memory", "rules", "test", "counter:a", """{"n":1}""", "--existing", """{"n":2}""", "--json");
        var refused = await Aos.RunAsync("memory", "rules", "test", "k", "{}", "--rules", Aos.Write("strict.json", """{"rules":[{"name":"strict","pattern":"*","schema":{"required":["n"]}}]}"""));
        var late = await Aos.RunAsync("memory", "rules", "set", Samples.At(Path.Combine("memory", "rules.json")), "--version", "7");
        Assert.Equal((0, 1, 4), (set.Code, shown.Json.GetProperty("version").GetInt32(), shown.Json.GetProperty("rules").GetArrayLength()));
        Assert.Equal((0, """{"n":3}"""), (tried.Code, tried.Json.GetProperty("value").GetRawText()));
        Assert.Equal((1, true), (refused.Code, refused.Errors.Contains("Rule strict", StringComparison.Ordinal)));
        Assert.NotEqual(0, late.Code);

        var plan = Aos.Write("plan.json", """{"name":"p","steps":[{"id":"a","skill":"echo","params":{"message":"${{ default(memory.tone.style, \"plain\") }}"}}]}""");
        var without = await RunAsync(plan);
        await Aos.RunAsync("memory", "put", "tone", """{"style":"dry"}""");
        var with = await RunAsync(plan);
        var drift = await Aos.RunAsync("memory", "drift", without, with);
        var same = await Aos.RunAsync("memory", "drift", without, without);
        Assert.Equal((1, 0, "No drift detected"), (drift.Code, same.Code, same.Output.Trim()));
        Assert.Contains("steps[0].params.message: \"plain\" -> \"dry\"", drift.Output, StringComparison.Ordinal);
    }

    private async Task<string> RunAsync(string plan) => Kernel.Json.Parse((await Aos.RunAsync("run", plan, "--json")).Output.Split('\n')[0]).GetText("run")!;
}
