using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Aos.Contracts;
using Aos.Storage;
using Aos.Testing;

namespace Aos.Integration.Tests.Storage;

/// <summary>Whatever is not as it was written is found and named, and read by nobody.</summary>
public sealed class Corruption
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("UPDATE journal SET body = CAST(replace(CAST(body AS TEXT), '\"n\":2', '\"n\":7') AS BLOB) WHERE seq = 2", 2)]
    [InlineData("UPDATE journal SET chain = zeroblob(32) WHERE seq = 3", 3)]
    [InlineData("UPDATE journal SET kind = 'other.v1' WHERE seq = 2", 2)]
    [InlineData("UPDATE journal SET at = at + 10000000 WHERE seq = 3", 3)]
    [InlineData("UPDATE journal SET seq = CASE seq WHEN 2 THEN 1003 ELSE 1002 END WHERE seq IN (2, 3); UPDATE journal SET seq = seq - 1000 WHERE seq > 1000", 2)]
    [InlineData("DELETE FROM journal WHERE seq = 2", 2)]
    [InlineData("DELETE FROM journal WHERE seq = 1", 1)]
    [InlineData("UPDATE journal SET body = x'7b22' WHERE seq = 2", 2)]
    [Trait("id", "W-12")]
    public async Task An_event_that_is_not_as_it_was_written_is_named(string damage, int seq)
    {
        await using var store = new StoreHouse();
        var run = new RunId(Guid.CreateVersion7());
        await store.Journal.AppendAsync(store.Append(run, 0, 4, Noon), CancellationToken.None);
        store.Tamper(damage);

        var found = await Assert.ThrowsAsync<JournalCorruptException>(() => store.Journal.ReadAsync(run, 0, 100, CancellationToken.None));
        Assert.Equal((run, seq), (found.Run, found.Seq));
    }

    [Theory]
    [InlineData("UPDATE runs SET status = 7", "status is failed")]
    [InlineData("UPDATE runs SET last_seq = last_seq - 1", "differs from its journal")]
    [InlineData("UPDATE runs SET last_seq = last_seq + 1", "is missing")]
    [InlineData("UPDATE runs SET root_hash = 'f00'", "root_hash")]
    [InlineData("UPDATE runs SET spent = 7", "spent")]
    [InlineData("UPDATE runs SET agent_id = 'eve'", "agent_id")]
    [InlineData("DELETE FROM journal WHERE seq = (SELECT max(seq) FROM journal)", "is missing")]
    [Trait("id", "W-12")]
    public async Task A_row_that_differs_from_its_journal_is_named_over_http(string damage, string named)
    {
        await using var house = await House.OpenAsync();
        using var created = await house.Http.PostAsJsonAsync("/api/v1/runs?wait=20", new { agent_id = "a", plan = new[] { new { skill = "echo", @params = new { n = 1 } } } }, CancellationToken.None);
        var run = (await created.Content.ReadFromJsonAsync<JsonElement>(CancellationToken.None)).GetProperty("run_id").GetString();
        house.Store.Tamper(damage);
        await house.RestartAsync(); // Runs that ended just now are still in memory.

        using var reply = await house.Http.GetAsync($"/api/v1/runs/{run}", CancellationToken.None);
        var body = await reply.Content.ReadAsStringAsync(CancellationToken.None);
        Assert.Equal(HttpStatusCode.InternalServerError, reply.StatusCode);
        Assert.Contains("STORE_CORRUPT", body, StringComparison.Ordinal);
        Assert.Contains(named, body, StringComparison.Ordinal);
        Assert.Contains(run!, body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_sleeping_run_with_a_changed_event_is_set_aside_and_the_others_go_on()
    {
        await using var house = await House.OpenAsync();
        var bad = await SleeperAsync(house, "1s");
        var good = await SleeperAsync(house, "1s");
        house.Store.Tamper($"UPDATE journal SET body = CAST(replace(CAST(body AS TEXT), '\"agent_id\":\"a\"', '\"agent_id\":\"b\"') AS BLOB) WHERE seq = 1 AND hex(run_id) = '{bad.Replace("-", "", StringComparison.Ordinal).ToUpperInvariant()}'");

        using var ended = await house.Http.GetAsync($"/api/v1/runs/{good}?wait=20", CancellationToken.None);
        Assert.Equal("succeeded", (await ended.Content.ReadFromJsonAsync<JsonElement>(CancellationToken.None)).GetProperty("status").GetString());
        var rows = house.Get<IRunRows>();
        Assert.True(RunId.TryParse(bad, out var id));
        RunRow? row;
        do row = await rows.GetAsync(TenantId.Default, id, CancellationToken.None);
        while (row!.Status != RunStatus.Quarantined);
        Assert.Equal("STORE_CORRUPT", row.FailureCode);

        using var refused = await house.Http.PostAsync($"/api/v1/runs/{bad}/cancel", null, CancellationToken.None);
        Assert.Contains("STORE_CORRUPT", await refused.Content.ReadAsStringAsync(CancellationToken.None), StringComparison.Ordinal);
        using var again = await house.Http.PostAsync($"/api/v1/runs/{bad}/cancel", null, CancellationToken.None);
        Assert.Equal(HttpStatusCode.InternalServerError, again.StatusCode);
    }

    [Theory]
    [Trait("store", "sqlite")]
    [InlineData("truncated")]
    [InlineData("garbage")]
    [InlineData("half garbage")]
    public async Task A_damaged_file_is_named_and_not_opened(string how)
    {
        await using var store = new StoreHouse();
        await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => store.Journal.AppendAsync(store.Append(new RunId(Guid.CreateVersion7()), 0, 10, Noon), CancellationToken.None)));
        await store.CloseAsync();
        var bytes = await File.ReadAllBytesAsync(store.File, CancellationToken.None);
        switch (how)
        {
            case "truncated": bytes = bytes[..(bytes.Length / 2)]; break;
            case "garbage": bytes = [.. Enumerable.Repeat((byte)'x', 8192)]; break;
            default: bytes.AsSpan(bytes.Length / 2).Fill(0xA5); break;
        }

        await File.WriteAllBytesAsync(store.File, bytes, CancellationToken.None);
        store.Open();

        var damaged = Assert.Throws<StoreCorruptException>(() => store.Journal);
        Assert.Contains(store.File, damaged.Message, StringComparison.Ordinal);
    }

    [Theory]
    [Trait("store", "sqlite")]
    [InlineData(0.3)]
    [InlineData(0.7)]
    [InlineData(0.95)]
    public async Task A_log_cut_short_leaves_whole_appends_only(double kept)
    {
        await using var store = new StoreHouse();
        var runs = new List<RunId>();
        for (var i = 0; i < 80; i++)
        {
            runs.Add(new RunId(Guid.CreateVersion7()));
            await store.Journal.AppendAsync(store.Append(runs[^1], 0, 5, Noon), CancellationToken.None);
        }

        await using var survivor = new StoreHouse();
        await survivor.CloseAsync();
        File.Copy(store.File, survivor.File, overwrite: true);
        var log = await File.ReadAllBytesAsync(store.File + "-wal", CancellationToken.None);
        await File.WriteAllBytesAsync(survivor.File + "-wal", log[..(int)(log.Length * kept)], CancellationToken.None);
        File.Delete(survivor.File + "-shm");
        survivor.Open();

        var counts = new List<int>();
        foreach (var run in runs)
        {
            var row = await survivor.Get<IRunRows>().GetAsync(TenantId.Default, run, CancellationToken.None);
            var events = await survivor.Journal.ReadAsync(run, 0, 100, CancellationToken.None);
            Assert.Equal(row?.Seq ?? 0, events.Count);
            counts.Add(events.Count);
        }

        Assert.Equal(counts.OrderDescending(), counts);
        Assert.Contains(5, counts);
        Assert.Contains(0, counts);
    }

    private static async Task<string> SleeperAsync(House house, string sleep)
    {
        using var reply = await house.Http.PostAsJsonAsync(
            "/api/v1/runs", new { agent_id = "a", plan = new { name = "s", steps = new object[] { new { id = "nap", sleep } } } }, CancellationToken.None);
        return (await reply.Content.ReadFromJsonAsync<JsonElement>(CancellationToken.None)).GetProperty("run_id").GetString()!;
    }
}
