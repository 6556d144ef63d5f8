namespace Aos.Skills.Tests.Http;

/// <summary>What waits for peers costs no threads.</summary>
[Trait("store", "none")]
public sealed class ManyCalls
{
    private const int Calls = 200;

    /// <summary>
    /// The peer answers nobody before all have asked: calls that held a thread each would need 200 of them, and a pool does not make that
    /// many in the time of a call.
    /// </summary>
    [Fact]
    [Trait("id", "F5.60-80")]
    public async Task Two_hundred_calls_wait_for_a_slow_peer_and_none_holds_a_thread()
    {
        var all = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var (arrived, threads) = (0, 0);
        await using var peer = new LyingPeer(async one =>
        {
            if (Interlocked.Increment(ref arrived) == Calls)
            {
                threads = ThreadPool.ThreadCount;
                all.TrySetResult();
            }

            await all.Task.WaitAsync(one.Stop);
            await one.SayAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
            return false;
        });
        using var way = new WayOut(peer.Authority);
        var outcomes = await Task.WhenAll(Enumerable.Range(0, Calls).Select(i => way.GetAsync($"{peer.Origin}/{i}")));

        Assert.All(outcomes, outcome => Assert.True(outcome.Ok, outcome.Failure?.Message));
        Assert.Equal(Calls, peer.Asked.Select(one => one.Head.Split(' ')[1]).Distinct(StringComparer.Ordinal).Count());
        Assert.InRange(threads, 1, Calls / 2);
    }
}
