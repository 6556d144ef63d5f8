using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Testing;

/// <summary>One node as the checks of the cluster use it.</summary>
public sealed record ClusterSide(IJournal Journal, IRunRows Rows, ICluster Cluster)
{
    internal NodeId Node => Cluster.Lease.Node;
}

/// <summary>
/// What every store that several nodes share must do. Make one over two nodes that have joined a fresh, empty store, and run each
/// of <see cref="Checks"/>; a broken promise is a <see cref="ConformanceException"/>.
/// </summary>
/// <param name="kill">The first node falls silent; ends when the second has declared it dead.</param>
/// <param name="beat">Ends when the heart of each live node has beaten once more.</param>
public sealed partial class ClusterConformance(ClusterSide first, ClusterSide second, Func<Task> kill, Func<Task> beat, TimeProvider clock)
{
    /// <summary>How often a race is run.</summary>
    private const int Rounds = 30;

    private readonly CancellationToken cancel = CancellationToken.None;

    /// <summary>The checks by name. Each wants a store of its own.</summary>
    public static IReadOnlyDictionary<string, Func<ClusterConformance, Task>> Checks { get; } = new SortedDictionary<string, Func<ClusterConformance, Task>>(StringComparer.Ordinal)
    {
        ["a dead node's append is refused before anybody has claimed, and writes nothing"] = check => check.FencesAppendsAsync(),
        ["a dead node claims, frees and sets aside nothing"] = check => check.FencesClaimsAsync(),
        ["a dead node's runs are claimed by others, each once, and count one adoption"] = check => check.ClaimsOrphansAsync(),
        ["a dead node's outcome reaches the inbox of its run"] = check => check.KeepsOutcomesAsync(),
        ["a dead node goes on under another name, and its earlier name stays fenced"] = check => check.RejoinsAsync(),
        ["a live node's run is nobody else's to write, claim or free"] = check => check.GuardsOwnersAsync(),
        ["a park against a send leaves no mail behind that nobody is woken for"] = check => check.ParksAgainstSendsAsync(),
        ["of two claims of a run one wins"] = check => check.ClaimsAgainstClaimsAsync(),
        ["due runs are shared out between two claimers"] = check => check.SharesDueAsync(),
        ["of two starts with one key one wins, and the other is told which"] = check => check.StartsAgainstStartsAsync(),
        ["of two starts of one run one wins"] = check => check.CreatesAgainstCreatesAsync(),
        ["mail for a run comes with its owner's heartbeat, until it is read"] = check => check.TellsOfMailAsync(),
        ["a node finds what it owns, in pages"] = check => check.FindsOwnAsync(),
        ["two nodes that take slots at once never exceed a limit"] = check => check.LimitsAtOnceAsync(),
        ["commands and turns at once never exceed a limit"] = check => check.DrivesWithinLimitsAsync(),
        ["a dead node's slots go with its runs"] = check => check.KeepsSlotsAsync(),
        ["runs in line are told of with the heartbeat"] = check => check.TellsOfLineAsync(),
        ["a draining node takes nothing, and leaves its runs to the others"] = check => check.DrainsAsync(),
    };

    private DateTimeOffset Now { get; } = new(clock.GetUtcNow().UtcTicks / TimeSpan.TicksPerSecond * TimeSpan.TicksPerSecond, TimeSpan.Zero);

