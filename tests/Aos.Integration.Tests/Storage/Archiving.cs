using Aos.Contracts;
using Aos.Storage;

namespace Aos.Integration.Tests.Storage;

/// <summary>Ended runs go into files whole, once, and are read from there as they were written; whatever breaks meanwhile.</summary>
public sealed class Archiving
{
    private static readonly DateTimeOffset Noon = ArchiveHouse.Noon;
    private readonly CancellationToken cancel = TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_over_and_old_goes_and_is_read_as_ever()
    {
        await using var house = new ArchiveHouse();
        var (first, failed, next) = (await house.EndedAsync(), await house.EndedAsync(Noon.AddHours(1), status: RunStatus.Failed, tenant: "t2"), await house.EndedAsync(Noon.AddDays(1)));
        var (live, young) = (await house.EndedAsync(status: RunStatus.Waiting), await house.EndedAsync(Noon.AddDays(39)));

        var report = await house.ArchiveAsync();

        Assert.Equal((3, 9, 2, 0), (report.Runs, report.Events, report.Files, report.Skipped));
        foreach (var run in new[] { first, failed, next }) await house.IsWholeAsync(run, isArchived: true);
        foreach (var run in new[] { live, young }) await house.IsWholeAsync(run, isArchived: false);
        Assert.Equal((2, 6, 3, 2), (house.Count("runs"), house.Count("journal"), house.Count("archived_runs"), house.Count("archive_files")));
        Assert.Equal(["2026-03-05", "2026-03-06"], house.Files.Select(file => Path.GetFileName(file)[..10]));
        Assert.Equal(0, (await house.ArchiveAsync()).Runs);
    }

    [Fact]
    public async Task Another_tenant_does_not_see_it()
    {
        await using var house = new ArchiveHouse();
        var run = await house.EndedAsync();
        await house.ArchiveAsync();

        Assert.Null(await house.House.Get<IRunRows>().GetAsync(new TenantId("other"), run.Row.Id, cancel));
    }

    [Fact]
    public async Task Pages_of_a_long_run_are_read_from_the_file()
    {
        await using var house = new ArchiveHouse();
        var run = await house.EndedAsync(events: 2_500);
        await house.EndedAsync();
        await house.ArchiveAsync();

        Assert.Equal([2_401, 2_402], (await house.House.Journal.ReadAsync(run.Row.Id, 2_400, 2, cancel)).Select(entry => entry.Seq));
        Assert.Empty(await house.House.Journal.ReadAsync(run.Row.Id, 2_500, 10, cancel));
        Assert.Empty(await house.House.Journal.ReadAsync(new RunId(Guid.CreateVersion7()), 0, 10, cancel));
    }

    [Fact]
    public async Task A_tree_goes_as_a_whole_or_not_at_all()
    {
        await using var house = new ArchiveHouse();
        var parent = await house.EndedAsync();
        var child = await house.EndedAsync(Noon.AddSeconds(1), parent.Row.Id);
        var grandchild = await house.EndedAsync(Noon.AddSeconds(2), child.Row.Id);
        var other = await house.EndedAsync(Noon.AddSeconds(3));
        var late = await house.EndedAsync(Noon.AddSeconds(4), other.Row.Id, RunStatus.Running);

        var report = await house.ArchiveAsync();

        Assert.Equal((3, 2), (report.Runs, report.Skipped));
        foreach (var run in new[] { parent, child, grandchild }) await house.IsWholeAsync(run, isArchived: true);
        foreach (var run in new[] { other, late }) await house.IsWholeAsync(run, isArchived: false);
    }

    [Theory]
    [InlineData("write", 0)]
    [InlineData("sync", 0)]
    [InlineData("move", 1)]
    public async Task A_break_before_the_transaction_loses_nothing_and_what_is_left_goes(string step, int left)
    {
        await using var house = new ArchiveHouse();
        var run = await house.EndedAsync();
        house.Before = at => { if (at == step) throw new IOException("No space left on device"); };

        await Assert.ThrowsAsync<IOException>(house.ArchiveAsync);

        await house.IsWholeAsync(run, isArchived: false);
        Assert.Equal(left, house.Files.Count);
        house.Before = _ => { };
        Assert.Equal(1, (await house.ArchiveAsync()).Runs);
        await house.IsWholeAsync(run, isArchived: true);
        Assert.Equal(0, await house.House.Get<ArchiveSweep>().PassAsync(cancel)); // A young one may be of a transaction that is under way.
        house.Clock.Advance(ArchiveSweep.AgeMin + TimeSpan.FromMinutes(1));
        Assert.Equal(left, await house.House.Get<ArchiveSweep>().PassAsync(cancel));
        Assert.Single(house.Files);
        await house.IsWholeAsync(run, isArchived: true);
    }

