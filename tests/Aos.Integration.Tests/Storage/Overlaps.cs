using Aos.Contracts;
using Aos.Storage;
using Aos.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.Integration.Tests.Storage;

/// <summary>
/// Two nodes write the same at once, through PgBouncer: one stands still in the middle of its transaction while the other waits for
/// its lock. One wins, and the other is told what the winner did.
/// </summary>
[Trait("store", "none")]
public sealed class Overlaps : IAsyncLifetime
{
    private readonly RunId run = new(Guid.CreateVersion7());
    private readonly CancellationToken cancel = TestContext.Current.CancellationToken;
    private PostgresPair pair = null!;

    private ClusterSide A => pair.First;

    private ClusterSide B => pair.Second;

    public async ValueTask InitializeAsync() => pair = await PostgresPair.OpenAsync("AOS_TEST_PGBOUNCER");

    public ValueTask DisposeAsync() => pair.DisposeAsync();

    [Fact]
    [Trait("id", "W-06")]
    public async Task Of_two_appends_of_one_owner_at_one_number_the_second_is_told_where_the_run_stands()
    {
        await WriteAsync(Of(A, run, 0, 1));
        await using var other = SecondWriter();
        await using var held = await HeldCommit.OpenAsync(pair.Direct, "INSERT ON journal");
        var winning = A.Journal.AppendAsync(Of(A, run, 1, 2), cancel);
        await held.UntilHeldAsync(1);
        var losing = Journal(other).AppendAsync(Of(A, run, 1, 1), cancel);
        await held.UntilBehindAsync(1);
        await held.LetGoAsync();

        Assert.IsType<AppendReply.Appended>(await winning);
        Assert.Equal(new AppendReply.Conflict(3), await losing);
        Assert.Equal([1, 2, 3], (await B.Journal.ReadAsync(run, 0, 9, cancel)).Select(entry => entry.Seq));
    }

    [Fact]
    public async Task The_same_bytes_sent_again_while_the_first_still_commit_are_one_append()
    {
        await WriteAsync(Of(A, run, 0, 1));
        await using var other = SecondWriter();
        await using var held = await HeldCommit.OpenAsync(pair.Direct, "INSERT ON journal");
        var first = A.Journal.AppendAsync(Of(A, run, 1, 2), cancel);
        await held.UntilHeldAsync(1);
        var again = new AppendWork(Of(A, run, 1, 2)) { Node = A.Cluster.Lease.Node, InDoubt = true };
        await other.EnqueueAsync(again, begins: false, cancel);
        await held.UntilBehindAsync(1);
        await held.LetGoAsync();

        Assert.IsType<AppendReply.Appended>(await first);
        Assert.IsType<AppendReply.Appended>(await again.Reply);
        Assert.Equal([1, 2, 3], (await B.Journal.ReadAsync(run, 0, 9, cancel)).Select(entry => entry.Seq));
    }

    [Fact]
    public async Task Of_two_nodes_that_begin_one_run_the_second_is_told_that_it_exists()
    {
        await using var held = await HeldCommit.OpenAsync(pair.Direct, "INSERT ON journal");
        var winning = A.Journal.AppendAsync(Of(A, run, 0, 1), cancel);
        await held.UntilHeldAsync(1);
        var losing = B.Journal.AppendAsync(Of(B, run, 0, 2), cancel);
        await held.UntilBehindAsync(1);
        await held.LetGoAsync();

        Assert.IsType<AppendReply.Appended>(await winning);
        Assert.IsType<AppendReply.AlreadyExists>(await losing);
        Assert.Equal(A.Cluster.Lease.Node, (await B.Rows.GetAsync(TenantId.Default, run, cancel))?.Owner);
        Assert.Single(await B.Journal.ReadAsync(run, 0, 9, cancel));
    }

    [Fact]
    [Trait("id", "W-06")]
    public async Task Of_two_claims_of_a_due_run_the_second_gets_nothing_and_sees_the_owner()
    {
        await ParkDueAsync();
        await using var held = await HeldCommit.OpenAsync(pair.Direct, "UPDATE ON runs");
        var winning = A.Rows.ClaimAsync(A.Cluster.Lease.Node, run, Taking.Drive, cancel);
        await held.UntilHeldAsync(1);
        var losing = B.Rows.ClaimAsync(B.Cluster.Lease.Node, run, Taking.Drive, cancel);
        await held.UntilBehindAsync(1);
        Assert.Empty(await B.Rows.ClaimDueAsync(B.Cluster.Lease.Node, Noon, 9, cancel)); // A sweep steps over what is locked.
        await held.LetGoAsync();

        Assert.Equal(A.Cluster.Lease.Node, (await winning)?.Owner);
        Assert.Null(await losing);
        Assert.Equal(A.Cluster.Lease.Node, (await B.Rows.GetAsync(TenantId.Default, run, cancel))?.Owner);
        Assert.Equal(new AppendReply.Fenced(), await B.Journal.AppendAsync(Of(B, run, 1, 1), cancel));
        Assert.IsType<AppendReply.Appended>(await A.Journal.AppendAsync(Of(A, run, 1, 1), cancel));
    }