    private async Task FencesAppendsAsync()
    {
        var run = await StartAsync(first);
        var node = first.Node;
        await kill();
        Expect((await second.Cluster.NodesAsync(cancel)).Any(row => row.Id == node && row.State == NodeState.Dead), "a dead node with runs is not listed as dead");
        Expect(await first.Journal.AppendAsync(Of(node, run, 1, 1), cancel) is AppendReply.Fenced { WholeNode: true }, "its append was not fenced");
        Expect(await first.Journal.AppendAsync(Of(node, New(), 0, 1), cancel) is AppendReply.Fenced { WholeNode: true }, "its start was not fenced");
        var parks = Of(node, run, 1, 1);
        Expect(await first.Journal.AppendAsync(parks with { Park = true, Row = parks.Row with { Owner = null, Status = RunStatus.Waiting } }, cancel) is AppendReply.Fenced, "its park was not fenced");
        Expect((await second.Journal.ReadAsync(run, 0, 10, cancel)).Count == 1, "something was written");
        Expect((await second.Rows.GetAsync(TenantId.Default, run, cancel))?.Owner == node, "its run changed its owner by itself");
    }

    private async Task FencesClaimsAsync()
    {
        var (owned, parked) = (await StartAsync(first), await ParkAsync(second, Now));
        var node = first.Node;
        await kill();
        Expect((await first.Rows.ClaimDueAsync(node, Now, 9, cancel)).Count == 0, "it claimed a due run");
        Expect(await first.Rows.ClaimAsync(node, parked, Taking.Drive, cancel) is null, "it claimed a parked run");
        Expect((await first.Rows.ClaimOrphansAsync(node, 9, cancel)).Count == 0, "it claimed an orphan");
        Expect(await first.Rows.ReleaseAllAsync(node, cancel) == 0, "it released its runs");
        await first.Rows.ReleaseAsync(node, owned, Now, cancel);
        await first.Rows.SetAsideAsync(node, TenantId.Default, owned, "STORE_CORRUPT", cancel);
        Expect(await second.Rows.GetAsync(TenantId.Default, owned, cancel) is { Status: RunStatus.Running } row && row.Owner == node, "it changed its run's row");
    }

