using System.Collections.Concurrent;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Runs;

/// <summary>
/// Signs runs soon after their end, off their path: a run that ends only leaves its name here. What is left when the process
/// ends, or ends faster than it is signed, is signed when its record is first asked for.
/// </summary>
internal sealed class RunSigner(Records records, Signatures signatures) : IChore
{
    /// <summary>Names kept; more are not.</summary>
    private const int WaitingMax = 10_000;

    /// <summary>Runs signed in one pass: bounds what signing may take from the runs themselves.</summary>
    private const int PassMax = 128;

    private readonly ConcurrentQueue<(TenantId Tenant, RunId Run)> waiting = new();

    public string Name => "sign-runs";

    public bool IsLocal => true;

    public TimeSpan Interval => TimeSpan.FromSeconds(2);

    internal void Ended(RunState state)
    {
        if (waiting.Count < WaitingMax) waiting.Enqueue((state.Start!.Tenant, state.Start.Run));
    }

    /// <summary>Replies how many attempts were signed.</summary>
    public async Task<int> PassAsync(CancellationToken cancel)
    {
        var ended = new List<(TenantId, RunId, Record)>();
        while (ended.Count < PassMax && waiting.TryDequeue(out var next))
        {
            if (await records.LoadAsync(next.Tenant, next.Run, int.MaxValue, cancel) is ({ } record, _)) ended.Add((next.Tenant, next.Run, record));
        }

        return await signatures.SignAsync(ended, cancel);
    }
}