    [Fact]
    public async Task An_unfinished_file_of_a_process_that_was_killed_goes()
    {
        await using var house = new ArchiveHouse();
        await house.EndedAsync();
        await house.ArchiveAsync();
        var name = ArchiveFolder.NameOf(Guid.CreateVersion7(house.Clock.GetUtcNow()), new DateOnly(2026, 3, 5));
        var path = Path.Combine(Path.GetDirectoryName(Path.GetDirectoryName(house.Files[0]))!, name) + ArchiveFolder.Unfinished;
        await File.WriteAllTextAsync(path, "half", cancel);
        await File.WriteAllTextAsync(Path.Combine(house.Folder, "mine.txt"), "not ours", cancel);
        house.Clock.Advance(ArchiveSweep.AgeMin + TimeSpan.FromMinutes(1));

        Assert.Equal(1, await house.House.Get<ArchiveSweep>().PassAsync(cancel));

        Assert.False(File.Exists(path));
        Assert.Equal(2, house.Files.Count);
    }

    [Fact]
    public async Task A_lost_answer_of_the_transaction_doubles_nothing()
    {
        await using var house = new ArchiveHouse();
        var run = await house.EndedAsync();
        var brittle = new Lost(house.House.Get<IEndedRuns>());
        var archivist = ActivatorOf(house, brittle);

        await Assert.ThrowsAsync<JournalUnavailableException>(() => archivist.ArchiveAsync(house.Clock.GetUtcNow(), cancel));

        Assert.Equal(0, (await house.ArchiveAsync()).Runs);
        house.Clock.Advance(TimeSpan.FromDays(2));
        Assert.Equal(0, await house.House.Get<ArchiveSweep>().PassAsync(cancel));
        await house.IsWholeAsync(run, isArchived: true);
        Assert.Single(house.Files);
    }

    [Fact]
    public async Task A_run_that_somebody_goes_on_with_meanwhile_stays()
    {
        await using var house = new ArchiveHouse();
        var (still, gone) = (await house.EndedAsync(), await house.EndedAsync());
        var node = house.House.Get<ICluster>().Lease.Node;
        house.Before = step =>
        {
            if (step == "move") Assert.NotNull(Task.Run(() => house.House.Get<IRunRows>().ClaimAsync(node, still.Row.Id, Taking.Drive, cancel)).GetAwaiter().GetResult());
        };

        var report = await house.ArchiveAsync();

        Assert.Equal((1, 1), (report.Runs, report.Skipped));
        await house.IsWholeAsync(still, isArchived: false);
        await house.IsWholeAsync(gone, isArchived: true);
        Assert.All(await house.House.Get<IArchive>().VerifyAsync(cancel), verdict => Assert.Null(verdict.Reason));
    }

