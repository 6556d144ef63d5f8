using System.Text.Json;
using Aos.App.Server;
using Aos.Contracts;

namespace Aos.Integration.Tests.Http;

/// <summary>The status history, its exports and their links.</summary>
public sealed class History : IAsyncLifetime
{
    private House house = null!;

    public async ValueTask InitializeAsync() => house = await House.OpenAsync();

    public async ValueTask DisposeAsync() => await house.DisposeAsync();

    [Fact]
    public async Task A_run_tells_how_it_came_to_its_status()
    {
        var id = (await house.AskAsync("/api/v1/runs", """{"name":"w","steps":[{"id":"a","await":{"signal":"go"}}]}""")).Body.GetText("run_id");
        await house.AskAsync($"/api/v1/runs/{id}/pause", """{"reason":"lunch"}""");
        await house.AskAsync($"/api/v1/runs/{id}/resume", "{}");
        await house.AskAsync($"/api/v1/runs/{id}/cancel", "{}");

        var history = await house.AskAsync($"/status_history/entity/run/{id}");
        var items = history["items"].EnumerateArray().ToList();
        Assert.Equal(["running", "paused", "running", "cancelled"], items.Select(item => item.GetText("new_status")));
        Assert.Equal([null, "running", "paused", "running"], items.Select(item => item.GetText("old_status")));
        Assert.Equal("lunch", items[1].GetText("reason"));
        Assert.Equal(4, history["total"].GetInt32());
        Assert.False(history["has_more"].GetBoolean());

        var page = await house.AskAsync($"/status_history/entity/run/{id}?limit=2&offset=1");
        Assert.Equal(["paused", "running"], page["items"].EnumerateArray().Select(item => item.GetText("new_status")));
        Assert.True(page["has_more"].GetBoolean());
    }

    [Fact]
    public async Task The_history_is_newest_first_filtered_and_counted()
    {
        await house.RunAsync("""{"plan":[{"skill":"echo"}]}""");
        var failed = await house.RunAsync("""{"plan":[{"skill":"fs_read","params":{"path":"no-such-file"}}]}""");

        var all = await house.AskAsync("/status_history");
        Assert.Equal(["failed", "running", "succeeded", "running"], all["items"].EnumerateArray().Select(item => item.GetText("new_status")));
        var one = Assert.Single((await house.AskAsync("/status_history?new_status=failed&actor_type=system"))["items"].EnumerateArray());
        Assert.Equal((failed, "FILE_NOT_FOUND"), (one.GetText("entity_id"), one.GetText("reason")));
        Assert.Equal(0, (await house.AskAsync("/status_history?start_time=2999-01-01T00:00:00Z"))["total"].GetInt32());
        Assert.Equal(0, (await house.AskAsync("/status_history?entity_type=agent"))["total"].GetInt32());

        var stats = await house.AskAsync("/status_history/stats");
        Assert.Equal(4, stats["total_records"].GetInt32());
        Assert.Equal(2, stats["records_by_status.running"].GetInt32());
        Assert.Equal(4, stats["records_by_entity_type.run"].GetInt32());
        Assert.True(stats["time_range_days"].GetDouble() >= 0);
    }

    [Theory]
    [InlineData("csv", "text/csv")]
    [InlineData("jsonl", "application/x-ndjson")]
    public async Task An_export_is_fetched_by_its_signed_link(string format, string media)
    {
        var id = await house.RunAsync("""{"plan":[{"skill":"echo"}]}""");
        var export = await house.AskAsync("/status_history/export", $$"""{"format":"{{format}}"}""");
        using var file = await house.Http.GetAsync(export.Body.GetText("download_url"), TestContext.Current.CancellationToken);
        var lines = (await file.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Split('\n', StringSplitOptions.RemoveEmptyEntries);

        Assert.Equal(2, export["record_count"].GetInt32());
        Assert.Equal(media, file.Content.Headers.ContentType!.MediaType);
        Assert.Equal(format == "csv" ? 3 : 2, lines.Length);
        Assert.Contains($"{id}", lines[^1], StringComparison.Ordinal);
        if (format == "jsonl") Assert.Equal("succeeded", Json.Parse(lines[1]).GetText("new_status"));
        else Assert.Equal("id,entity_type,entity_id,old_status,new_status,actor_type,actor_id,reason,tenant_id,correlation_id,metadata_json,created_at,sequence", lines[0].TrimEnd('\r'));
    }

    [Fact]
    public async Task A_link_that_was_changed_or_has_expired_is_refused()
    {
        var url = (await house.AskAsync("/status_history/export", "{}")).Body.GetText("download_url")!;

        Assert.Equal(200, (await house.AskAsync(url)).Status);
        Assert.Equal(403, (await house.AskAsync(url.Replace("format=csv", "format=jsonl", StringComparison.Ordinal))).Status);
        Assert.Equal(403, (await house.AskAsync(url.Replace("expires=1", "expires=2", StringComparison.Ordinal))).Status);
        Assert.Equal(403, (await house.AskAsync(url[..^1] + (url[^1] == '0' ? '1' : '0'))).Status);
        Assert.Equal(422, (await house.AskAsync(url[..url.IndexOf("&sig", StringComparison.Ordinal)])).Status);
        Assert.Equal(400, (await house.AskAsync("/status_history/export", """{"format":"xls"}""")).Status);
    }

    [Fact]
    public async Task An_expired_export_is_swept_away_and_its_name_is_gone()
    {
        var export = await house.AskAsync("/status_history/export", "{}");
        var file = Assert.Single(Directory.GetFiles(Path.Combine(house.Data, "exports")));
        var chore = house.Get<StatusExports>();

        Assert.Equal(0, await chore.PassAsync(TestContext.Current.CancellationToken));
        File.SetLastWriteTimeUtc(file, File.GetLastWriteTimeUtc(file).AddHours(-2));
        Assert.Equal(1, await chore.PassAsync(TestContext.Current.CancellationToken));
        Assert.Equal(404, (await house.AskAsync(export.Body.GetText("download_url")!)).Status);
        Assert.Contains(house.Get<IEnumerable<IChore>>(), known => known.Name == chore.Name);
    }
}
