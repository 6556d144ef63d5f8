using Aos.Contracts;
using Aos.Storage;

namespace Aos.Integration.Tests.Http;

/// <summary>Runs in files answer over HTTP as they did in the database, and take no commands.</summary>
public sealed class Archived : IAsyncLifetime
{
    private const string Plan = """{"plan":{"name":"p","seed":7,"steps":[{"id":"a","skill":"echo","params":{"n":1}},{"id":"b","skill":"echo","params":{"v":"${{ steps.a.result }}"}}]}}""";
    private House house = null!;

    public async ValueTask InitializeAsync() => house = await House.OpenAsync();

    public async ValueTask DisposeAsync() => await house.DisposeAsync();

    [Fact]
    public async Task An_archived_run_is_read_traced_verified_exported_and_replayed_as_before()
    {
        var run = await house.RunAsync(Plan);
        string[] paths = [$"/api/v1/runs/{run}", $"/api/v1/runs/{run}/steps", $"/api/v1/runs/{run}/trace", $"/api/v1/runs/{run}/trace?schema=1.1", $"/api/v1/runs/{run}/trace/export", $"/api/v1/runs/{run}/trace/verify"];
        var before = await AllAsync(paths);

        await ArchiveAsync();

        Assert.Equal(before, await AllAsync(paths));
        Assert.Equal(0, (await house.AskAsync("/api/v1/runs")).Body.GetProperty("count").GetInt32());
        var replay = await house.AskAsync($"/api/v1/runtime/replay/{run}", "{}");
        Assert.True(replay["success"].ValueKind == System.Text.Json.JsonValueKind.True, replay.Body.GetRawText());
        Assert.Equal(200, (await house.AskAsync($"/api/v1/runtime/traces/{replay.Body.GetText("run_id")}")).Status);
    }

    [Theory]
    [InlineData("cancel")]
    [InlineData("pause")]
    [InlineData("retry")]
    public async Task Commands_are_refused_by_name(string command)
    {
        var run = await house.RunAsync(Plan);
        await ArchiveAsync();

        var reply = await house.AskAsync($"/api/v1/runs/{run}/{command}", "{}");

        Assert.Equal(409, reply.Status);
        Assert.Equal("RUN_ARCHIVED", reply.Body.GetProperty("error").GetText("code"));
    }

    [Fact]
    public async Task A_file_that_was_changed_or_is_gone_is_told_by_code_and_name()
    {
        var run = await house.RunAsync(Plan);
        await ArchiveAsync();
        var file = Directory.EnumerateFiles(Path.Combine(house.Data, "archive"), "*.gz", SearchOption.AllDirectories).Single();
        var bytes = await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);
        bytes[bytes.Length / 3] ^= 1;
        await File.WriteAllBytesAsync(file, bytes, TestContext.Current.CancellationToken);

        var changed = await house.AskAsync($"/api/v1/runs/{run}/trace/verify");
        File.Delete(file);
        var gone = await house.AskAsync($"/api/v1/runs/{run}");

        Assert.Equal((403, "TAMPER_DETECTED"), (changed.Status, changed.Body.GetProperty("error").GetText("code")));
        Assert.Contains(Path.GetFileName(file), changed.Body.GetProperty("error").GetText("message"), StringComparison.Ordinal);
        Assert.Equal((404, "ARCHIVE_MISSING"), (gone.Status, gone.Body.GetProperty("error").GetText("code")));
    }

    [Fact]
    public async Task Files_are_listed_checked_and_made_for_administrators()
    {
        await house.RunAsync(Plan);
        (string, string) key = ("X-AOS-Key", house.Key());
        var young = await house.AskAsync("POST", "/api/v1/archive", """{"older_than":"1d"}""", key);
        await ArchiveAsync();

        var files = await house.AskAsync("GET", "/api/v1/archive", null, key);
        var verdict = await house.AskAsync("GET", "/api/v1/archive/verify", null, key);
        var dry = await house.AskAsync("POST", "/api/v1/archive", """{"dry_run":true}""", key);

        Assert.Equal((200, 0), (young.Status, young["runs"].GetInt32()));
        Assert.Equal(1, files.Body.GetProperty("files")[0].GetProperty("runs").GetInt32());
        Assert.Equal(1, verdict["checked"].GetInt32());
        Assert.True(verdict["ok"].GetBoolean());
        Assert.True(dry["dry_run"].GetBoolean());
        Assert.Equal(422, (await house.AskAsync("POST", "/api/v1/archive", """{"older_than":"1h"}""", key)).Status);
        Assert.Equal(401, (await house.AskAsync("/api/v1/archive")).Status);
    }

    private async Task ArchiveAsync()
    {
        Assert.Equal(1, (await house.Get<Archivist>().ArchiveAsync(TimeProvider.System.GetUtcNow().AddMinutes(1), TestContext.Current.CancellationToken)).Runs);
        await house.RestartAsync(); // Runs that ended just now are still in memory.
    }

    private async Task<List<string>> AllAsync(string[] paths)
    {
        var texts = new List<string>();
        foreach (var path in paths)
        {
            var reply = await house.AskAsync(path);
            Assert.True(reply.Status == 200, reply.Body.GetRawText());
            texts.Add(reply.Body.GetRawText());
        }

        return texts;
    }
}
