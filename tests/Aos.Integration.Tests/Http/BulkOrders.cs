using Aos.Contracts;
using Aos.Runs;
using Aos.Testing;

namespace Aos.Integration.Tests.Http;

/// <summary>One order for many runs.</summary>
public sealed class BulkOrders : IAsyncLifetime
{
    private const string Route = "/api/v1/runs/bulk";
    private const string Waits = """{"agent_id":"AGENT","labels":{"kind":"test"},"plan":{"name":"w","steps":[{"id":"a","await":{"signal":"go"}}]}}""";
    private House house = null!;

    public async ValueTask InitializeAsync() => house = await House.OpenAsync();

    public async ValueTask DisposeAsync() => await house.DisposeAsync();

    [Fact]
    [Trait("id", "BULK-01")]
    public async Task A_preview_counts_and_does_nothing_and_its_token_does_it()
    {
        var runs = await StartAsync(3, "mine");
        var other = await StartAsync(1, "other");
        var preview = await house.AskAsync(Route, """{"action":"cancel","filter":{"agent_id":"mine"},"preview":true}""");
        Assert.All(await StatusesAsync(runs), status => Assert.NotEqual("cancelled", status));
        var done = await house.AskAsync(Route, $$$"""{"action":"cancel","filter":{"agent_id":"mine"},"token":"{{{preview.Body.GetText("token")}}}","reason":"over"}""");

        Assert.Equal(3, preview["count"].GetInt32());
        Assert.Equal(runs.Order(StringComparer.Ordinal), preview["run_ids"].EnumerateArray().Select(id => id.GetString()!).Order(StringComparer.Ordinal));
        Assert.Equal((200, "ended", 3, 0), (done.Status, done.Body.GetText("status"), done["done"].GetInt32(), done["refused"].GetInt32()));
        Assert.All(await StatusesAsync(runs), status => Assert.Equal("cancelled", status));
        Assert.NotEqual("cancelled", (await StatusesAsync(other))[0]);
    }

    [Fact]
    [Trait("id", "BULK-02")]
    public async Task Nothing_is_done_without_a_count_or_with_another_one()
    {
        var runs = await StartAsync(2, "mine");
        var token = (await house.AskAsync(Route, """{"action":"cancel","filter":{"agent_id":"mine"},"preview":true}""")).Body.GetText("token");
        await StartAsync(1, "mine");

        Assert.Equal(422, (await house.AskAsync(Route, """{"action":"cancel","filter":{"agent_id":"mine"}}""")).Status);
        Assert.Equal((409, "INVALID_STATE"), Short(await house.AskAsync(Route, """{"action":"cancel","filter":{"agent_id":"mine"},"expected_count":2}""")));
        Assert.Equal((409, "INVALID_STATE"), Short(await house.AskAsync(Route, $$$"""{"action":"cancel","filter":{"agent_id":"mine"},"token":"{{{token}}}"}""")));
        Assert.All(await StatusesAsync(runs), status => Assert.NotEqual("cancelled", status));
        Assert.Equal(200, (await house.AskAsync(Route, """{"action":"cancel","filter":{"agent_id":"mine"},"expected_count":3}""")).Status);
    }

    [Fact]
    [Trait("id", "BULK-03")]
    public async Task Each_run_has_its_own_outcome_and_the_four_actions_work()
    {
        var runs = await StartAsync(2, "mine");
        await house.AskAsync($"/api/v1/runs/{runs[0]}/cancel", "{}");
        var paused = await OrderAsync("pause", $$"""{"ids":["{{runs[0]}}","{{runs[1]}}"],"status":["waiting","cancelled"]}""", 2);
        var resumed = await OrderAsync("resume", """{"status":"paused","label":{"kind":"test"}}""", 1);
        var retried = await OrderAsync("retry", """{"agent_id":"mine","created_after":"2020-01-01T00:00:00Z"}""", 1);
        var cancelled = await OrderAsync("cancel", """{"agent_id":"mine"}""", 2);

        Assert.Equal((1, 1), (paused["done"].GetInt32(), paused["refused"].GetInt32()));
        Assert.Equal("RUN_OVER", paused["runs"].EnumerateArray().Single(run => run.GetText("outcome") == "refused").GetText("code"));
        Assert.All(new[] { resumed, retried, cancelled }, reply => Assert.Equal(0, reply["refused"].GetInt32()));
        Assert.Equal(2, (await house.AskAsync($"/api/v1/runs/{runs[0]}?wait=0"))["attempt"].GetInt32());
    }

