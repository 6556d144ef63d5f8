using System.Text;
using Aos.Contracts;
using Aos.Storage;
using Aos.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.Integration.Tests.Storage;

public sealed class Journal : IAsyncLifetime
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
    private readonly TestStore store = TestStore.Open(Register);
    private ServiceProvider services = null!;
    private IJournal journal = null!;

    private NodeId Node => services.GetRequiredService<ICluster>().Lease.Node;

    public async ValueTask InitializeAsync()
    {
        Open();
        await services.GetRequiredService<ICluster>().JoinAsync(TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await services.DisposeAsync();
        await store.DisposeAsync();
    }

    [Fact]
    public async Task What_was_appended_is_read_back_as_the_same_bytes()
    {
        var run = New();
        Assert.IsType<AppendReply.Appended>(await journal.AppendAsync(Append(run, 0, 3), TestContext.Current.CancellationToken));

        var entries = await journal.ReadAsync(run, 0, 100, TestContext.Current.CancellationToken);
        Assert.Equal([1, 2, 3], entries.Select(entry => entry.Seq));
        Assert.Equal(Body(run, 2), Encoding.UTF8.GetString(entries[1].Body.Span));
    }

    [Fact]
    [Trait("id", "B8.7-06")]
    [Trait("id", "W-06")]
    public async Task An_append_at_a_stale_number_is_a_conflict_and_writes_nothing()
    {
        var run = New();
        await journal.AppendAsync(Append(run, 0, 2), TestContext.Current.CancellationToken);

        var reply = Assert.IsType<AppendReply.Conflict>(await journal.AppendAsync(Append(run, 1, 1), TestContext.Current.CancellationToken));

        Assert.Equal(2, reply.StoredSeq);
        Assert.Equal(2, (await journal.ReadAsync(run, 0, 100, TestContext.Current.CancellationToken)).Count);
    }

    [Fact]
    public async Task A_run_is_created_once()
    {
        var run = New();
        await journal.AppendAsync(Append(run, 0, 1), TestContext.Current.CancellationToken);

        Assert.IsType<AppendReply.AlreadyExists>(await journal.AppendAsync(Append(run, 0, 1), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task One_refused_append_harms_no_other_of_its_batch()
    {
        var good = Enumerable.Range(0, 50).Select(_ => New()).ToList();
        var first = New();
        await journal.AppendAsync(Append(first, 0, 1), TestContext.Current.CancellationToken);

        var replies = await Task.WhenAll(good.Select(run => journal.AppendAsync(Append(run, 0, 1), CancellationToken.None))
            .Append(journal.AppendAsync(Append(first, 0, 1), CancellationToken.None)));

        Assert.Equal(50, replies.Count(reply => reply is AppendReply.Appended));
        Assert.Equal(1, replies.Count(reply => reply is AppendReply.AlreadyExists));
    }

    [Fact]
    public async Task The_same_key_gives_the_same_run_and_another_body_is_told_apart()
    {
        var run = New();
        var claim = new IdempotencyClaim(TenantId.Default, "runs", "k", [1], DateTimeOffset.MaxValue);
        await journal.AppendAsync(Append(run, 0, 1) with { Claim = claim }, TestContext.Current.CancellationToken);

        var same = await journal.AppendAsync(Append(New(), 0, 1) with { Claim = claim }, TestContext.Current.CancellationToken);
        var other = await journal.AppendAsync(Append(New(), 0, 1) with { Claim = claim with { Fingerprint = [2] } }, TestContext.Current.CancellationToken);

        Assert.Equal(new AppendReply.KeyTaken(run, true), same);
        Assert.Equal(new AppendReply.KeyTaken(run, false), other);
    }

    [Fact]
    public async Task A_run_with_unread_mail_is_not_parked()
    {
        var run = New();
        await journal.AppendAsync(Append(run, 0, 1), TestContext.Current.CancellationToken);
        Assert.True(await journal.SendAsync(new InboxItem(run, "a", "outcome", new byte[] { 1 }), TestContext.Current.CancellationToken));
        Assert.False(await journal.SendAsync(new InboxItem(run, "a", "outcome", new byte[] { 1 }), TestContext.Current.CancellationToken));

        Assert.IsType<AppendReply.HasMail>(await journal.AppendAsync(Append(run, 1, 1) with { Park = true }, TestContext.Current.CancellationToken));
        var read = Append(run, 1, 1);
        Assert.IsType<AppendReply.Appended>(await journal.AppendAsync(read with { Park = true, Row = read.Row with { InboxRead = 1 } }, TestContext.Current.CancellationToken));
        Assert.Empty(await journal.InboxAsync(run, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_changed_byte_is_found_and_the_event_named()
    {
        var run = New();
        await journal.AppendAsync(Append(run, 0, 3), TestContext.Current.CancellationToken);
        await services.DisposeAsync();
        Tamper("UPDATE journal SET body = CAST(replace(CAST(body AS TEXT), '\"n\":2', '\"n\":7') AS BLOB) WHERE seq = 2");
        Open();

        var found = await Assert.ThrowsAsync<JournalCorruptException>(() => journal.ReadAsync(run, 0, 100, TestContext.Current.CancellationToken));
        Assert.Equal(2, found.Seq);
    }

    [Fact]
    public async Task A_missing_event_is_found_and_named()
    {
        var run = New();
        await journal.AppendAsync(Append(run, 0, 3), TestContext.Current.CancellationToken);
        await services.DisposeAsync();
        Tamper("DELETE FROM journal WHERE seq = 2");
        Open();

        var found = await Assert.ThrowsAsync<JournalCorruptException>(() => journal.ReadAsync(run, 0, 100, TestContext.Current.CancellationToken));
        Assert.Equal(2, found.Seq);
    }

    [Fact]
    [Trait("store", "sqlite")]
    public async Task A_damaged_file_is_named_and_not_opened()
    {
        await services.DisposeAsync();
        var file = Path.Combine(store.Data, "aos.db");
        await File.WriteAllTextAsync(file, new string('x', 8192), TestContext.Current.CancellationToken);

        var provider = Build();
        var damaged = Assert.Throws<StoreCorruptException>(() => provider.GetRequiredService<IJournal>());
        Assert.Contains(file, damaged.Message, StringComparison.Ordinal);
        await provider.DisposeAsync();
        Open(fresh: true);
    }

    [Fact]
    [Trait("store", "sqlite")]
    public void A_second_process_is_refused_with_the_pid_of_the_first()
    {
        var refused = Assert.Throws<DataDirectoryHeldException>(() => DataDirectory.Open(store.Data));

        Assert.Equal(Environment.ProcessId.ToString(System.Globalization.CultureInfo.InvariantCulture), refused.Holder);
    }

    [Fact]
    public async Task Due_runs_are_claimed_once_and_oldest_first()
    {
        var rows = services.GetRequiredService<IRunRows>();
        var (late, early) = (New(), New());
        await journal.AppendAsync(Parked(late, Noon.AddMinutes(2)), TestContext.Current.CancellationToken);
        await journal.AppendAsync(Parked(early, Noon.AddMinutes(1)), TestContext.Current.CancellationToken);

        Assert.Equal(Noon.AddMinutes(1), await rows.NextWakeAsync(TestContext.Current.CancellationToken));
        Assert.Equal([early, late], (await rows.ClaimDueAsync(Node, Noon.AddMinutes(3), 10, TestContext.Current.CancellationToken)).Select(row => row.Id));
        Assert.Empty(await rows.ClaimDueAsync(Node, Noon.AddMinutes(3), 10, TestContext.Current.CancellationToken));
    }

    [Fact]
    [Trait("id", "W-28")]
    public async Task Another_tenant_sees_nothing()
    {
        var run = New();
        await journal.AppendAsync(Append(run, 0, 1), TestContext.Current.CancellationToken);
        var rows = services.GetRequiredService<IRunRows>();

        Assert.NotNull(await rows.GetAsync(TenantId.Default, run, TestContext.Current.CancellationToken));
        Assert.Null(await rows.GetAsync(new TenantId("other"), run, TestContext.Current.CancellationToken));
        Assert.Empty(await rows.ListAsync(new RunFilter(new TenantId("other")), TestContext.Current.CancellationToken));
    }

    private static RunId New() => new(Guid.CreateVersion7());

    private static string Body(RunId run, int seq) =>
        $$$"""{"run":"{{{run}}}","seq":{{{seq}}},"kind":"test.v1","at":"{{{Noon.UtcDateTime:O}}}","data":{"n":{{{seq}}}}}""";

    private JournalAppend Append(RunId run, int expected, int count)
    {
        var chain = ChainHash.Start;
        for (var seq = 1; seq <= expected; seq++) chain = ChainHash.Next(chain, Encoding.UTF8.GetBytes(Body(run, seq)));
        var entries = new List<JournalEntry>();
        for (var seq = expected + 1; seq <= expected + count; seq++)
        {
            var body = Encoding.UTF8.GetBytes(Body(run, seq));
            chain = ChainHash.Next(chain, body);
            entries.Add(new JournalEntry(seq, "test.v1", Noon, body, chain));
        }

        return new JournalAppend
        {
            ExpectedSeq = expected,
            By = Node,
            Entries = entries,
            Row = new RunRow { Id = run, Tenant = TenantId.Default, AgentId = "a", Status = RunStatus.Running, Seq = expected + count, Owner = Node, CreatedAt = Noon, UpdatedAt = Noon },
        };
    }

    private JournalAppend Parked(RunId run, DateTimeOffset wake)
    {
        var append = Append(run, 0, 1);
        return append with { Row = append.Row with { Owner = null, WakeAt = wake, Status = RunStatus.Waiting } };
    }

    private void Tamper(string sql) => store.Tamper(sql);

    private void Open(bool fresh = false)
    {
        if (fresh) File.Delete(Path.Combine(store.Data, "aos.db"));
        services = Build();
        journal = services.GetRequiredService<IJournal>();
    }

    private ServiceProvider Build()
    {
        var collection = new ServiceCollection();
        Register(collection, store.Options());
        return collection.BuildServiceProvider();
    }

    private static void Register(IServiceCollection services, StorageOptions options)
    {
        services.AddLogging();
        services.AddSingleton(TimeProvider.System);
        new AosBuilder(services, new ConfigurationBuilder().Build()).AddStorage(options);
    }
}
