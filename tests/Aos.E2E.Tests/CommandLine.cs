using System.Diagnostics;
using System.Text.Json;

namespace Aos.E2E.Tests;

public sealed class CommandLine : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("aos-e2e-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task A_plan_runs_and_its_result_is_printed()
    {
        var plan = Write("plan.yaml", """
            name: demo
            steps:
              - id: list
                skill: echo
                params: { n: [1, 2, 3] }
              - id: sum
                skill: json_transform
                params: { operation: aggregate, data: "${{ steps.list.result.echo.n }}", fn: sum }
            output: "${{ steps.sum.result.result }}"
            """);
        var (code, output, _) = await RunAsync("run", plan);

        Assert.Equal(0, code);
        Assert.Equal("6", output.Trim());
    }

    [Fact]
    public async Task Two_runs_of_one_plan_have_the_same_root_hash()
    {
        var plan = Write("plan.json", """{"name":"p","seed":1,"steps":[{"id":"a","skill":"echo","params":{"n":1}}]}""");
        var first = Root((await RunAsync("run", plan, "--json")).Output);
        var second = Root((await RunAsync("run", plan, "--json")).Output);

        Assert.Equal(64, first.Length);
        Assert.Equal(first, second);
    }

    [Fact]
    public async Task A_bad_plan_is_refused_with_every_place_and_exit_code_2()
    {
        var plan = Write("bad.json", """{"name":"p","steps":[{"id":"a","skil":"echo"},{"id":"a","skill":"ecko"}]}""");
        var (code, _, errors) = await RunAsync("run", plan);

        Assert.Equal(2, code);
        Assert.Contains("steps[0].skil", errors, StringComparison.Ordinal);
        Assert.Contains("Did you mean echo?", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_failing_run_exits_with_1_and_says_why()
    {
        var plan = Write("fail.json", """{"name":"p","steps":[{"id":"a","skill":"fs_read","params":{"path":"nothing"}}]}""");
        var (code, _, errors) = await RunAsync("run", plan);

        Assert.Equal(1, code);
        Assert.Contains("FILE_NOT_FOUND", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_file_is_named()
    {
        var (code, _, errors) = await RunAsync("plan", "check", Path.Combine(folder, "none.yaml"));

        Assert.Equal(2, code);
        Assert.Contains("none.yaml", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_that_waits_exits_with_3_and_a_signal_from_another_process_ends_it()
    {
        var plan = Write("wait.json", """{"name":"p","steps":[{"id":"a","await":{"signal":"go"}}]}""");
        var (code, _, errors) = await RunAsync("run", plan, "--wait", "0");
        Assert.Equal(3, code);
        var id = errors.Split('\n').First(line => line.StartsWith("run ", StringComparison.Ordinal))[4..].Trim();

        var signalled = await RunAsync("runs", "signal", id, "go", "--payload", "7");
        Assert.Equal(0, signalled.Code);
        Assert.Equal("succeeded", Json.Parse(signalled.Output).GetText("status"));
    }

    [Fact]
    public async Task A_redis_or_postgres_url_is_refused_by_name()
    {
        var (code, _, errors) = await RunAsync(["runs", "list"], ("REDIS_URL", "redis://localhost"));

        Assert.Equal(5, code);
        Assert.Contains("NOT_AVAILABLE: REDIS_URL", errors, StringComparison.Ordinal);
    }

    private static string Root(string lines)
    {
        var last = Json.Parse(lines.Trim().Split('\n')[^1]);
        return last.GetProperty("data").GetText("root_hash") ?? "";
    }

    private string Write(string name, string text)
    {
        var file = Path.Combine(folder, name);
        File.WriteAllText(file, text);
        return file;
    }

    private Task<(int Code, string Output, string Errors)> RunAsync(params string[] arguments) => RunAsync(arguments, []);

    private async Task<(int Code, string Output, string Errors)> RunAsync(string[] arguments, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "aos.dll"));
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        start.Environment["AOS_DATA"] = Path.Combine(folder, "data");
        foreach (var name in new[] { "AOS_DATABASE_URL", "DATABASE_URL", "REDIS_URL" }) start.Environment.Remove(name);
        foreach (var (name, value) in environment) start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, await output, await errors);
    }
}
