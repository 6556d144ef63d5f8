using System.Collections.Immutable;
using System.Text.Json;
using Aos.Contracts;
using Aos.Runs;
using Aos.Testing;

namespace Aos.Integration.Tests.Storage;

/// <summary>What is kept of a run, on every store: its row, its events and their hashes.</summary>
public sealed class StoredRuns : IAsyncLifetime
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
    private readonly CancellationToken cancel = TestContext.Current.CancellationToken;
    private readonly StoreHouse house = new();

    public async ValueTask InitializeAsync() => await house.Get<ICluster>().JoinAsync(TestContext.Current.CancellationToken);

    public ValueTask DisposeAsync() => house.DisposeAsync();

    private IRunRows Rows => house.Get<IRunRows>();

    private NodeId Node => house.Get<ICluster>().Lease.Node;

    [Fact]
    [Trait("id", "B8.2-01")]
    [Trait("id", "B8.2-02")]
    [Trait("id", "B8.2-11")]
    [Trait("plants", "STEP_FAILED")]
    public async Task A_row_comes_back_with_all_its_fields_and_an_unknown_one_not_at_all()
    {
        var append = house.Append(New(), 0, 2, Noon);
        var labels = new Dictionary<string, string> { ["env"] = "prod", ["team"] = "a=b, c" };
        var row = append.Row with
        {
            Workflow = "w@2.1.0", Goal = "G", Status = RunStatus.Failed, Owner = null, Parent = New(), Attempt = 2, Spent = new Cents(1.25m), Budget = new Cents(7), UpdatedAt = Noon.AddSeconds(3),
            EndedAt = Noon.AddSeconds(3), FailureCode = "STEP_FAILED", RootHash = new string('a', 64), Priority = -7, MinRule = (int)KernelRule.Fork, Scope = "s",
        };
        await WriteAsync(append with { By = Node, Row = row with { Labels = labels } });

        var read = (await Rows.GetAsync(TenantId.Default, row.Id, cancel))!;

        Assert.Equal(labels, read.Labels);
        Assert.Equal(row, read with { Labels = row.Labels });
        Assert.Null(await Rows.GetAsync(TenantId.Default, New(), cancel));
        Assert.Empty(await house.Journal.ReadAsync(New(), 0, 10, cancel));
    }

    [Fact]
    [Trait("id", "B8.2-03")]
    [Trait("id", "B8.2-12")]
    [Trait("id", "B8.4-02")]
    [Trait("id", "B8.4-23")]
    public async Task Each_append_writes_the_row_anew_counts_on_and_leaves_when_the_run_was_made()
    {
        var run = New();
        await WriteAsync(house.Append(run, 0, 1, Noon));
        for (var seq = 1; seq < 10; seq++)
        {
            var next = house.Append(run, seq, 1, Noon);
            await WriteAsync(next with { Row = next.Row with { Spent = new Cents(seq), UpdatedAt = Noon.AddSeconds(seq), CreatedAt = Noon.AddSeconds(seq) } });
            Assert.Equal(seq + 1, (await Rows.GetAsync(TenantId.Default, run, cancel))!.Seq);
        }

        var read = (await Rows.GetAsync(TenantId.Default, run, cancel))!;

        Assert.Equal((10, new Cents(9), Noon, Noon.AddSeconds(9)), (read.Seq, read.Spent, read.CreatedAt, read.UpdatedAt));
        Assert.Equal(Enumerable.Range(1, 10), (await house.Journal.ReadAsync(run, 0, 100, cancel)).Select(entry => entry.Seq));
    }

    [Fact]
    [Trait("id", "B8.2-06")]
    [Trait("id", "B8.2-07")]
    public async Task Those_that_run_are_listed_without_those_that_are_over_and_no_more_than_asked_for()
    {
        var running = new List<RunId>();
        for (var i = 0; i < 10; i++)
        {
            var append = house.Append(new RunId(Guid.CreateVersion7(Noon.AddSeconds(i))), 0, 1, Noon);
            running.Add(append.Row.Id);
            await WriteAsync(append);
            var over = house.Append(new RunId(Guid.CreateVersion7(Noon.AddSeconds(i))), 0, 1, Noon);
            await WriteAsync(over with { By = Node, Row = over.Row with { Owner = null, Status = RunStatus.Succeeded } });
        }

        running.Reverse();
        var all = await Rows.ListAsync(new RunFilter(TenantId.Default, Statuses: [RunStatus.Running]), cancel);
        var five = await Rows.ListAsync(new RunFilter(TenantId.Default, Statuses: [RunStatus.Running], Limit: 5), cancel);

        Assert.Equal(running, all.Select(row => row.Id));
        Assert.Equal(running.Take(5), five.Select(row => row.Id));
    }

    [Fact]
    [Trait("id", "B8.2-08")]
    [Trait("id", "B8.2-09")]
    [Trait("id", "B8.2-10")]
    public async Task Nested_results_survive_and_two_stores_hold_the_same_bytes_under_the_same_hashes()
    {
        const string Nested = """{"a":{"b":[1,[2,{"c":null}],"é\n"]},"n":0.1,"list":[]}""";
        var run = New();
        var (entries, state) = Ended(run, Nested);
        var memory = new MemoryJournal(TimeProvider.System);
        await WriteAsync(Of(run, entries, Node));
        Assert.IsType<AppendReply.Appended>(await memory.AppendAsync(Of(run, entries, new MemoryNode(memory, TimeProvider.System).Lease.Node), cancel));

        var (here, there) = (await house.Journal.ReadAsync(run, 0, 100, cancel), await memory.ReadAsync(run, 0, 100, cancel));
        var (folded, _) = await Loading.FoldAsync(house.Journal, run, cancel);

        Assert.Equal(Nested, Json(folded.Steps[0].Result!.Value));
        Assert.Equal(there.Select(entry => Convert.ToHexString(entry.Chain)), here.Select(entry => Convert.ToHexString(entry.Chain)));
        Assert.Equal(there.Select(entry => Convert.ToHexString(entry.Body.Span)), here.Select(entry => Convert.ToHexString(entry.Body.Span)));
        Assert.All(here, entry => Assert.Equal(32, entry.Chain.Length));
        Assert.Matches("^[0-9a-f]{64}$", folded.End!.RootHash);
        Assert.Equal(state.End!.RootHash, RootHash.Of(folded));
        Assert.NotEqual(state.End.RootHash, Ended(New(), Nested.Replace("0.1", "0.2", StringComparison.Ordinal)).State.End!.RootHash);
    }

    [Fact]
    [Trait("id", "B8.4-01")]
    [Trait("id", "W-06")]
    public async Task Of_fifty_writers_at_one_number_one_wins_and_the_others_are_told_and_write_nothing()
    {
        var run = New();
        await WriteAsync(house.Append(run, 0, 1, Noon));

        var replies = await Task.WhenAll(Enumerable.Range(1, 50).Select(writer =>
        {
            var append = house.Append(run, 1, 1, Noon);
            return house.Journal.AppendAsync(append with { Row = append.Row with { Spent = new Cents(writer) } }, cancel);
        }));

        var winner = Array.FindIndex(replies, reply => reply is AppendReply.Appended);
        Assert.Equal(49, replies.Count(reply => reply is AppendReply.Conflict { StoredSeq: 2 }));
        Assert.Single(replies, reply => reply is AppendReply.Appended);
        var read = (await Rows.GetAsync(TenantId.Default, run, cancel))!;
        Assert.Equal((2, new Cents(winner + 1)), (read.Seq, read.Spent));
        Assert.Equal(2, (await house.Journal.ReadAsync(run, 0, 100, cancel)).Count);
    }

    private static RunId New() => new(Guid.CreateVersion7());

    private static string Json(JsonElement value) => JsonSerializer.Serialize(value, new JsonSerializerOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    private async Task WriteAsync(JournalAppend append) => Assert.IsType<AppendReply.Appended>(await house.Journal.AppendAsync(append, cancel));

    private static JournalAppend Of(RunId run, ImmutableArray<JournalEntry> entries, NodeId node) => new()
    {
        ExpectedSeq = 0, By = node, Entries = entries,
        Row = new RunRow { Id = run, Tenant = TenantId.Default, AgentId = "a", Status = RunStatus.Succeeded, Seq = entries.Length, CreatedAt = Noon, UpdatedAt = Noon },
    };

    /// <summary>A whole run whose one step gave this result, as the machine decides it.</summary>
    private static (ImmutableArray<JournalEntry> Entries, RunState State) Ended(RunId run, string result)
    {
        var skills = ImmutableSortedDictionary<string, SkillTerms>.Empty.Add("put", new SkillTerms(
            "put", "1.0.0", EffectClass.Idempotent, null, ImmutableSortedDictionary<string, EffectClass>.Empty, false, CostModel.Free, TimeSpan.FromSeconds(30), [], [], []));
        var plan = PlanReader.Read(Kernel.Json.Parse("""{"name":"p","steps":[{"id":"a","skill":"put"}]}"""), skills).Plan!;
        var start = new StartRun(run, TenantId.Default, "a", plan, Kernel.Json.EmptyObject, 42, null, skills, ImmutableSortedDictionary<string, string>.Empty, null);
        var began = RunMachine.Decide(RunState.Empty, start, new Facts(Noon));
        var state = began.From(RunState.Empty);
        var ended = RunMachine.Decide(state, new RecordOutcome(RunMachine.Pending(state)[0].Id, StructuredOutcome.Succeeded(Kernel.Json.Parse(result))), new Facts(Noon));
        var (entries, chain) = (new List<JournalEntry>(), ChainHash.Start);
        foreach (var e in began.Events.Concat(ended.Events))
        {
            entries.Add(EventCodec.Encode(run, entries.Count + 1, e, chain));
            chain = entries[^1].Chain;
        }

        return ([.. entries], ended.From(state));
    }
}
