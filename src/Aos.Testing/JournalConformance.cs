using System.Text;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Testing;

/// <summary>A store does not do what the journal port promises.</summary>
public sealed class ConformanceException(string message) : Exception(message);

/// <summary>
/// What every store of journals must do, as checks that need no test framework: make one over a fresh, empty store and run
/// each of <see cref="Checks"/>; a broken promise is a <see cref="ConformanceException"/>.
/// </summary>
public sealed partial class JournalConformance(IJournal journal, IRunRows rows, ICluster cluster, TimeProvider clock)
{
    private static readonly TenantId Other = new("other");
    private readonly CancellationToken cancel = CancellationToken.None;

    /// <summary>The checks by name. Each wants a store of its own.</summary>
    public static IReadOnlyDictionary<string, Func<JournalConformance, Task>> Checks { get; } = new SortedDictionary<string, Func<JournalConformance, Task>>(StringComparer.Ordinal)
    {
        ["what was appended is read back as the same bytes, in pages"] = check => check.ReadsBackAsync(),
        ["a stale number is a conflict and writes nothing"] = check => check.RefusesStaleAsync(),
        ["a run is created once"] = check => check.CreatesOnceAsync(),
        ["a taken key gives its run, tells another request apart, and starts nothing"] = check => check.KeepsKeysAsync(),
        ["a key that has expired is free"] = check => check.FreesKeysAsync(),
        ["a run with unread mail is not parked and nothing is written"] = check => check.HoldsMailAsync(),
        ["mail comes in the order it was sent and each id once"] = check => check.OrdersMailAsync(),
        ["mail makes a parked run due and leaves a finished one alone"] = check => check.WakesByMailAsync(),
        ["what an append sends is there with it, once"] = check => check.SendsAsync(),
        ["one refused append harms no other"] = check => check.IsolatesAsync(),
        ["another tenant sees nothing"] = check => check.HidesAsync(),
        ["lists go by pages, newest first, without gaps or repeats"] = check => check.PagesAsync(),
        ["lists are filtered by status, agent, workflow, labels and parent"] = check => check.FiltersAsync(),
        ["due runs are claimed once, the longest due first"] = check => check.ClaimsDueAsync(),
        ["a node finds what it owns, in pages"] = check => check.FindsOwnAsync(),
        ["runs that nobody drives are found in pages, of one tenant or of all"] = check => check.FindsIdleAsync(),
        ["a run is claimed by one only"] = check => check.ClaimsOneAsync(),
        ["released runs are due now, are not written any more, and finished ones are not due"] = check => check.ReleasesAsync(),
        ["a run set aside is quarantined and nothing wakes it"] = check => check.SetsAsideAsync(),
        ["those in line go by lane, then by priority, then by age"] = check => check.OrdersLineAsync(),
        ["tenants in line take turns"] = check => check.SharesSlotsAsync(),
        ["no more runs of a tenant have slots than its limit says"] = check => check.KeepsTenantLimitAsync(),
        ["no more runs of an agent have slots than its limit says, and it holds nobody up"] = check => check.KeepsAgentLimitAsync(),
        ["due runs of a limited tenant get in line, ahead of new ones"] = check => check.QueuesDueAsync(),
        ["a visit takes no slot, and who is to be driven without one gets in line"] = check => check.VisitsAsync(),
        ["runs are counted by status"] = check => check.CountsAsync(),
        ["runs are found and counted by root and time"] = check => check.FindsByRootAndTimeAsync(),
    };

    /// <summary>A run's events and row as an append of a test: <paramref name="count"/> events after number <paramref name="expected"/>.</summary>
    public static JournalAppend Append(RunId run, int expected, int count, DateTimeOffset at, TenantId? tenant = null, NodeId owner = default)
    {
        var chain = ChainHash.Start;
        for (var seq = 1; seq <= expected; seq++) chain = ChainHash.Next(chain, Body(run, seq, at));
        var entries = new List<JournalEntry>();
        for (var seq = expected + 1; seq <= expected + count; seq++)
        {
            var body = Body(run, seq, at);
            chain = ChainHash.Next(chain, body);
            entries.Add(new JournalEntry(seq, "test.v1", at, body, chain));
        }

        return new JournalAppend
        {
            ExpectedSeq = expected,
            By = owner,
            Entries = entries,
            Row = new RunRow
            {
                Id = run, Tenant = tenant ?? TenantId.Default, AgentId = "a", Status = RunStatus.Running, Seq = expected + count, Owner = owner, CreatedAt = at, UpdatedAt = at,
            },
        };
    }

