using Aos.Storage;

namespace Aos.Integration.Tests.Codes;

/// <summary>What is stored is not there, not as it was written, or cannot be written.</summary>
public sealed class BrokenStores : OfOneCode, IAsyncLifetime
{
    public BrokenStores()
        : base(new CodeHouse())
    {
    }

    public ValueTask InitializeAsync() => House.InitializeAsync();

    public ValueTask DisposeAsync() => House.DisposeAsync();

    [Fact]
    [Trait("id", "F5.80-RUN-ARCHIVED")]
    public async Task A_command_to_a_run_in_the_archive() => await RefusedAsync(House.AskAsync($"/api/v1/runs/{(await ArchivedAsync()).Run}/retry", "{}"));

    [Fact]
    [Trait("id", "F5.80-ARCHIVE-MISSING")]
    public async Task A_file_of_the_archive_that_is_gone()
    {
        var (run, file) = await ArchivedAsync();
        File.Delete(file);
        await RefusedAsync(House.AskAsync($"/api/v1/runs/{run}"));
    }

    [Fact]
    [Trait("id", "F5.80-TAMPER-DETECTED")]
    public async Task A_file_of_the_archive_that_was_changed()
    {
        var (run, file) = await ArchivedAsync();
        var bytes = await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);
        bytes[bytes.Length / 3] ^= 1;
        await File.WriteAllBytesAsync(file, bytes, TestContext.Current.CancellationToken);
        await RefusedAsync(House.AskAsync($"/api/v1/runs/{run}/trace/verify"));
    }

    [Fact]
    [Trait("id", "F5.80-STORE-CORRUPT")]
    public async Task A_run_that_is_not_as_it_was_written()
    {
        var run = await EchoAsync();
        await House.DamageAsync("UPDATE runs SET agent_id = 'eve'");
        await House.RestartAsync();
        await RefusedAsync(House.AskAsync($"/api/v1/runs/{run}"));
    }

    [Fact]
    [Trait("id", "F5.80-STORE-UNAVAILABLE")]
    public async Task A_store_that_does_not_take_what_is_written()
    {
        await House.DamageAsync("ALTER TABLE audit_log RENAME TO audit_log_away");
        await RefusedAsync(House.AskAsync("/api/v1/keys", """{"name":"x","roles":["readonly"]}"""));
    }

    private async Task<string> EchoAsync()
    {
        var run = await House.StartAsync(Plan("""{"id":"a","skill":"echo","params":{"n":1}}"""));
        Assert.Equal("succeeded", (await House.EndedAsync(run)).Body.GetText("status"));
        return run;
    }

    private async Task<(string Run, string File)> ArchivedAsync()
    {
        var run = await EchoAsync();
        Assert.Equal(1, (await House.Get<Archivist>().ArchiveAsync(TimeProvider.System.GetUtcNow().AddMinutes(1), TestContext.Current.CancellationToken)).Runs);
        await House.RestartAsync();
        return (run, Directory.EnumerateFiles(Path.Combine(House.Store.Data, "archive"), "*.gz", SearchOption.AllDirectories).Single());
    }
}

/// <summary>A disk without any space left: the folder of the file skills holds a file that takes no byte more.</summary>
public sealed class FullDisks : OfOneCode, IAsyncLifetime
{
    public FullDisks()
        : base(new CodeHouse { Workspace = "/dev" })
    {
    }

    public ValueTask InitializeAsync() => House.InitializeAsync();

    public ValueTask DisposeAsync() => House.DisposeAsync();

    [Fact]
    [Trait("id", "F5.80-DISK-FULL")]
    public Task No_space_for_a_file() => FailsAsync(Once("fs_write", """{"path":"full","content":"x","mode":"append"}"""));
}
