using Aos.Contracts;

namespace Aos.Skills.Tests;

/// <summary>Calls give what they give also on a machine that has no core, no memory and no disk to spare. Nothing here is timed.</summary>
[Trait("store", "none")]
public sealed class UnderLoad : IDisposable
{
    private const string Extract = """{"operation":"extract","data":{"items":[{"id":1}]},"path":"$.items[0].id"}""";
    private readonly SkillRoom room = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => room.Dispose();

    [Fact]
    [Trait("id", "F5.12-01")]
    [Trait("id", "F5.12-09")]
    public async Task A_call_succeeds_while_every_core_is_busy_and_the_same_afterwards()
    {
        string busy;
        using (new Busy(threads: 2)) busy = await ExtractedAsync();

        Assert.Equal(("1", "1"), (busy, await ExtractedAsync()));
    }

    [Fact]
    [Trait("id", "F5.12-02")]
    public async Task Calls_at_once_on_busy_cores_each_have_their_own_result()
    {
        using var busy = new Busy(threads: 2);
        var results = await Task.WhenAll(Enumerable.Range(0, 20).Select(n =>
            Task.Run(() => room.ValueAsync("json_transform", $$"""{"operation":"extract","data":{"n":{{n}} },"path":"$.n"}""", "result"), Cancel)));

        Assert.Equal(Enumerable.Range(0, 20), results.Select(result => result.GetInt32()));
    }

    [Fact]
    [Trait("id", "F5.12-03")]
    [Trait("id", "F5.12-04")]
    public async Task A_call_and_a_large_one_succeed_while_memory_is_held()
    {
        var held = Enumerable.Range(0, 50).Select(_ => GC.AllocateArray<byte>(1024 * 1024, pinned: true)).ToList();
        var items = string.Join(',', Enumerable.Range(0, 1_000).Select(n => $$"""{"id":{{n}},"text":"{{new string('x', 500)}}"}"""));
        string Large(string path) => $$"""{"operation":"extract","data":{"items":[{{items}}]},"path":"$.items[{{path}}].id"}""";

        Assert.Equal("1", await ExtractedAsync());
        Assert.Equal((0, 999), (
            (await room.ValueAsync("json_transform", Large("0"), "result")).GetInt32(), (await room.ValueAsync("json_transform", Large("-1"), "result")).GetInt32()));
        Assert.Equal(50, held.Count);
        GC.KeepAlive(held);
    }

    [Fact]
    [Trait("id", "F5.12-05")]
    public async Task What_is_written_is_kept_while_the_disk_is_busy()
    {
        var files = Task.Run(() =>
        {
            for (var i = 0; i < 50; i++) File.WriteAllBytes(Path.Combine(room.Workspace, $"noise{i}"), new byte[200_000]);
        }, Cancel);
        for (var i = 0; i < 100; i++)
        {
            var set = await room.CallAsync("kv_set", $$"""{"key":"k{{i}}","value":{{i}}}""", SkillRoom.Call($"w{i}"));
            Assert.True(set.Ok, set.Failure?.Message);
        }

        await files;
        for (var i = 0; i < 100; i++) Assert.Equal(i, (await room.ValueAsync("kv_get", $$"""{"key":"k{{i}}"}""", "value")).GetInt32());
    }

    [Fact]
    [Trait("id", "F5.12-06")]
    public async Task A_call_that_breaks_breaks_no_other()
    {
        using var busy = new Busy(threads: 2);
        using var some = Scripted.Room((input, _, _) => input.Count == 3 ? throw new FormatException("no") : Task.FromResult(new SkillAnswer<ScriptOut>(new ScriptOut($"{input.Count}"))));
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 10).Select(n => some.CallAsync("scripted", $$"""{"name":"n","count":{{n}}}""")));

        Assert.Equal([3], outcomes.Select((outcome, n) => outcome.Ok ? -1 : n).Where(n => n >= 0));
        Assert.Equal("EXECUTION_ERROR", outcomes[3].Failure!.Code);
        Assert.All(outcomes.Where(outcome => outcome.Ok), (outcome, _) => Assert.NotEmpty(outcome.Result.GetText("text")!));
    }

    [Fact]
    [Trait("id", "F5.12-07")]
    public async Task A_stop_ends_every_call_that_is_under_way_and_takes_back_none_that_is_over()
    {
        using var busy = new Busy(threads: 2);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var begun = 0;
        using var some = Scripted.Room(async (input, _, cancel) =>
        {
            Interlocked.Increment(ref begun);
            if (input.Count >= 2) await new TaskCompletionSource().Task.WaitAsync(cancel);
            return new SkillAnswer<ScriptOut>(new ScriptOut("done"));
        });
        var calls = Enumerable.Range(0, 10).Select(n => some.Skills.InvokeAsync("scripted", Json.Parse($$"""{"name":"n","count":{{n}}}"""), SkillRoom.Call(), stop.Token)).ToList();
        await Task.WhenAll(calls.Take(2));
        Assert.Equal(10, begun);

        await stop.CancelAsync();

        foreach (var call in calls.Skip(2)) await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        foreach (var call in calls.Take(2)) Assert.True((await call).Ok);
    }

    [Fact]
    [Trait("id", "F5.12-08")]
    public async Task A_call_past_its_time_is_a_timeout_on_busy_cores_too_and_one_that_answers_is_not()
    {
        using var busy = new Busy(threads: 2);
        using var some = Scripted.Room((input, _, _) =>
            input.Count == 0 ? Task.FromResult(new SkillAnswer<ScriptOut>(new ScriptOut("done"))) : new TaskCompletionSource<SkillAnswer<ScriptOut>>().Task);

        Assert.Equal("TIMEOUT", (await some.CallAsync("scripted", """{"name":"n","count":1}""", TimeSpan.FromMilliseconds(50))).Failure?.Code);
        Assert.True((await some.CallAsync("scripted", """{"name":"n","count":0}""")).Ok);
    }

    private async Task<string> ExtractedAsync() => (await room.ValueAsync("json_transform", Extract, "result")).GetRawText();

    /// <summary>Threads that compute until they are sent home.</summary>
    private sealed class Busy : IDisposable
    {
        private readonly List<Thread> threads;
        private volatile bool isOver;

        internal Busy(int threads)
        {
            this.threads = [.. Enumerable.Range(0, threads).Select(_ => new Thread(Compute) { IsBackground = true })];
            this.threads.ForEach(thread => thread.Start());
        }

        public void Dispose()
        {
            isOver = true;
            this.threads.ForEach(thread => thread.Join());
        }

        private void Compute()
        {
            for (var n = 1UL; !isOver; n = (n * 6_364_136_223_846_793_005UL) + 1) Thread.SpinWait(10);
        }
    }
}