    private static byte[] Body(RunId run, int seq, DateTimeOffset at) => Encoding.UTF8.GetBytes(
        $$$"""{"run":"{{{run}}}","seq":{{{seq}}},"kind":"test.v1","at":"{{{at.UtcDateTime:O}}}","data":{"n":{{{seq}}}}}""");

    private NodeId Node => cluster.Lease.Node;

    private JournalAppend Mine(RunId run, int expected, int count, DateTimeOffset at, TenantId? tenant = null) => Append(run, expected, count, at, tenant, Node);

    private async Task ReadsBackAsync()
    {
        var run = New();
        var append = Mine(run, 0, 5, Now);
        await WriteAsync(append);
        var read = await journal.ReadAsync(run, 0, 100, cancel);
        Expect(read.Count == 5 && read.Zip(append.Entries).All(pair => Same(pair.First, pair.Second)), "the events differ");
        Expect((await journal.ReadAsync(run, 2, 2, cancel)).Select(entry => entry.Seq).SequenceEqual([3, 4]), "the page after 2 is not 3, 4");
        Expect((await journal.ReadRawAsync(run, 4, 10, cancel)).Select(entry => entry.Seq).SequenceEqual([5]), "the raw page after 4 is not 5");
        Expect((await journal.ReadAsync(New(), 0, 10, cancel)).Count == 0, "an unknown run has events");
    }

    private async Task RefusesStaleAsync()
    {
        var run = New();
        await WriteAsync(Mine(run, 0, 2, Now));
        var reply = await journal.AppendAsync(Mine(run, 1, 3, Now), cancel);
        Expect(reply is AppendReply.Conflict { StoredSeq: 2 }, $"the reply is {reply}");
        Expect((await journal.ReadAsync(run, 0, 100, cancel)).Count == 2, "something was written");
        Expect(await journal.AppendAsync(Mine(New(), 3, 1, Now), cancel) is AppendReply.Conflict { StoredSeq: 0 }, "an unknown run was appended to");
    }

    private async Task CreatesOnceAsync()
    {
        var run = New();
        await WriteAsync(Mine(run, 0, 1, Now));
        Expect(await journal.AppendAsync(Mine(run, 0, 4, Now), cancel) is AppendReply.AlreadyExists, "it was created twice");
        Expect((await journal.ReadAsync(run, 0, 100, cancel)).Count == 1, "something was written");
    }

    private async Task KeepsKeysAsync()
    {
        var (run, second) = (New(), New());
        var claim = new IdempotencyClaim(TenantId.Default, "runs", "k", [1], Now.AddHours(1));
        await WriteAsync(Mine(run, 0, 1, Now) with { Claim = claim });
        Expect(await journal.AppendAsync(Mine(second, 0, 1, Now) with { Claim = claim }, cancel) == new AppendReply.KeyTaken(run, true), "the same request did not find its run");
        var other = await journal.AppendAsync(Mine(second, 0, 1, Now) with { Claim = claim with { Fingerprint = [2] } }, cancel);
        Expect(other == new AppendReply.KeyTaken(run, false), "another request was not told apart");
        Expect(await rows.GetAsync(TenantId.Default, second, cancel) is null, "a refused run exists");
        await WriteAsync(Mine(second, 0, 1, Now) with { Claim = claim with { Scope = "goals" } });
        await WriteAsync(Mine(New(), 0, 1, Now, Other) with { Claim = claim with { Tenant = Other } });
        Expect((await rows.FindKeyAsync(TenantId.Default, "runs", "k", Now, cancel))?.Run == run, "the key is not found");
    }

    private async Task FreesKeysAsync()
    {
        var claim = new IdempotencyClaim(TenantId.Default, "runs", "k", [1], Now.AddHours(-1));
        await WriteAsync(Mine(New(), 0, 1, Now) with { Claim = claim });
        Expect(await rows.FindKeyAsync(TenantId.Default, "runs", "k", Now, cancel) is null, "an expired key is found");
        var next = New();
        await WriteAsync(Mine(next, 0, 1, Now) with { Claim = claim with { ExpiresAt = Now.AddHours(1) } });
        Expect((await rows.FindKeyAsync(TenantId.Default, "runs", "k", Now, cancel))?.Run == next, "the key is not the next run's");
    }

