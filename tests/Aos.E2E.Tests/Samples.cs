using System.Runtime.CompilerServices;

namespace Aos.E2E.Tests;

/// <summary>The samples as a reader of the repository runs them.</summary>
public sealed class Samples : InFolder
{
    [Fact]
    [Trait("id", "CLI-40")]
    public async Task A_month_of_invoices_becomes_a_report()
    {
        var sample = Copy("invoices");
        var ended = await Aos.RunAsync("run", Path.Combine(sample, "plan.yaml"), "--json");
        Assert.Equal((0, ""), (ended.Code, ended.Errors));
        var end = Json.Parse(ended.Output.Trim().Split('\n')[^1]);

        Assert.Equal(Expected("invoices", "output.json"), Readable(end.GetProperty("data").GetProperty("result")));
        Assert.Equal(Expected("invoices", "report.md"), await ReadAsync(sample, "out", "report.md"));
        Assert.Equal(3, Json.Parse(await ReadAsync(sample, "out", "rejected.json")).GetArrayLength());
        var replay = await Aos.RunAsync("replay", end.GetText("run")!);
        Assert.Equal((0, end.GetProperty("data").GetText("root_hash")), (replay.Code, replay.Json.GetText("replay_root_hash")));
    }

    [Fact]
    [Trait("id", "CLI-41")]
    public async Task Retries_and_a_fallback_bring_a_bad_peer_to_an_answer()
    {
        using var peer = Aos.Start("FlakyServer.dll", []);
        try
        {
            var url = (await peer.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken))!;
            Aos.Environment.Add(("AOS_EGRESS_ALLOW", new Uri(url).Authority));
            var ended = await Aos.RunAsync("run", Path.Combine(Copy("http-retry"), "plan.yaml"), "--input", $"server={url}");

            Assert.Equal(0, ended.Code);
            Assert.Equal(Expected("http-retry", "output.json"), ended.Output);
        }
        finally
        {
            peer.Kill();
        }
    }

    [Fact]
    [Trait("id", "LOOP-24")]
    public async Task An_agent_loop_finds_out_why_an_invoice_is_late_and_replays_without_its_model()
    {
        var sample = Copy("agent-loop");
        Aos.Environment.Add(("AOS_SCRIPT", Path.Combine(sample, "answers.json")));
        var ended = await Aos.RunAsync("run", Path.Combine(sample, "plan.yaml"));
        Assert.Equal((0, Expected("agent-loop", "output.json")), (ended.Code, ended.Output));
        Assert.Equal("INV-7: The invoice came back: Birch Ltd has moved, and nobody sent it again.\n", await ReadAsync(sample, "out", "reason.txt"));

        Aos.Environment.Add(("AOS_SCRIPT", ""));
        var replay = await Aos.RunAsync("replay", ended.Errors.Split('\n')[0].Split(' ')[1]);
        Assert.Equal(0, replay.Code);
    }

    [Fact]
    [Trait("id", "CLI-42")]
    public async Task Every_plan_of_the_samples_is_a_plan()
    {
        string[] settings = ["connection.yaml", "models.yaml", "seed.yaml"]; // What a reader puts in place of his own beside a plan.
        var plans = Directory.EnumerateFiles(At(), "*.*", SearchOption.AllDirectories).Where(file => !settings.Contains(Path.GetFileName(file)))
            .Where(file => Path.GetExtension(file) == ".yaml" || Path.GetDirectoryName(file)!.EndsWith("demos", StringComparison.Ordinal) && Path.GetExtension(file) == ".json").ToList();
        Assert.NotEmpty(plans);
        foreach (var plan in plans) Assert.Equal((0, plan), ((await Aos.RunAsync("plan", "check", plan)).Code, plan));
    }

    private string Copy(string name) => Copy(name, Folder);

    /// <summary>A sample in a folder where it may write.</summary>
    internal static string Copy(string name, string into)
    {
        var to = Directory.CreateDirectory(Path.Combine(into, name)).FullName;
        foreach (var file in Directory.EnumerateFiles(At(name))) File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        return to;
    }

    internal static string Expected(string sample, string file) => File.ReadAllText(Path.Combine(At(sample), "expected", file));

    internal static Task<string> ReadAsync(params string[] path) => File.ReadAllTextAsync(Path.Combine(path), TestContext.Current.CancellationToken);

    private static string Readable(System.Text.Json.JsonElement value) =>
        System.Text.Json.JsonSerializer.Serialize(value, new System.Text.Json.JsonSerializerOptions { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }) + "\n";

    internal static string At(string name = "", [CallerFilePath] string self = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(self)!, "..", "..", "samples", name));
}
