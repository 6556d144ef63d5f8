namespace Aos.E2E.Tests;

/// <summary>Looking at runs, workflows and recordings from the command line, and what scripts learn from exit codes.</summary>
[Trait("store", "none")]
public sealed class InspectionCommands : InFolder
{
    private const string Plan = """{"name":"digest","version":"1.0.0","seed":7,"steps":[{"id":"load","skill":"echo","params":{"n":1}},{"id":"read","skill":"fs_read","params":{"path":"no-such-file"}}]}""";

    [Fact]
    [Trait("id", "W-25")]
    public async Task A_run_is_shown_with_its_steps_events_and_what_to_do_next()
    {
        var run = await FailedAsync();

        var inspected = await Aos.RunAsync("runs", "inspect", run, "-n", "3");
        var json = await Aos.RunAsync("runs", "inspect", run, "--json", "-n", "2");
        var unknown = await Aos.RunAsync("runs", "inspect", "01990000-0000-7000-8000-000000000001");
        var wrong = await Aos.RunAsync("runs", "inspect", run, "-n", "-1");

        Assert.True(inspected.Code == 0, inspected.Errors);
        Assert.Contains($"run      {run}", inspected.Output, StringComparison.Ordinal);
        Assert.Contains("failed (attempt 1)", inspected.Output, StringComparison.Ordinal);
        Assert.Matches("load +succeeded +\\{\"echo\":\\{\"n\":1\\}\\}", inspected.Output);
        Assert.Matches("read +failed +FILE_NOT_FOUND: ", inspected.Output);
        Assert.Matches("run\\.ended FILE_NOT_FOUND failed", inspected.Output);
        Assert.Contains($"aos runs retry {run}", inspected.Output, StringComparison.Ordinal);
        Assert.Equal((run, 2), (json.Json.GetProperty("run").GetProperty("run_id").GetString(), json.Json.GetProperty("events").GetArrayLength()));
        Assert.Equal((1, 2), (unknown.Code, wrong.Code));
        Assert.Contains("RUN_NOT_FOUND", unknown.Errors, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "W-25")]
    public async Task A_workflow_is_counted_with_bars_and_one_that_is_not_there_ends_with_1()
    {
        await Aos.RunAsync("workflows", "push", Aos.Write("plan.json", Plan));
        await Aos.RunAsync("workflows", "run", "digest");

        var stats = await Aos.RunAsync("workflows", "stats", "digest");
        var unknown = await Aos.RunAsync("workflows", "stats", "nothing");

        Assert.True(stats.Code == 0, stats.Errors);
        Assert.Contains("digest: 1 runs", stats.Output, StringComparison.Ordinal);
        Assert.Matches("failed +1 100\\.0 % #{40}", stats.Output);
        Assert.Matches("failed +[0-9.]+ s digest@1\\.0\\.0 FILE_NOT_FOUND", stats.Output);
        Assert.Equal(1, unknown.Code);
    }

    [Fact]
    [Trait("id", "W-25")]
    public async Task A_recording_is_read_restored_and_tidied_up_and_every_refusal_ends_with_1()
    {
        var run = await FailedAsync();
        var archive = Path.Combine(Folder, "archive") + Path.DirectorySeparatorChar;
        await Aos.RunAsync("golden", "record", run, "--out", archive);
        var file = Path.Combine(archive, run + ".steps.jsonl");
        var orphan = Path.Combine(archive, "gone.steps.jsonl.sig");
        await File.WriteAllTextAsync(orphan, "x", TestContext.Current.CancellationToken);
        File.SetLastWriteTimeUtc(orphan, new DateTime(2001, 1, 1, 0, 0, 0, DateTimeKind.Utc));

        var tail = await Aos.RunAsync("golden", "tail", file, "-n", "2");
        var restored = await Aos.RunAsync("golden", "restore", file, "--to", Path.Combine(Folder, "back"));
        var dry = await Aos.RunAsync("golden", "cleanup", archive, "--dry-run");
        var wasThere = File.Exists(orphan);
        var cleaned = await Aos.RunAsync("golden", "cleanup", archive);
        await File.AppendAllTextAsync(file, "{}\n", TestContext.Current.CancellationToken);
        var broken = await Aos.RunAsync("golden", "restore", file, "--to", Path.Combine(Folder, "other"));
        var none = await Aos.RunAsync("golden", "tail", Path.Combine(Folder, "nothing"));

        Assert.All([tail, restored, dry, cleaned], ended => Assert.True(ended.Code == 0, ended.Output + ended.Errors));
        Assert.Matches("(?s)^3: STEP read FAIL:FILE_NOT_FOUND .*4: END failed ", tail.Output);
        Assert.True(File.Exists(Path.Combine(Folder, "back", run + ".steps.jsonl")) && File.Exists(Path.Combine(Folder, "back", run + ".steps.jsonl.sig")));
        Assert.True(wasThere);
        Assert.False(File.Exists(orphan));
        Assert.True(File.Exists(file + ".sig"));
        Assert.Equal((1, 1), (broken.Code, none.Code));
        Assert.False(Directory.Exists(Path.Combine(Folder, "other")));
    }

    /// <summary>Without a server and with a database that is not there: no address is made up, and no command says that it went well.</summary>
    [Theory]
    [Trait("id", "W-25")]
    [InlineData("runs", "inspect", "01990000-0000-7000-8000-000000000001")]
    [InlineData("workflows", "stats", "digest")]
    public async Task Without_a_store_a_command_ends_with_5(params string[] arguments)
    {
        var ended = await Aos.RunAsync([.. arguments, "--server", "http://127.0.0.1:9"]);

        Assert.Equal((5, ""), (ended.Code, ended.Output));
        Assert.NotEmpty(ended.Errors);
    }

    private async Task<string> FailedAsync()
    {
        var ran = await Aos.RunAsync("run", Aos.Write("plan.json", Plan), "--json");
        Assert.Equal(1, ran.Code);
        return ran.Output.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0).Select(line => Kernel.Json.Parse(line).GetProperty("run").GetString()!).First();
    }
}