    [Fact]
    public async Task Several_that_archive_at_once_take_each_run_once()
    {
        await using var house = new ArchiveHouse();
        var runs = new List<JournalAppend>();
        for (var i = 0; i < 30; i++) runs.Add(await house.EndedAsync(Noon.AddMinutes(i), agent: new string('a', 36), spent: 1_000));

        var reports = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(house.ArchiveAsync)));

        Assert.Equal(30, reports.Sum(report => report.Runs));
        Assert.Equal((30, 0), (house.Count("archived_runs"), house.Count("journal")));
        Assert.Equal(house.Count("archive_files"), house.Files.Count);
        foreach (var run in runs) await house.IsWholeAsync(run, isArchived: true);
        Assert.Equal(30_000, (await house.House.Get<IRunRows>().SpendingAsync(TenantId.Default, new string('a', 36), Noon, cancel)).Committed.ToMicros());
    }

    [Fact]
    public async Task What_an_agent_spent_stays_spent()
    {
        await using var house = new ArchiveHouse();
        var agent = Guid.CreateVersion7().ToString();
        var parent = await house.EndedAsync(agent: agent, spent: 700);
        await house.EndedAsync(Noon.AddSeconds(1), parent.Row.Id, agent: agent, spent: 600); // Part of its parent.
        await house.EndedAsync(Noon.AddDays(39), agent: agent, spent: 50);
        Task<AgentSpending> SpendingAsync() => house.House.Get<IRunRows>().SpendingAsync(TenantId.Default, agent, house.Clock.GetUtcNow().Date, cancel);
        var before = await SpendingAsync();

        await house.ArchiveAsync();
        var archived = await SpendingAsync();
        await house.Archivist.DeleteAsync(house.Clock.GetUtcNow().AddDays(-30), cancel);

        Assert.Equal(750, before.Committed.ToMicros());
        Assert.Equal(before, archived);
        Assert.Equal(before, await SpendingAsync());
    }

    [Fact]
    public async Task A_damaged_run_stays_and_holds_up_no_other()
    {
        await using var house = new ArchiveHouse();
        var (bad, good) = (await house.EndedAsync(events: 4), await house.EndedAsync());
        house.House.Tamper("UPDATE journal SET kind = 'other.v1' WHERE seq = 4");

        var report = await house.ArchiveAsync();

        Assert.Equal((1, 1), (report.Runs, report.Skipped));
        await house.IsWholeAsync(good, isArchived: true);
        Assert.Null((await house.RowAsync(bad))!.ArchivedAt);
    }

    [Fact]
    [Trait("id", "B8.2-04")]
    [Trait("id", "B8.2-05")]
    public async Task What_is_old_enough_is_deleted_in_the_database_and_in_files()
    {
        await using var house = new ArchiveHouse();
        var (filed, stays) = (await house.EndedAsync(), await house.EndedAsync(Noon.AddDays(5)));
        await house.ArchiveAsync();
        var stored = await house.EndedAsync(Noon.AddMinutes(5));

        Assert.Equal(2, await house.Archivist.DeleteAsync(Noon.AddDays(2), cancel));
        Assert.Equal(0, await house.Archivist.DeleteAsync(Noon.AddDays(2), cancel)); // There is nothing of it any more.

        Assert.Null(await house.RowAsync(filed));
        Assert.Null(await house.RowAsync(stored));
        Assert.Empty(await house.House.Journal.ReadAsync(filed.Row.Id, 0, 10, cancel));
        await house.IsWholeAsync(stays, isArchived: true);
        Assert.Single(house.Files);
        Assert.Equal(new[] { filed.Row.Id, stored.Row.Id }.Order(), house.Forgotten.Runs.Order());
        Assert.Equal(0, house.Count("journal"));
    }

    [Fact]
    public async Task The_chore_does_as_the_settings_say()
    {
        await using var house = new ArchiveHouse();
        var (gone, filed, stored) = (await house.EndedAsync(), await house.EndedAsync(Noon.AddDays(20)), await house.EndedAsync(Noon.AddDays(35)));
        var options = new StorageOptions { ArchiveAfter = TimeSpan.FromDays(10), DeleteAfter = TimeSpan.FromDays(30) };

        await new RetentionChore(house.Archivist, house.House.Get<ICluster>(), options).PassAsync(cancel);

        Assert.Null(await house.RowAsync(gone));
        await house.IsWholeAsync(filed, isArchived: true);
        await house.IsWholeAsync(stored, isArchived: false);
    }

    private static Archivist ActivatorOf(ArchiveHouse house, IEndedRuns ended) => new(
        ended, house.House.Get<ArchiveIndex>(), house.House.Get<ArchiveFolders>(), house.House.Get<ICluster>(), house.House.Get<ArchiveMeter>(),
        Microsoft.Extensions.Logging.Abstractions.NullLogger<Archivist>.Instance);

    /// <summary>Commits, and then the answer is lost.</summary>
    private sealed class Lost(IEndedRuns inner) : IEndedRuns
    {
        public Task<EndedPage> FindAsync(RunId? after, DateTimeOffset endedBefore, int max, CancellationToken cancel) => inner.FindAsync(after, endedBefore, max, cancel);

        public IAsyncEnumerable<(RunId Run, IReadOnlyList<JournalEntry> Entries)> ReadAsync(IReadOnlyList<RunId> runs, CancellationToken cancel) => inner.ReadAsync(runs, cancel);

        public async Task<IReadOnlyList<RunId>> TakeAsync(IReadOnlyList<EndedTree> trees, FiledRuns? file, CancellationToken cancel)
        {
            await inner.TakeAsync(trees, file, cancel);
            throw new JournalUnavailableException("The answer is lost.", TimeSpan.FromSeconds(1));
        }
    }
}