    [Fact]
    public async Task Of_two_sweeps_of_one_due_run_one_takes_it_and_the_other_does_not_wait()
    {
        await ParkDueAsync();
        await using var held = await HeldCommit.OpenAsync(pair.Direct, "UPDATE ON runs");
        var winning = A.Rows.ClaimDueAsync(A.Cluster.Lease.Node, Noon, 9, cancel);
        await held.UntilHeldAsync(1);
        Assert.Empty(await B.Rows.ClaimDueAsync(B.Cluster.Lease.Node, Noon, 9, cancel));
        await held.LetGoAsync();

        Assert.Equal([run], (await winning).Select(row => row.Id));
        Assert.Empty(await B.Rows.ClaimDueAsync(B.Cluster.Lease.Node, Noon, 9, cancel));
    }

    [Fact]
    public async Task Of_two_nodes_that_want_the_last_slot_the_second_counts_what_the_first_took()
    {
        await A.Rows.LimitAsync([new RunLimit(TenantId.Default, "", 1)], cancel);
        foreach (var id in new[] { run, new RunId(Guid.CreateVersion7()) })
        {
            var append = Of(A, id, 0, 1);
            await WriteAsync(append with { Row = append.Row with { Owner = null, Status = RunStatus.Queued, Lane = Lane.New, Scope = "" } });
        }

        await using var held = await HeldCommit.OpenAsync(pair.Direct, "UPDATE ON runs");
        var winning = A.Rows.ClaimQueuedAsync(A.Cluster.Lease.Node, new QueueTurn("", 9), cancel);
        await held.UntilHeldAsync(1);
        var losing = B.Rows.ClaimQueuedAsync(B.Cluster.Lease.Node, new QueueTurn("", 9), cancel);
        await held.UntilBehindAsync(1);
        await held.LetGoAsync();

        Assert.Single((await winning).Runs);
        Assert.Empty((await losing).Runs);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Of_two_starts_with_one_key_the_second_is_told_the_run_of_the_first(bool isSameRequest)
    {
        var other = new RunId(Guid.CreateVersion7());
        await using var held = await HeldCommit.OpenAsync(pair.Direct, "INSERT ON idempotency");
        var winning = A.Journal.AppendAsync(Of(A, run, 0, 1) with { Claim = Claim(1) }, cancel);
        await held.UntilHeldAsync(1);
        var losing = B.Journal.AppendAsync(Of(B, other, 0, 1) with { Claim = Claim(isSameRequest ? (byte)1 : (byte)2) }, cancel);
        await held.UntilBehindAsync(1);
        await held.LetGoAsync();

        Assert.IsType<AppendReply.Appended>(await winning);
        Assert.Equal(new AppendReply.KeyTaken(run, isSameRequest), await losing);
        Assert.Null(await B.Rows.GetAsync(TenantId.Default, other, cancel));
        Assert.Empty(await B.Journal.ReadAsync(other, 0, 9, cancel));
        Assert.Equal(run, (await B.Rows.FindKeyAsync(TenantId.Default, "runs", "key", Noon, cancel))?.Run);
    }

    private static DateTimeOffset Noon { get; } = new(TimeProvider.System.GetUtcNow().Date.AddHours(12), TimeSpan.Zero);

    private static IdempotencyClaim Claim(byte fingerprint) => new(TenantId.Default, "runs", "key", [fingerprint], Noon.AddDays(2));

    private static JournalAppend Of(ClusterSide side, RunId run, int expected, int count) =>
        JournalConformance.Append(run, expected, count, Noon, owner: side.Cluster.Lease.Node);

    private Task ParkDueAsync()
    {
        var append = Of(A, run, 0, 1);
        return WriteAsync(append with { Park = true, Row = append.Row with { Owner = null, WakeAt = Noon, Status = RunStatus.Waiting } });
    }

    private async Task WriteAsync(JournalAppend append) => Assert.IsType<AppendReply.Appended>(await A.Journal.AppendAsync(append, cancel));

    /// <summary>A second connection of the first node, as one has that sends a batch again.</summary>
    private PostgresWriter SecondWriter() => new(
        Get<PostgresPool>(), Get<PostgresLease>(), Get<StoreMeter>(), Get<StorageOptions>(), TimeProvider.System);

    private PostgresJournal Journal(PostgresWriter writer) => new(Get<PostgresPool>(), writer, Get<PostgresLease>(), Get<OutboxSignal>());

    private T Get<T>()
        where T : notnull => pair.FirstNode.GetRequiredService<T>();
}