    private async Task HoldsMailAsync()
    {
        var run = New();
        await WriteAsync(Mine(run, 0, 1, Now));
        await journal.SendAsync(Mail(run, "a"), cancel);
        Expect(await journal.AppendAsync(Park(Mine(run, 1, 1, Now), Now), cancel) is AppendReply.HasMail, "it was parked");
        Expect((await journal.ReadAsync(run, 0, 100, cancel)).Count == 1, "something was written");
        Expect(await journal.AnswerAsync(run, "a", cancel) is null, "unread mail has an answer");
        var read = Park(Mine(run, 1, 1, Now), Now);
        await WriteAsync(read with { Answers = [new InboxAnswer(1, new byte[] { 7 })], Row = read.Row with { InboxRead = 1 } });
        Expect((await journal.AnswerAsync(run, "a", cancel))?.Body.ToArray() is [7], "the answer is not there");
        Expect((await journal.InboxAsync(run, cancel)).Count == 0, "read mail is still there");
        Expect((await rows.GetAsync(TenantId.Default, run, cancel))!.Owned == false, "it is not parked");
    }

    private async Task OrdersMailAsync()
    {
        var run = New();
        await WriteAsync(Mine(run, 0, 1, Now));
        Expect(!await journal.SendAsync(Mail(New(), "a"), cancel), "an unknown run has mail");
        foreach (var id in new[] { "z", "a", "m" }) Expect(await journal.SendAsync(Mail(run, id), cancel), "new mail was called old");
        Expect(!await journal.SendAsync(Mail(run, "a"), cancel), "old mail was called new");
        Expect((await journal.InboxAsync(run, cancel)).Select(item => (item.Id, item.Seq)).SequenceEqual([("z", 1), ("a", 2), ("m", 3)]), "the order is another");
    }

    private async Task WakesByMailAsync()
    {
        var (parked, over) = (New(), New());
        await WriteAsync(Park(Mine(parked, 0, 1, Now), null));
        var end = Mine(over, 0, 1, Now);
        await WriteAsync(end with { Row = end.Row with { Owner = null, Status = RunStatus.Succeeded } });
        Expect((await rows.ClaimDueAsync(Node, Now, 10, cancel)).Count == 0, "something was due before");
        await journal.SendAsync(Mail(parked, "a"), cancel);
        await journal.SendAsync(Mail(over, "a"), cancel);
        Expect((await rows.ClaimDueAsync(Node, Now, 10, cancel)).Select(row => row.Id).SequenceEqual([parked]), "not the parked run alone is due");
    }

    private async Task SendsAsync()
    {
        var (sender, receiver) = (New(), New());
        await WriteAsync(Park(Mine(receiver, 0, 1, Now), null));
        var append = Mine(sender, 0, 1, Now) with { Sends = [Mail(receiver, "x"), Mail(receiver, "x")] };
        await WriteAsync(append);
        Expect((await journal.InboxAsync(receiver, cancel)).Select(item => item.Id).SequenceEqual(["x"]), "the mail is not there once");
        Expect(await rows.NextWakeAsync(cancel) <= Now, "the receiver is not due");
        await journal.AppendAsync(append with { Sends = [Mail(receiver, "y")] }, cancel);
        Expect((await journal.InboxAsync(receiver, cancel)).Count == 1, "a refused append sent mail");
    }

    private async Task IsolatesAsync()
    {
        var taken = New();
        await WriteAsync(Mine(taken, 0, 1, Now));
        var replies = await Task.WhenAll(Enumerable.Range(0, 200).Select(i => journal.AppendAsync(Mine(i % 10 == 3 ? taken : New(), 0, 1, Now), cancel)));
        Expect(replies.Count(reply => reply is AppendReply.Appended) == 180 && replies.Count(reply => reply is AppendReply.AlreadyExists) == 20, "a refusal took others with it");
    }

    /// <summary>One moment for the whole check: two readings may lie in two seconds.</summary>
    private DateTimeOffset Now { get; } = new(clock.GetUtcNow().UtcTicks / TimeSpan.TicksPerSecond * TimeSpan.TicksPerSecond, TimeSpan.Zero);

    private static RunId New() => new(Guid.CreateVersion7());

    private static InboxItem Mail(RunId run, string id) => new(run, id, "outcome", new byte[] { 1 });

    private static JournalAppend Park(JournalAppend append, DateTimeOffset? wake) =>
        append with { Park = true, Row = append.Row with { Owner = null, WakeAt = wake, Status = RunStatus.Waiting } };

    private static bool Same(JournalEntry left, JournalEntry right) => left.Seq == right.Seq && left.Kind == right.Kind && left.At == right.At
        && left.Body.Span.SequenceEqual(right.Body.Span) && left.Chain.AsSpan().SequenceEqual(right.Chain);

    private async Task WriteAsync(JournalAppend append)
    {
        var reply = await journal.AppendAsync(append, cancel);
        Expect(reply is AppendReply.Appended, $"an append was answered with {reply}");
    }

    private static void Expect(bool holds, string otherwise)
    {
        if (!holds) throw new ConformanceException(otherwise);
    }
}
