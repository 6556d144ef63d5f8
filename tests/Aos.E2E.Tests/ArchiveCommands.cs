using Aos.App;
using Aos.Storage;
using Aos.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.E2E.Tests;

/// <summary><c>aos archive</c> as a process, and the other commands on archived runs.</summary>
public sealed class ArchiveCommands : InFolder
{
    [Fact]
    public async Task What_is_young_stays_and_an_age_below_a_day_is_refused()
    {
        await RunAsync();

        var ran = await Aos.RunAsync("archive", "run", "--older-than", "1d");
        var refused = await Aos.RunAsync("archive", "run", "--older-than", "1h");
        var listed = await Aos.RunAsync("archive", "list");

        Assert.Equal((0, "0 runs with 0 events went into 0 file(s), 0 bytes"), (ran.Code, ran.Output.Trim()));
        Assert.NotEqual(0, refused.Code);
        Assert.Contains("older_than", refused.Errors, StringComparison.Ordinal);
        Assert.Equal((0, ""), (listed.Code, listed.Output));
    }

    [Fact]
    public async Task An_archived_run_is_shown_verified_and_exported_until_its_file_is_touched()
    {
        var run = await RunAsync();
        var before = await Aos.RunAsync("trace", "show", run);
        await ArchiveAsync();

        var after = await Aos.RunAsync("trace", "show", run);
        var listed = await Aos.RunAsync("archive", "list", "--json");
        var verified = await Aos.RunAsync("archive", "verify");
        var exported = await Aos.RunAsync("trace", "export", run, "-o", Path.Combine(Folder, "t.json"));
        var offline = await Aos.RunAsync("trace", "verify", Path.Combine(Folder, "t.json"));
        var retried = await Aos.RunAsync("runs", "retry", run);

        Assert.Equal((0, before.Output), (after.Code, after.Output));
        Assert.Equal(1, listed.Json.GetProperty("runs").GetInt32());
        Assert.Equal((0, 0, 0), (verified.Code, exported.Code, offline.Code));
        Assert.Contains("1 checked, 0 elsewhere", verified.Output, StringComparison.Ordinal);
        Assert.Contains("RUN_ARCHIVED", retried.Errors, StringComparison.Ordinal);

        var file = Directory.EnumerateFiles(Path.Combine(Aos.Data, "archive"), "*.gz", SearchOption.AllDirectories).Single();
        var bytes = await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);
        bytes[bytes.Length / 3] ^= 1;
        await File.WriteAllBytesAsync(file, bytes, TestContext.Current.CancellationToken);
        var damaged = await Aos.RunAsync("archive", "verify");
        var traced = await Aos.RunAsync("trace", "verify", run);

        Assert.Equal((1, 1), (damaged.Code, traced.Code));
        Assert.Contains(Path.GetFileName(file), damaged.Output, StringComparison.Ordinal);
        Assert.Contains("TAMPER_DETECTED", traced.Errors, StringComparison.Ordinal);
        Assert.Contains(Path.GetFileName(file), traced.Errors, StringComparison.Ordinal);
    }

    private async Task<string> RunAsync()
    {
        var plan = Aos.Write("plan.json", """{"name":"p","steps":[{"id":"a","skill":"echo","params":{"n":1}}]}""");
        var ended = await Aos.RunAsync("run", plan, "--json");
        Assert.Equal(0, ended.Code);
        var listed = await Aos.RunAsync("runs", "list", "--json");
        return Kernel.Json.Parse(listed.Output.Split('\n')[0]).GetProperty("run_id").GetString()!;
    }

    /// <summary>As if days had gone by: the command itself leaves alone what ended today.</summary>
    private async Task ArchiveAsync()
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddHouse(new ConfigurationBuilder().Build(), new HouseOptions(Store.Data, Store.Data) { DatabaseUrl = Store.Url });
        await using var provider = services.BuildServiceProvider();
        if (Store.Kind != TestStoreKind.Sqlite) await provider.GetRequiredService<Contracts.ICluster>().JoinAsync(TestContext.Current.CancellationToken);
        Assert.Equal(1, (await provider.GetRequiredService<Archivist>().ArchiveAsync(TimeProvider.System.GetUtcNow().AddMinutes(1), TestContext.Current.CancellationToken)).Runs);
    }
}
