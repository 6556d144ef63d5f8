using System.Data.Common;
using Aos.Contracts;
using Aos.Storage;
using Aos.Testing;
using Microsoft.Data.Sqlite;

namespace Aos.Integration.Tests.Storage;

/// <summary>When the disk is full, busy or wrong: callers are told, nothing is lost, the rest goes on.</summary>
public sealed class Outages
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    [Trait("store", "sqlite")]
    public async Task A_store_that_another_process_locks_refuses_new_work_and_loses_none()
    {
        await using var store = new StoreHouse();
        var kept = New();
        var journal = store.Journal;
        Task<AppendReply> waiting;
        await using (var other = (SqliteConnection)store.Store.Connect())
        {
            await using var held = other.BeginTransaction(deferred: false);
            waiting = journal.AppendAsync(store.Append(kept, 0, 1, Noon), CancellationToken.None);
            var refused = await RefusalAsync(store);
            Assert.True(refused.RetryAfter > TimeSpan.Zero);
            Assert.False(waiting.IsCompleted);
        }

        Assert.IsType<AppendReply.Appended>(await waiting);
        Assert.Single(await store.Journal.ReadAsync(kept, 0, 10, CancellationToken.None));
        Assert.IsType<AppendReply.Appended>(await store.Journal.AppendAsync(store.Append(New(), 0, 1, Noon), CancellationToken.None));
    }

    [Fact]
    [Trait("store", "sqlite")]
    public async Task A_full_disk_refuses_new_work_and_loses_none_when_there_is_room_again()
    {
        await using var store = new StoreHouse();
        var database = store.Get<IDatabase>().ForHouse;
        var writer = default(SqliteConnection)!;
        await database.WriteAsync((connection, _) => writer = (SqliteConnection)connection, CancellationToken.None);
        await database.WriteAsync((connection, _) => Pages(connection, 60), CancellationToken.None);
        var runs = Enumerable.Range(0, 200).Select(_ => New()).ToList();
        var appends = runs.Select(run => store.Journal.AppendAsync(store.Append(run, 0, 20, Noon), CancellationToken.None)).ToList();
        await RefusalAsync(store);

        Pages(writer, 1_000_000);
        var stored = 0;
        for (var i = 0; i < runs.Count; i++)
        {
            var isRefused = await Record.ExceptionAsync(() => appends[i]) is JournalUnavailableException;
            Assert.Equal(isRefused ? 0 : 20, (await store.Journal.ReadAsync(runs[i], 0, 100, CancellationToken.None)).Count);
            if (!isRefused) stored++;
        }

        Assert.True(stored > 0);
        Assert.IsType<AppendReply.Appended>(await store.Journal.AppendAsync(store.Append(New(), 0, 20, Noon), CancellationToken.None));
    }

    [Fact]
    [Trait("store", "sqlite")]
    public async Task A_store_closed_while_it_cannot_write_tells_whoever_waits()
    {
        await using var store = new StoreHouse();
        var journal = store.Journal;
        await using var other = (SqliteConnection)store.Store.Connect();
        await using var held = other.BeginTransaction(deferred: false);
        var waiting = journal.AppendAsync(store.Append(New(), 0, 1, Noon), CancellationToken.None);
        await RefusalAsync(store);
        await store.CloseAsync();

        await Assert.ThrowsAsync<JournalUnavailableException>(() => waiting);
    }

    [Fact]
    public async Task One_append_that_cannot_be_stored_fails_alone()
    {
        await using var store = new StoreHouse();
        var bad = store.Append(New(), 0, 2, Noon);
        bad = bad with { Entries = [bad.Entries[0], bad.Entries[0]] };
        var good = Enumerable.Range(0, 60).Select(_ => store.Journal.AppendAsync(store.Append(New(), 0, 1, Noon), CancellationToken.None)).ToList();
        var failing = store.Journal.AppendAsync(bad, CancellationToken.None);
        var more = Enumerable.Range(0, 60).Select(_ => store.Journal.AppendAsync(store.Append(New(), 0, 1, Noon), CancellationToken.None)).ToList();

        await Assert.ThrowsAnyAsync<DbException>(() => failing);
        Assert.All(await Task.WhenAll(good.Concat(more)), reply => Assert.IsType<AppendReply.Appended>(reply));
        Assert.Null(await store.Get<IRunRows>().GetAsync(TenantId.Default, bad.Row.Id, CancellationToken.None));
    }

    [Fact]
    public async Task A_rooms_mistake_in_a_write_stays_its_own()
    {
        await using var store = new StoreHouse();
        var database = store.Get<IDatabase>().ForHouse;

        await Assert.ThrowsAsync<FormatException>(() => database.WriteAsync<int>((_, _) => throw new FormatException("mine"), CancellationToken.None));
        Assert.IsType<AppendReply.Appended>(await store.Journal.AppendAsync(store.Append(New(), 0, 1, Noon), CancellationToken.None));
    }

    [Fact]
    [Trait("store", "sqlite")]
    public async Task What_was_acknowledged_is_there_after_the_process_was_cut_off()
    {
        await using var store = new StoreHouse();
        var runs = Enumerable.Range(0, 50).Select(_ => New()).ToList();
        await Task.WhenAll(runs.Select(run => store.Journal.AppendAsync(store.Append(run, 0, 2, Noon), CancellationToken.None)));

        // What a process that dies at this moment leaves on disk: the file and its log, copied as they are.
        await using var survivor = new StoreHouse();
        await survivor.CloseAsync();
        foreach (var name in new[] { "aos.db", "aos.db-wal" }) File.Copy(Path.Combine(store.Store.Data, name), Path.Combine(survivor.Store.Data, name), overwrite: true);
        File.Delete(Path.Combine(survivor.Store.Data, "aos.db-shm"));
        survivor.Open();

        foreach (var run in runs) Assert.Equal(2, (await survivor.Journal.ReadAsync(run, 0, 10, CancellationToken.None)).Count);
    }

    /// <summary>New work, offered until it is refused.</summary>
    private static async Task<JournalUnavailableException> RefusalAsync(StoreHouse store)
    {
        var offered = new List<Task>();
        while (true)
        {
            try
            {
                var offer = store.Journal.AppendAsync(store.Append(New(), 0, 1, Noon), CancellationToken.None);
                if (offer.IsFaulted) await offer;
                if (offered.Count < 100) offered.Add(offer);
                await Task.Yield();
            }
            catch (JournalUnavailableException e)
            {
                return e;
            }
        }
    }

    private static long Pages(System.Data.Common.DbConnection connection, int max)
    {
        using var command = connection.CreateCommand();
        command.CommandText = $"PRAGMA max_page_count = {max}";
        return (long)command.ExecuteScalar()!;
    }

    private static RunId New() => new(Guid.CreateVersion7());
}
