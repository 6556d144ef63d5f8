using System.Diagnostics;
using Aos.App;

namespace Aos.Auth.Tests;

/// <summary>The server's secrets out of variables, files and commands.</summary>
[Trait("id", "SERVER-secrets")]
[Trait("store", "none")]
public sealed class ServerSecrets : IDisposable
{
    private const string Secret = "the-secret-of-this-test";
    private readonly string folder = Directory.CreateTempSubdirectory("aos-secret-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData(Secret)]
    [InlineData(Secret + "\n")]
    [InlineData(Secret + "\r\n")]
    public void A_file_holds_the_secret_and_the_line_break_of_its_editor(string text) =>
        Assert.Equal(new FoundSecret(Secret, "AOS_API_KEY_FILE", null), Find(("AOS_API_KEY_FILE", Written(text))));

    [Fact]
    public void A_variable_is_the_secret_as_it_is_and_an_empty_one_is_none()
    {
        Assert.Equal(new FoundSecret(Secret + "\n", "AOS_API_KEY", null), Find(("AOS_API_KEY", Secret + "\n")));
        Assert.Equal(FoundSecret.None, Find(("AOS_API_KEY", ""), ("AOS_API_KEY_FILE", "")));
        Assert.Equal(FoundSecret.None, Find());
    }

    [Fact]
    public void A_command_prints_the_secret_and_no_shell_reads_it()
    {
        Assert.Equal(new FoundSecret("a b $HOME ; c", "AOS_API_KEY_COMMAND", null), Find(("AOS_API_KEY_COMMAND", """["printf", "%s\n", "a b $HOME ; c"]""")));
        Assert.Equal("$HOME;id", Find(("AOS_API_KEY_COMMAND", "printf $HOME;id")).Value);
        Assert.Equal(Secret, Find(("AOS_API_KEY_COMMAND", $"cat {Written(Secret + "\n")}")).Value);
    }

    [Fact]
    public void Two_of_them_are_an_error_that_names_both()
    {
        var problem = Find(("AOS_API_KEY", Secret), ("AOS_API_KEY_FILE", Written("another-secret"))).Problem!;
        var all = Find(("AOS_API_KEY", Secret), ("AOS_API_KEY_FILE", "f"), ("AOS_API_KEY_COMMAND", "c")).Problem!;

        Assert.Equal("AOS_API_KEY and AOS_API_KEY_FILE are set; set one of them.", problem);
        Assert.Equal("AOS_API_KEY and AOS_API_KEY_FILE and AOS_API_KEY_COMMAND are set; set one of them.", all);
    }

    [Fact]
    public void What_cannot_be_had_is_told_with_its_variable_and_without_anything_of_it()
    {
        string[] problems =
        [
            Problem("FILE", Path.Combine(folder, "nothing")), Problem("FILE", folder), Problem("FILE", Written("")), Problem("FILE", Written(Secret + new string('x', 70_000))),
            Problem("COMMAND", "no-such-program-anywhere " + Secret), Problem("COMMAND", $$"""["sh", "-c", "echo {{Secret}}; echo {{Secret}} >&2; exit 3"]"""), Problem("COMMAND", "true"),
            Problem("COMMAND", $"[\"{Secret}\""), Problem("COMMAND", $$"""["{{Secret}}", 7]"""), Problem("COMMAND", " "),
        ];

        Assert.All(problems, problem => Assert.DoesNotContain(Secret, problem, StringComparison.Ordinal));
        Assert.All(problems, problem => Assert.StartsWith("AOS_API_KEY_", problem, StringComparison.Ordinal));
        Assert.Contains("it is not there", problems[0], StringComparison.Ordinal);
        Assert.Contains("is empty", problems[2], StringComparison.Ordinal);
        Assert.Contains("larger than", problems[3], StringComparison.Ordinal);
        Assert.Contains("cannot be started", problems[4], StringComparison.Ordinal);
        Assert.Contains("ended with 3", problems[5], StringComparison.Ordinal);
    }

    [Fact]
    public void A_command_that_does_not_end_is_ended_with_all_it_started()
    {
        var began = Stopwatch.GetTimestamp();
        var settings = new SecretSettings(["AOS_API_KEY"], name => name == "AOS_API_KEY_COMMAND" ? """["sh", "-c", "sleep 600 & sleep 600"]""" : null) { CommandTimeMax = TimeSpan.FromMilliseconds(100) };

        Assert.Equal("AOS_API_KEY_COMMAND: sh did not end within 0.1 s.", settings.Find("AOS_API_KEY").Problem);
        Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(60));
    }

    [Fact]
    public void A_command_runs_once_whoever_asks()
    {
        var file = Path.Combine(folder, "times");
        var settings = new SecretSettings(["AOS_API_KEY"], name => name == "AOS_API_KEY_COMMAND" ? $$"""["sh", "-c", "echo x >> {{file}}; echo {{Secret}}"]""" : null);

        Parallel.For(0, 20, _ => Assert.Equal(Secret, settings.Find("AOS_API_KEY").Value));

        Assert.Equal("x\n", File.ReadAllText(file));
    }

    [Theory]
    [InlineData("AOS_API_KEY")]
    [InlineData("AOS_MASTER_KEY")]
    [InlineData("MACHINE_SECRET_TOKEN")]
    [InlineData("AOS_DATABASE_URL")]
    [InlineData("DATABASE_URL")]
    [InlineData("ANTHROPIC_API_KEY")]
    [InlineData("OPENAI_API_KEY")]
    [InlineData("AOS_REDIS_URL")]
    [InlineData("REDIS_URL")]
    [InlineData("AOS_WEBHOOK_SECRET")]
    [InlineData("AOS_TLS_PASSWORD")]
    [InlineData("GOLDEN_SECRET")]
    public void Every_secret_of_the_server_may_lie_elsewhere(string name) => Assert.True(Composition.Secrets.Holds(name));

    private static FoundSecret Find(params (string Name, string Value)[] environment) =>
        new SecretSettings(["AOS_API_KEY"], name => environment.FirstOrDefault(one => one.Name == name).Value).Find("AOS_API_KEY");

    private static string Problem(string kind, string text) => Find(($"AOS_API_KEY_{kind}", text)).Problem!;

    private string Written(string text)
    {
        var file = Path.Combine(folder, Guid.CreateVersion7().ToString("N"));
        File.WriteAllText(file, text);
        return file;
    }
}
