using System.Diagnostics;
using System.Text.Json;

namespace Aos.E2E.Tests;

/// <summary>A skill of one's own, from nothing to a run.</summary>
[Trait("store", "sqlite")]
public sealed class SkillKit : InFolder
{
    [Fact]
    [Trait("id", "F5.65-23")]
    public async Task From_the_template_to_a_run()
    {
        var made = await Aos.RunAsync("skill", "new", "say_hello", "--into", "mine");
        Assert.True(made.Code == 0, made.Errors);
        var project = Path.Combine(Folder, "mine", "say_hello");
        // The conformance project builds the skill too.
        var testing = DotnetAsync("run", "--project", Path.Combine(project, "conformance"), "-c", "Release");
        Assert.Equal(2, (await Aos.RunAsync("skill", "new", "say_hello", "--into", "mine")).Code);
        Assert.Contains("skill of AOS itself", (await Aos.RunAsync("skill", "new", "echo")).Errors, StringComparison.Ordinal);
        await Aos.RunAsync("skills", "--snapshot", "before.json");
        var tested = await testing;
        Assert.True(tested.Code == 0, tested.Output + tested.Errors);
        Assert.Contains("say_hello: conforms", tested.Output, StringComparison.Ordinal);
        Assert.Contains("ok     hostile_input", tested.Output, StringComparison.Ordinal);

        var skills = Path.Combine(Folder, "skills");
        CopyTo(Path.Combine(project, "bin", "Release", "net10.0"), Path.Combine(skills, "say_hello"));
        Assert.DoesNotContain(Directory.GetFiles(Path.Combine(skills, "say_hello")), file => Path.GetFileName(file).StartsWith("Aos.", StringComparison.Ordinal));
        Aos.Environment.Add(("AOS_SKILLS_FOLDER", skills));
        var listed = await Aos.RunAsync("skills");
        Assert.Equal("0.1.0", listed.Json.GetProperty("descriptors").GetProperty("say_hello").GetProperty("version").GetString());
        var ran = await Aos.RunAsync("run", Aos.Write("plan.json", """{"name":"p","steps":[{"id":"a","skill":"say_hello@^0.1","params":{"name":"World"}}]}"""));
        Assert.True(ran.Code == 0, ran.Errors);
        Assert.Contains("Hello, World!", ran.Output, StringComparison.Ordinal);

        var diff = await Aos.RunAsync("skills", "diff", "before.json", "live");
        Assert.True(diff.Code == 0, diff.Errors);
        Assert.Equal("skill_added", diff.Json.GetProperty("skills")[0].GetProperty("non_breaking_changes")[0].GetProperty("type").GetString());
        await PinnedAsync();
    }

    private async Task PinnedAsync()
    {
        var gone = await Aos.RunAsync("skills", "diff", "before.json", Aos.Write("empty.json", "{\"format\":1,\"skills\":[]}"));
        Assert.Equal(1, gone.Code);
        Assert.Equal(JsonValueKind.False, gone.Json.GetProperty("compatible").ValueKind);
        var foreign = await Aos.RunAsync("skills", "diff", "before.json", "plan.json");
        Assert.Equal((2, ""), (foreign.Code, foreign.Output));
        Assert.Contains("plan.json is no snapshot of skills", foreign.Errors, StringComparison.Ordinal);
        var pins = await Aos.RunAsync("skills", "pins");
        Assert.StartsWith("say_hello@0.1.0 sha256:", pins.Output, StringComparison.Ordinal);
        Aos.Environment.Add(("AOS_SKILL_PINS", Aos.Write("pins.txt", pins.Output)));
        Assert.Equal("0.1.0", (await Aos.RunAsync("skill", "say_hello@0.1.0")).Json.GetProperty("version").GetString());
        Aos.Environment.Add(("AOS_SKILL_PINS", "say_hello@2"));
        var refused = await Aos.RunAsync("skills");
        Assert.Equal((1, ""), (refused.Code, refused.Output));
        Assert.Contains("say_hello 0.1.0 does not fit its pin 2", refused.Errors, StringComparison.Ordinal);
    }

    private static void CopyTo(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var file in Directory.GetFiles(from)) File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
    }

    private async Task<Ended> DotnetAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true, WorkingDirectory = Folder };
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        // Neither a compiler server nor build nodes stay behind.
        foreach (var (name, value) in new[] { ("UseSharedCompilation", "false"), ("MSBUILDDISABLENODEREUSE", "1"), ("DOTNET_CLI_TELEMETRY_OPTOUT", "1"), ("DOTNET_NOLOGO", "1") }) start.Environment[name] = value;
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        return await Command.EndAsync(process);
    }
}