    [Fact]
    [Trait("id", "BULK-04")]
    public async Task An_order_that_was_interrupted_is_gone_on_with_and_nothing_is_done_twice()
    {
        var runs = await StartAsync(3, "mine");
        await OrderAsync("cancel", """{"agent_id":"mine"}""", 3);
        var caller = Caller.System(TenantId.Default);
        var clock = new ManualClock(DateTimeOffset.UtcNow);
        var dying = new Dying(house.Get<IRuns>(), 2);
        await using var dead = new BulkDesk(house.Get<IDatabase>(), house.Get<IRunRows>(), house.Get<IJournal>(), dying, clock, house.Get<BulkLog>());
        var order = new BulkOrder(BulkAction.Retry, new BulkFilter(AgentId: "mine"), 10, "again");
        var (found, _) = await dead.FindAsync(caller, order, TestContext.Current.CancellationToken);
        var begun = await dead.BeginAsync(caller, order, found, TestContext.Current.CancellationToken);
        await dying.Died.WaitAsync(TestContext.Current.CancellationToken);
        await dead.DisposeAsync();
        await OrderAsync("cancel", """{"agent_id":"mine"}""", 2); // The two that were retried: an order that came twice would find them again.
        clock.Advance(BulkDesk.Hold + TimeSpan.FromSeconds(1));
        await using var next = new BulkDesk(house.Get<IDatabase>(), house.Get<IRunRows>(), house.Get<IJournal>(), house.Get<IRuns>(), clock, house.Get<BulkLog>());
        await next.PassAsync(TestContext.Current.CancellationToken);
        var ended = await house.AskAsync($"{Route}/{begun.Id}");

        Assert.Equal(("ended", 3, 0), (ended.Body.GetText("status"), ended["done"].GetInt32(), ended["refused"].GetInt32()));
        foreach (var run in runs) Assert.Equal(2, (await house.AskAsync($"/api/v1/runs/{run}?wait=0"))["attempt"].GetInt32());
        Assert.Equal(0, await next.PassAsync(TestContext.Current.CancellationToken));
        clock.Advance(BulkDesk.Kept + TimeSpan.FromDays(1));
        Assert.True(await next.PassAsync(TestContext.Current.CancellationToken) >= 1);
        Assert.Equal(404, (await house.AskAsync($"{Route}/{begun.Id}")).Status);
    }

    [Fact]
    [Trait("id", "BULK-05")]
    public async Task More_than_a_page_is_worked_at_and_read_in_pages()
    {
        await StartAsync(BulkDesk.Page + 5, "many");
        var few = await house.AskAsync(Route, """{"action":"cancel","filter":{"agent_id":"many"},"max":2,"preview":true}""");
        var done = await OrderAsync("cancel", """{"agent_id":"many"}""", BulkDesk.Page + 5);
        var rest = await house.AskAsync($"{Route}/{done.Body.GetText("operation_id")}?after={BulkDesk.Page + 1}&limit=3");

        Assert.Equal((2, true), (few["count"].GetInt32(), few["has_more"].GetBoolean()));
        Assert.Equal(BulkDesk.Page + 5, done["runs"].EnumerateArray().Select(run => run.GetText("run_id")).Distinct().Count());
        Assert.Equal(done["runs"].EnumerateArray().Skip(BulkDesk.Page + 1).Take(3).Select(run => run.GetText("run_id")), rest["runs"].EnumerateArray().Select(run => run.GetText("run_id")));
        Assert.Equal(BulkDesk.Page + 4, rest["next_after"].GetInt32());
    }

    private static (int, string?) Short(Reply reply) => (reply.Status, reply["error.code"].GetString());

    private async Task<Reply> OrderAsync(string action, string filter, int count)
    {
        var reply = await house.AskAsync(Route, $$"""{"action":"{{action}}","filter":{{filter}},"expected_count":{{count}},"wait":60}""");
        Assert.True(reply.Status == 200, reply.Body.GetRawText());
        return reply;
    }

    private async Task<IReadOnlyList<string>> StartAsync(int count, string agent)
    {
        var ids = new List<string>();
        for (var i = 0; i < count; i++) ids.Add((await house.AskAsync("/api/v1/runs", Waits.Replace("AGENT", agent, StringComparison.Ordinal))).Body.GetText("run_id")!);
        return ids;
    }

    private async Task<IReadOnlyList<string?>> StatusesAsync(IReadOnlyList<string> runs)
    {
        var statuses = new List<string?>();
        foreach (var run in runs) statuses.Add((await house.AskAsync($"/api/v1/runs/{run}?wait=0")).Body.GetText("status"));
        return statuses;
    }

    /// <summary>Carries out so many commands; then the process is as good as dead.</summary>
    private sealed class Dying(IRuns runs, int commands) : IRuns
    {
        private readonly TaskCompletionSource died = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int left = commands;

        internal Task Died => died.Task;

        public Task<CommandReply> CommandAsync(Caller caller, RunId run, RunCommand command, CancellationToken cancel)
        {
            if (Interlocked.Decrement(ref left) >= 0) return runs.CommandAsync(caller, run, command, CancellationToken.None);
            died.TrySetResult();
            return Task.FromException<CommandReply>(new JournalUnavailableException("The process ends here.", TimeSpan.FromSeconds(1)));
        }

        public Task<StartReply> StartAsync(Caller caller, StartRequest request, CancellationToken cancel) => runs.StartAsync(caller, request, cancel);

        public Task<RunState?> ReadAsync(Caller caller, RunId run, CancellationToken cancel) => runs.ReadAsync(caller, run, cancel);

        public Task<RunState?> WaitAsync(Caller caller, RunId run, TimeSpan atMost, CancellationToken cancel) => runs.WaitAsync(caller, run, atMost, cancel);

        public IAsyncEnumerable<JournalEntry> FollowAsync(Caller caller, RunId run, int afterSeq, CancellationToken cancel) => runs.FollowAsync(caller, run, afterSeq, cancel);
    }
}