    private async Task ClaimsOrphansAsync()
    {
        var runs = new List<RunId>();
        for (var i = 0; i < 20; i++) runs.Add(await StartAsync(first));
        Expect((await second.Rows.ClaimOrphansAsync(second.Node, 99, cancel)).Count == 0, "a live node's runs were claimed");
        await kill();
        var taken = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => second.Rows.ClaimOrphansAsync(second.Node, 5, cancel)));
        var left = await second.Rows.ClaimOrphansAsync(second.Node, 99, cancel);
        var all = taken.SelectMany(rows => rows).Concat(left).ToList();
        Expect(all.Select(row => row.Id).Order().SequenceEqual(runs.Order()), "the runs were not claimed once each");
        Expect(all.TrueForAll(row => row.Adoptions == 1 && row.Owner == second.Node), "the taker is not the owner, or the adoption is not counted");
        Expect(await second.Journal.AppendAsync(Of(second.Node, runs[0], 1, 1), cancel) is AppendReply.Appended, "the taker cannot write");
    }

    private async Task KeepsOutcomesAsync()
    {
        var run = await StartAsync(first);
        await kill();
        Expect(await first.Journal.SendAsync(Mail(run, "late:1"), cancel), "the outcome was not taken");
        Expect((await second.Rows.ClaimOrphansAsync(second.Node, 9, cancel)).Count == 1, "the run was not claimed");
        Expect((await second.Journal.InboxAsync(run, cancel)).Select(item => item.Id).SequenceEqual(["late:1"]), "the outcome is not in the inbox");
        Expect(!await first.Journal.SendAsync(Mail(run, "late:1"), cancel), "the outcome was taken twice");
    }

    private async Task RejoinsAsync()
    {
        var run = await StartAsync(first);
        var (lease, ended) = (first.Cluster.Lease, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        using var registration = lease.Lost.Register(ended.SetResult);
        await kill();
        first.Cluster.Fenced(lease.Node);
        await ended.Task;
        var next = await first.Cluster.ReadyAsync(cancel);
        Expect(next.Node != lease.Node && !next.Lost.IsCancellationRequested, "it did not get another name");
        Expect((await first.Rows.ClaimOrphansAsync(next.Node, 9, cancel)).Select(row => row.Id).SequenceEqual([run]), "it cannot take over its own runs");
        Expect(await first.Journal.AppendAsync(Of(lease.Node, run, 1, 1), cancel) is AppendReply.Fenced, "its earlier name still writes");
        Expect(await first.Journal.AppendAsync(Of(next.Node, run, 1, 1), cancel) is AppendReply.Appended, "its new name does not write");
        first.Cluster.Fenced(lease.Node);
        Expect(!next.Lost.IsCancellationRequested, "the loss of an earlier lease ended the next");
    }

    private async Task GuardsOwnersAsync()
    {
        var run = await StartAsync(first);
        Expect(await second.Journal.AppendAsync(Of(second.Node, run, 1, 1), cancel) is AppendReply.Fenced { WholeNode: false }, "another node wrote to it, or was called dead for trying");
        Expect(await second.Rows.ClaimAsync(second.Node, run, Taking.Drive, cancel) is null, "another node claimed it");
        await second.Rows.ReleaseAsync(second.Node, run, Now, cancel);
        Expect(await second.Rows.ReleaseAllAsync(second.Node, cancel) == 0, "another node freed it with its own");
        Expect((await second.Rows.GetAsync(TenantId.Default, run, cancel))?.Owner == first.Node, "it has another owner");
        Expect(await first.Journal.AppendAsync(Of(first.Node, run, 1, 1), cancel) is AppendReply.Appended, "its owner cannot write");
    }

    private async Task DrainsAsync()
    {
        var (mine, parked) = (await StartAsync(first), await ParkAsync(second, Now));
        Expect(!await second.Cluster.DrainAsync(new NodeId(Guid.NewGuid()), cancel), "a node that is not there was told to drain");
        Expect(await second.Cluster.DrainAsync(first.Node, cancel), "a live node was not told to drain");
        await beat();
        Expect(first.Cluster.IsDraining, "it does not know that it drains");
        Expect((await first.Rows.ClaimDueAsync(first.Node, Now, 9, cancel)).Count == 0, "a draining node claimed a due run");
        Expect(await first.Journal.AppendAsync(Of(first.Node, mine, 1, 1), cancel) is AppendReply.Appended, "a draining node cannot end what it has begun");
        await first.Cluster.LeaveAsync(cancel);
        var due = await second.Rows.ClaimDueAsync(second.Node, Now, 9, cancel);
        Expect(due.Select(row => row.Id).Order().SequenceEqual(new[] { mine, parked }.Order()), "what it left is not due");
        Expect((await second.Cluster.NodesAsync(cancel)).All(row => row.Id == second.Node), "it is still listed");
    }

    private async Task<RunId> StartAsync(ClusterSide side)
    {
        var run = New();
        await WriteAsync(side, Of(side.Node, run, 0, 1));
        return run;
    }

    private async Task<RunId> ParkAsync(ClusterSide side, DateTimeOffset? wake)
    {
        var run = New();
        await WriteAsync(side, Park(Of(side.Node, run, 0, 1), wake));
        return run;
    }

    private JournalAppend Of(NodeId node, RunId run, int expected, int count) => JournalConformance.Append(run, expected, count, Now, owner: node);

    private static JournalAppend Park(JournalAppend append, DateTimeOffset? wake) =>
        append with { Park = true, Row = append.Row with { Owner = null, WakeAt = wake, Status = RunStatus.Waiting } };

    private static RunId New() => new(Guid.CreateVersion7());

    private static InboxItem Mail(RunId run, string id) => new(run, id, "outcome", new byte[] { 1 });

    private async Task WriteAsync(ClusterSide side, JournalAppend append)
    {
        var reply = await side.Journal.AppendAsync(append, cancel);
        Expect(reply is AppendReply.Appended, $"an append was answered with {reply}");
    }

    private static void Expect(bool holds, string otherwise)
    {
        if (!holds) throw new ConformanceException(otherwise);
    }
}
