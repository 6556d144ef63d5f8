using Aos.Contracts;
using Aos.Testing;

namespace Aos.Integration.Tests.Storage;

/// <summary>Writers of one run at once, on each store: one wins, the others hear what stands there, and nothing is lost or mixed.</summary>
public sealed class ConcurrentAppends : IAsyncLifetime
{
    private readonly StoreHouse store = new();
    private DateTimeOffset now;

    public ValueTask InitializeAsync()
    {
        now = TimeProvider.System.GetUtcNow();
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => store.DisposeAsync();

    [Fact]
    [Trait("id", "B8.3-01")]
    [Trait("id", "B8.3-02")]
    [Trait("id", "B8.3-04")]
    [Trait("id", "B8.3-05")]
    public async Task Each_append_counts_one_more_and_a_stale_one_is_told_what_stands_there()
    {
        var (run, tenant) = (New(), new TenantId("acme"));

        for (var seq = 0; seq < 3; seq++)
        {
            Assert.IsType<AppendReply.Appended>(await AppendAsync(run, seq, tenant));
            Assert.Equal(seq + 1, (await RowAsync(run, tenant))!.Seq);
        }

        var stale = Assert.IsType<AppendReply.Conflict>(await AppendAsync(run, 1, tenant));
        var fresh = Assert.IsType<AppendReply.AlreadyExists>(await AppendAsync(run, 0, tenant));
        Assert.Equal(3, stale.StoredSeq);
        Assert.NotNull(fresh);
        Assert.Equal((3, tenant), ((await RowAsync(run, tenant))!.Seq, (await RowAsync(run, tenant))!.Tenant));
        Assert.Null(await RowAsync(run, TenantId.Default));
    }

    [Theory]
    [Trait("id", "B8.3-03")]
    [Trait("id", "B8.3-35")]
    [InlineData(5)]
    [InlineData(50)]
    public async Task Of_many_who_write_on_from_one_number_one_wins(int writers)
    {
        var run = New();
        await AppendAsync(run, 0);

        var replies = await Task.WhenAll(Enumerable.Range(0, writers).Select(i => store.Journal.AppendAsync(Append(run, 1, now.AddSeconds(i)), TestContext.Current.CancellationToken)));

        Assert.Single(replies.OfType<AppendReply.Appended>());
        Assert.Equal(writers - 1, replies.OfType<AppendReply.Conflict>().Count());
        Assert.Equal(2, (await RowAsync(run))!.Seq);
        Assert.Equal(2, (await store.Journal.ReadRawAsync(run, 0, 100, TestContext.Current.CancellationToken)).Count);
    }

    [Fact]
    [Trait("id", "B8.3-36")]
    public async Task A_hundred_appends_one_after_another_end_at_a_hundred_and_one_done()
    {
        var run = New();
        for (var seq = 0; seq < 100; seq++) await AppendAsync(run, seq);

        var last = Append(run, 100, now);
        Assert.IsType<AppendReply.Appended>(await store.Journal.AppendAsync(
            last with { Row = last.Row with { Status = RunStatus.Succeeded, EndedAt = now, Owner = null } }, TestContext.Current.CancellationToken));

        var row = await RowAsync(run);
        Assert.Equal((101, RunStatus.Succeeded), (row!.Seq, row.Status));
        Assert.Equal(101, (await store.Journal.ReadAsync(run, 0, 1_000, TestContext.Current.CancellationToken)).Count);
    }

    [Fact]
    [Trait("id", "B8.3-37")]
    public async Task Ten_runs_of_twenty_appends_at_once_are_in_nobodys_way()
    {
        RunId[] runs = [.. Enumerable.Range(0, 10).Select(_ => New())];

        await Task.WhenAll(runs.Select(async run =>
        {
            for (var seq = 0; seq < 20; seq++) Assert.IsType<AppendReply.Appended>(await AppendAsync(run, seq));
        }));

        foreach (var run in runs)
        {
            Assert.Equal(20, (await RowAsync(run))!.Seq);
            Assert.Equal(Enumerable.Range(1, 20), (await store.Journal.ReadAsync(run, 0, 100, TestContext.Current.CancellationToken)).Select(entry => entry.Seq));
        }
    }

    private RunId New() => new(Guid.CreateVersion7(now));

    private JournalAppend Append(RunId run, int after, DateTimeOffset at, TenantId? tenant = null) => JournalConformance.Append(run, after, 1, at, tenant, store.Get<ICluster>().Lease.Node);

    private Task<AppendReply> AppendAsync(RunId run, int after, TenantId? tenant = null) => store.Journal.AppendAsync(Append(run, after, now, tenant), TestContext.Current.CancellationToken);

    private Task<RunRow?> RowAsync(RunId run, TenantId? tenant = null) => store.Get<IRunRows>().GetAsync(tenant ?? TenantId.Default, run, TestContext.Current.CancellationToken);
}
