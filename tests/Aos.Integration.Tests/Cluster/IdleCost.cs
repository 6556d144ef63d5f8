using Aos.App;
using Aos.Contracts;
using Aos.CostSim;
using Aos.Kernel;
using Aos.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.Integration.Tests.Cluster;

/// <summary>What nodes without work ask of the database, and that they are there at once all the same.</summary>
[Trait("store", "postgres")]
public sealed class IdleCost : IAsyncLifetime
{
    private const string Waiting = """{"name":"w","steps":[{"id":"a","await":{"signal":"go"}},{"id":"b","skill":"echo","params":{"n":1}}]}""";

    /// <summary>A call that lasts an hour of the clock.</summary>
    private const string Calling = """{"name":"w","steps":[{"id":"a","for_each":[1],"skill":"wait","params":{"seconds":3600}}]}""";

    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private readonly ManualClock clock = new(new DateTimeOffset(TimeProvider.System.GetUtcNow().UtcTicks / TimeSpan.TicksPerSecond * TimeSpan.TicksPerSecond, TimeSpan.Zero));
    private readonly CancellationToken cancel = TestContext.Current.CancellationToken;
    private readonly TestStore store = TestStore.Open((services, options) =>
        services.AddLogging().AddHouse(new ConfigurationBuilder().Build(), new HouseOptions(options.Data, options.Data) { DatabaseUrl = options.DatabaseUrl }));

    private readonly List<RestingNode> nodes = [];

    private RestingNode A => nodes[0];

    private RestingNode B => nodes[1];

    public async ValueTask InitializeAsync()
    {
        // The second node finds the first one's master key.
        for (var i = 0; i < 2; i++) nodes.Add(await RestingNode.OpenAsync(store, store.Data, clock));
        foreach (var node in nodes) node.Get<CanaryOptions>().Enabled = false; // It would run in here, and work is no rest.
    }

    public async ValueTask DisposeAsync()
    {
        await PassUntilAsync(Task.WhenAll(nodes.Select(node => node.DisposeAsync().AsTask()))); // Calls that are under way get their time to end.
        await store.DisposeAsync();
    }

    [Fact]
    public async Task A_node_at_rest_makes_at_most_six_statements_in_any_minute_chores_included()
    {
        await PassAsync(Minute);
        var (from, before) = (clock.GetUtcNow(), nodes.ConvertAll(node => node.Sent.Count));

        await PassAsync(TimeSpan.FromMinutes(70));

        for (var i = 0; i < nodes.Count; i++)
        {
            var sent = nodes[i].Sent.Skip(before[i]).ToList();
            Assert.All(sent, (at, n) => Assert.True(sent.Skip(n).TakeWhile(next => next < at + Minute).Count() <= 6, $"more than six statements in the minute from {at - from} on"));
            TestContext.Current.TestOutputHelper!.WriteLine($"{sent.Count} statements in 70 minutes");
        }

        var passes = await ChoresAsync();
        Assert.NotEmpty(passes);
        Assert.All(passes, chore => Assert.True(chore.Quiet > 0 && !chore.IsClaimed, $"{chore.Name} was not done"));
    }

    [Fact]
    public async Task An_empty_pass_of_any_shared_chore_is_one_statement_at_most()
    {
        foreach (var chore in A.Get<IEnumerable<IChore>>().Where(chore => !chore.IsLocal))
        {
            var before = A.Sent.Count;
            Assert.Equal(0, await chore.PassAsync(cancel));
            Assert.True(A.Sent.Count - before <= 1, $"{chore.Name}: {A.Sent.Count - before} statements");
        }
    }

    [Fact]
    public async Task A_run_begins_at_once_on_the_node_at_rest_that_was_asked()
    {
        await PassAsync(Minute * 3);

        foreach (var node in nodes)
        {
            var run = await node.StartAsync("""{"name":"w","steps":[{"id":"a","skill":"echo","params":{"n":1}}]}""");
            Assert.Equal(RunStatus.Succeeded, (await EndAsync(node, run)).Status); // No time has passed.
        }
    }

    [Fact]
    public async Task A_signal_to_either_node_at_rest_brings_a_run_of_the_other_on_at_once()
    {
        await PassAsync(Minute * 3);
        var run = await A.StartAsync(Waiting);
        await ParkedAsync(run);
        await PassAsync(Minute * 3);

        var reply = await B.Runs.CommandAsync(RestingNode.Caller, run, new SignalRun("1", "go", Json.Null), cancel);

        Assert.IsType<CommandReply.Done>(reply);
        Assert.Equal(RunStatus.Succeeded, (await EndAsync(B, run)).Status);
    }

    [Fact]
    public async Task A_cancel_through_a_node_at_rest_reaches_the_run_that_the_other_drives_within_a_second()
    {
        await PassAsync(Minute * 3);
        var run = await A.StartAsync(Calling);
        Assert.Equal(A.Id, (await A.Get<IRunRows>().GetAsync(TenantId.Default, run, cancel))?.Owner);
        var reply = B.Runs.CommandAsync(RestingNode.Caller, run, new CancelRun("enough"), cancel);
        while ((await A.Get<IJournal>().InboxAsync(run, cancel)).Count == 0) cancel.ThrowIfCancellationRequested();

        await PassAsync(TimeSpan.FromSeconds(1));
        while ((await A.Get<IRunRows>().GetAsync(TenantId.Default, run, cancel))?.Status != RunStatus.Cancelled) cancel.ThrowIfCancellationRequested();

        await PassUntilAsync(reply); // Looks for its answer.
        Assert.IsType<CommandReply.Done>(await reply);
    }

    /// <summary>Time goes by for all, beat by beat.</summary>
    private async Task PassAsync(TimeSpan time)
    {
        var end = clock.GetUtcNow() + time;
        while (clock.GetUtcNow() < end)
        {
            var next = nodes.Min(node => node.NextBeat);
            if (next > end) next = end;
            clock.GoTo(next);
            foreach (var node in nodes) await node.GoToAsync(next);
        }
    }

    /// <summary>Time goes by for all but the hearts.</summary>
    private async Task PassUntilAsync(Task done)
    {
        while (!done.IsCompleted)
        {
            var change = clock.Changed;
            clock.Advance(TimeSpan.FromMilliseconds(250));
            await Task.WhenAny(done, change.WaitAsync(TimeSpan.FromMilliseconds(50), TimeProvider.System, CancellationToken.None));
        }

        await done;
    }

    private async Task<RunState> EndAsync(RestingNode node, RunId run) =>
        (await node.Runs.WaitAsync(RestingNode.Caller, run, TimeSpan.FromSeconds(20), cancel).WaitAsync(TimeSpan.FromSeconds(20), TimeProvider.System, cancel))!;

    private async Task ParkedAsync(RunId run)
    {
        while ((await A.Get<IRunRows>().GetAsync(TenantId.Default, run, cancel))?.Owner is not null) cancel.ThrowIfCancellationRequested();
    }

    private async Task<List<(string Name, int Quiet, bool IsClaimed)>> ChoresAsync()
    {
        await using var connection = store.Connect();
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT name, quiet, claimed_by IS NOT NULL FROM chores ORDER BY name";
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var rows = new List<(string, int, bool)>();
        while (await reader.ReadAsync(cancel)) rows.Add((reader.GetString(0), reader.GetInt32(1), reader.GetBoolean(2)));
        return rows;
    }
}
