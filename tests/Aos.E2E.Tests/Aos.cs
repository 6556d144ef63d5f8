using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;
using Aos.App;
using Aos.Testing;
using Microsoft.Extensions.Configuration;

namespace Aos.E2E.Tests;

/// <summary>What a command left behind.</summary>
internal sealed record Ended(int Code, string Output, string Errors)
{
    internal JsonElement Json => Kernel.Json.Parse(Output);
}

/// <summary>The <c>aos</c> command as a process, with a folder of its own.</summary>
internal sealed class Command(string folder, TestStore store)
{
    private static readonly string[] Settings =
    [
        "AOS_DATABASE_URL", "DATABASE_URL", "AOS_REDIS_URL", "REDIS_URL", "AOS_BASE_URL", "AOS_API_URL", "AOS_API_KEY", "AOS_DATA", "AOS_ENVIRONMENT", "AOS_EGRESS_ALLOW",
        "AOS_WORKSPACE_ROOT", "MACHINE_SECRET_TOKEN", "ANTHROPIC_API_KEY", "OPENAI_API_KEY",
    ];

    /// <summary>The program as ./aos has published it, compiled ahead of time; null: the one beside the tests, which takes longer to start.</summary>
    private static string? Published { get; } = System.Environment.GetEnvironmentVariable("AOS_TEST_PROGRAM");

    internal string Data => store.Data;

    internal List<(string Name, string Value)> Environment { get; } = [];

    internal string Write(string name, string text)
    {
        var file = Path.Combine(folder, name);
        File.WriteAllText(file, text);
        return file;
    }

    /// <summary>A store with all that the product keeps.</summary>
    internal static TestStore NewStore() => TestStore.Open((services, options) =>
        services.AddHouse(new ConfigurationBuilder().Build(), new HouseOptions(options.Data, options.Data) { DatabaseUrl = options.DatabaseUrl }));

    internal async Task<Ended> RunAsync(params string[] arguments)
    {
        using var process = Start(arguments);
        process.StandardInput.Close();
        return await EndAsync(process);
    }

    internal Process Start(params string[] arguments) => Published is { Length: > 0 } program ? Start(new ProcessStartInfo(program), arguments) : Start("aos.dll", arguments);

    internal Process Start(string dll, string[] arguments) => Start(new ProcessStartInfo("dotnet"), [Path.Combine(AppContext.BaseDirectory, dll), .. arguments]);

    private Process Start(ProcessStartInfo start, string[] arguments)
    {
        (start.RedirectStandardOutput, start.RedirectStandardError, start.RedirectStandardInput, start.WorkingDirectory) = (true, true, true, folder);
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        foreach (var name in Settings) start.Environment.Remove(name);
        start.Environment["AOS_DATA"] = Data;
        if (store.Url is { } url) start.Environment["AOS_DATABASE_URL"] = url;
        start.Environment["DOTNET_TieredPGO"] = "0";
        start.Environment["AOS_ANONYMOUS_TIER"] = "unlimited"; // Tests ask without a key and more often than a minute allows.
        foreach (var (name, value) in Environment) start.Environment[name] = value;
        return Process.Start(start)!;
    }

    internal static async Task<Ended> EndAsync(Process process)
    {
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return new Ended(process.ExitCode, await output, await errors);
    }

    /// <summary>The id that <c>aos run</c> says first on standard error.</summary>
    internal static async Task<string> RunIdAsync(Process process)
    {
        while (await process.StandardError.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
            if (line.StartsWith("run ", StringComparison.Ordinal)) return line[4..].Trim();
        throw new InvalidOperationException("The command ended without a run.");
    }

    internal static void Interrupt(Process process) => Assert.Equal(0, Kill(process.Id, 2));

    /// <summary>Where a server that was started listens; lines of its log may stand before that, on a busy machine above all.</summary>
    internal static async Task<Uri> AddressAsync(Process server, CancellationToken cancel)
    {
        const string says = "AOS listening on ";
        while (await server.StandardOutput.ReadLineAsync(cancel) is { } line)
        {
            if (line.StartsWith(says, StringComparison.Ordinal)) return new Uri(line[says.Length..]);
        }

        throw new InvalidOperationException(await server.StandardError.ReadToEndAsync(cancel));
    }

    /// <summary>As a service manager ends a server.</summary>
    internal static void Terminate(Process process) => Assert.Equal(0, Kill(process.Id, 15));

    [DllImport("libc", EntryPoint = "kill")]
    private static extern int Kill(int process, int signal);
}

/// <summary>A folder with commands, gone with the test.</summary>
public abstract class InFolder : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("aos-e2e-").FullName;

    private readonly TestStore store = Command.NewStore();

    private protected InFolder() => Aos = new Command(folder, store);

    private protected Command Aos { get; }

    private protected string Folder => folder;

    private protected TestStore Store => store;

    public void Dispose()
    {
        store.Dispose();
        Directory.Delete(folder, recursive: true);
        GC.SuppressFinalize(this);
    }
}

/// <summary>One <c>aos serve</c> for all tests of a class.</summary>
public sealed class Served : IAsyncLifetime
{
    internal const string Key = "a-key-of-the-tests";

    private readonly string folder = Directory.CreateTempSubdirectory("aos-e2e-").FullName;
    private readonly TestStore store = Command.NewStore();
    private Process? process;

    internal Command Aos { get; private set; } = null!;

    internal Uri Url { get; private set; } = null!;

    internal string Folder => folder;

    internal HttpClient Http { get; private set; } = null!;

    /// <summary>A command beside the server, with the same folder and store and no key.</summary>
    internal Command Again() => new(folder, store);

    public async ValueTask InitializeAsync()
    {
        Aos = Again();
        Aos.Environment.Add(("AOS_API_KEY", Key));
        Aos.Environment.Add(("AOS_EGRESS_ALLOW", "127.0.0.1"));
        process = Aos.Start("serve", "--port", "0");
        Url = await Command.AddressAsync(process, CancellationToken.None);
        Http = new HttpClient { BaseAddress = Url };
        Http.DefaultRequestHeaders.Add("X-AOS-Key", Key);
    }

    public async ValueTask DisposeAsync()
    {
        Http?.Dispose();
        if (process is not null)
        {
            Command.Interrupt(process);
            await process.WaitForExitAsync();
            process.Dispose();
        }

        await store.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }
}
