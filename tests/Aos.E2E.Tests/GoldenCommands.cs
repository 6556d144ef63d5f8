using System.Text;
using System.Text.Json;
using Aos.App.Cli;

namespace Aos.E2E.Tests;

/// <summary><c>aos golden</c>, <c>aos runs fork</c> and <c>aos runs diff</c> as processes.</summary>
[Trait("store", "none")]
public sealed class GoldenCommands : InFolder
{
    private const string Plan = """{"name":"p","seed":7,"steps":[{"id":"a","skill":"echo","params":{"n":1,"password":"hunter2"}},{"id":"b","skill":"echo","params":{"n":2}}]}""";

    [Fact]
    [Trait("id", "B8.6-01")]
    [Trait("id", "B8.6-03")]
    [Trait("id", "B8.6-07")]
    [Trait("id", "B8.6-08")]
    public async Task Recorded_archived_signed_again_restored_and_replayed_it_still_matches()
    {
        Aos.Environment.Add(("GOLDEN_SECRET", "a golden secret"));
        var run = await RunAsync();
        var golden = Path.Combine(Folder, "golden") + Path.DirectorySeparatorChar;

        var recorded = await Aos.RunAsync("golden", "record", run, "--out", golden);
        var file = Path.Combine(golden, run + ".steps.jsonl");
        var content = await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);
        var archived = await Aos.RunAsync("golden", "archive", golden, "--dest", Path.Combine(Folder, "old"), "--days", "0", "--delete");
        var copy = Directory.EnumerateFiles(Path.Combine(Folder, "old"), "*.steps.jsonl", SearchOption.AllDirectories).Single();
        var before = await File.ReadAllTextAsync(copy + ".sig", TestContext.Current.CancellationToken);
        var resigned = await Aos.RunAsync("golden", "resign", copy);
        var verified = await Aos.RunAsync("golden", "verify", copy);
        var replay = (await Aos.RunAsync("replay", run)).Json.GetProperty("run_id").GetString()!;
        var again = await Aos.RunAsync("golden", "record", replay, "--out", Path.Combine(Folder, "replay.steps.jsonl"));
        var diff = await Aos.RunAsync("golden", "diff", copy, Path.Combine(Folder, "replay.steps.jsonl"));

        Assert.All([recorded, archived, resigned, verified, again, diff], ended => Assert.True(ended.Code == 0, ended.Output + ended.Errors));
        Assert.False(File.Exists(file));
        Assert.Equal(content, await File.ReadAllBytesAsync(copy, TestContext.Current.CancellationToken));
        Assert.NotEqual(before, await File.ReadAllTextAsync(copy + ".sig", TestContext.Current.CancellationToken));
        Assert.Equal(before.Split('\n')[0], (await File.ReadAllLinesAsync(copy + ".sig", TestContext.Current.CancellationToken))[0]); // The same secret over the same bytes.
        Assert.Empty(Directory.EnumerateFiles(Folder, "*.tmp", SearchOption.AllDirectories));
        Assert.Equal("The recordings match.", diff.Output.Trim());
    }

    [Fact]
    [Trait("id", "W-21")]
    public async Task A_file_that_was_touched_or_is_there_already_is_said_so()
    {
        var run = await RunAsync();
        var file = Path.Combine(Folder, "run.steps.jsonl");
        await Aos.RunAsync("golden", "record", run, "-o", file);

        var twice = await Aos.RunAsync("golden", "record", run, "-o", file);
        var outside = await Aos.RunAsync("golden", "record", "../../etc/passwd", "-o", Folder);
        await File.AppendAllTextAsync(file, "{}\n", TestContext.Current.CancellationToken);
        var verified = await Aos.RunAsync("golden", "verify", file);
        var archived = await Aos.RunAsync("golden", "archive", Folder, "--dest", Path.Combine(Folder, "old"), "--days", "0");

        Assert.Equal(1, twice.Code);
        Assert.Contains("is there already", twice.Errors, StringComparison.Ordinal);
        Assert.Equal(1, outside.Code);
        Assert.Equal(1, verified.Code);
        Assert.Contains("TAMPER_DETECTED", verified.Errors, StringComparison.Ordinal);
        Assert.Equal(1, archived.Code);
        Assert.False(Directory.Exists(Path.Combine(Folder, "old")));
    }

    [Fact]
    [Trait("id", "DIFF-10")]
    public async Task A_fork_is_made_and_compared_on_the_command_line()
    {
        var run = await RunAsync();
        var forked = await Aos.RunAsync("runs", "fork", run, "--from-step", "b", "--seed", "8");
        var same = await Aos.RunAsync("runs", "diff", run, run);
        var diff = await Aos.RunAsync("runs", "diff", run, forked.Json.GetProperty("run_id").GetString()!);

        Assert.Equal(run, forked.Json.GetProperty("forked_from").GetProperty("run_id").GetString());
        Assert.Equal(0, same.Code);
        Assert.Equal(1, diff.Code);
        Assert.EndsWith("All steps are the same; seed is \"7\" in A and \"8\" in B.\n", diff.Output, StringComparison.Ordinal);
        Assert.Equal(2, (await Aos.RunAsync("runs", "fork", run, "--from-step", "zz")).Code);
    }

    [Fact]
    [Trait("id", "DIFF-10")]
    public void The_terminal_form_of_a_diff_is_fixed()
    {
        var diff = Json.Parse("""
            {"match":false,
             "a":{"run_id":"A1","plan_name":"p","status":"succeeded","root_hash":"0123456789abcdef0000","total_steps":3,"attempts":2,"cost_cents_exact":5},
             "b":{"run_id":"B1","plan_name":"p","status":"running","root_hash":null,"total_steps":3,"attempts":3,"cost_cents_exact":1.5},
             "first_divergence":{"step":"b","index":1,"member":"result","a":1,"b":2,"text":"Step b (index 1) is the first that differs: result is 1 in A and 2 in B."},
             "differences":[{"member":"status","a":"succeeded","b":"running","stable":true}],
             "steps":[{"id":"a","index":0,"skill":"echo","match":true,"differences":[]},
                      {"id":"b","index":1,"skill":"put","match":false,"differences":[{"member":"result","a":1,"b":2,"stable":true},{"member":"text","a":"\u001b[31m","b":null,"stable":true}]},
                      {"id":"c","index":2,"skill":"put","match":true,"differences":[{"member":"attempts","a":"1","b":"2","stable":false}]}]}
            """);

        Assert.Equal(
            """
            A A1 p: succeeded, 3 steps, 2 tries, 5 cents, root 0123456789abcdef
            B B1 p: running, 3 steps, 3 tries, 1.5 cents, root none yet

            ! status: "succeeded" | "running"
            = 0 a (echo)
            ! 1 b (put)
                ! result: 1 | 2
                ! text: "\u001b[31m" | -
            ~ 2 c (put)
                ~ attempts: "1" | "2"

            Step b (index 1) is the first that differs: result is 1 in A and 2 in B.

            """.ReplaceLineEndings("\n"),
            RunDiffText.Of(diff));
    }

    [Fact]
    [Trait("id", "B8.6-08")]
    [Trait("id", "B8.6-09")]
    [Trait("id", "B8.4-10")]
    public void Five_who_sign_at_the_same_time_leave_one_well_formed_signature()
    {
        var file = Path.Combine(Folder, "run.steps.jsonl.sig");
        var signatures = Enumerable.Range(0, 5).Select(i => new string((char)('a' + i), 200_000) + "\n").ToArray();

        Parallel.ForEach(signatures, new ParallelOptions { MaxDegreeOfParallelism = 5 }, signature =>
        {
            for (var i = 0; i < 5; i++) RecordingFiles.WriteWhole(file, Encoding.UTF8.GetBytes(signature));
        });

        Assert.Contains(File.ReadAllText(file), signatures);
        Assert.Equal([file], Directory.EnumerateFiles(Folder));
    }

    [Theory]
    [InlineData("../x.steps.jsonl")]
    [InlineData("a/b.steps.jsonl")]
    [InlineData("..")]
    [InlineData(".hidden")]
    [InlineData("")]
    [Trait("id", "W-21")]
    public void A_name_that_leads_out_of_the_folder_is_none(string name) =>
        Assert.Throws<PlanFileException>(() => RecordingFiles.Target(Folder, name));

    private async Task<string> RunAsync()
    {
        var started = await Aos.RunAsync("run", Aos.Write("plan.json", Plan), "--json");
        var listed = await Aos.RunAsync("runs", "list", "--json");
        Assert.True(listed.Code == 0, started.Errors);
        return listed.Json.GetProperty("run_id").GetString()!;
    }
}
