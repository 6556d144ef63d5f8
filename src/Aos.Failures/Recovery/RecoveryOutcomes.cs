using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Failures;

/// <summary>
/// Looks how runs ended that suggestions were applied to, and puts that on record. It is done whenever somebody asks for suggestions, and by
/// itself; suggestions go when failures of their age go.
/// </summary>
internal sealed class RecoveryOutcomes(RecoveryResults results, IRunRows rows, RecoveryMeter meter, FailureMeter failures, FailureOptions options, ICluster cluster) : IChore
{
    /// <summary>What has not begun after so long never will: the node that applied it ended in between.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    /// <summary>Of those that somebody asks for; what is left is due by itself.</summary>
    private const int AskedMax = 100;

    /// <summary>Transactions of one pass; what is left is due at the next.</summary>
    private const int BatchesMax = 200;

    public string Name => "recovery-outcomes";

    /// <summary>So short that it is done each day also where nothing has been found for long, and it comes in a sixty-fourth of its turns.</summary>
    public TimeSpan Interval => TimeSpan.FromMinutes(20);

    public async Task<int> PassAsync(CancellationToken cancel)
    {
        var before = cluster.Now - TimeSpan.FromDays(options.RetentionDays);
        if (!await results.HasWorkAsync(before, cancel)) return 0;
        var done = await AllAsync(() => SettleAsync(null, RecoveryResults.Max, cancel)) + await AllAsync(() => results.ForgetBeforeAsync(before, cancel));
        return Math.Max(done, 1); // What is open now may be over at the next turn.
    }

    /// <summary>Settles what came of suggestions of a tenant as far as it is known.</summary>
    internal Task<int> SettleAsync(TenantId tenant, CancellationToken cancel) => SettleAsync(tenant, AskedMax, cancel);

    private static async Task<int> AllAsync(Func<Task<int>> batch)
    {
        var done = 0;
        for (var i = 0; i < BatchesMax; i++)
        {
            var few = await batch();
            done += few;
            if (few < RecoveryResults.Max) break;
        }

        return done;
    }

    private async Task<int> SettleAsync(TenantId? tenant, int max, CancellationToken cancel)
    {
        var settled = 0;
        foreach (var candidate in await results.OpenAsync(tenant, max, cancel))
        {
            var row = candidate.AppliedRun is { } run ? await rows.GetAsync(candidate.Tenant, run, cancel) : null;
            if (Of(candidate, row, cluster.Now) is not var (result, at) || !await results.SettleAsync(candidate, result, at, cancel)) continue;
            Count(candidate, result);
            settled++;
        }

        return settled;
    }

    /// <summary>What came of it by what the run's row says; null: that is not known yet.</summary>
    internal static (RecoveryResult Result, DateTimeOffset At)? Of(RecoveryCandidate candidate, RunRow? row, DateTimeOffset now)
    {
        var isLost = now - candidate.AppliedAt > Patience;
        if (row is null) return candidate.AppliedRun is not null || isLost ? (RecoveryResult.Unknown, now) : null;
        if (row.Attempt > candidate.AppliedAttempt) return (RecoveryResult.Failed, row.UpdatedAt); // Nothing else is tried again.
        if (!row.Status.IsOver()) return null;
        if (row.Attempt < candidate.AppliedAttempt) return isLost ? (RecoveryResult.Unknown, now) : null;
        var result = row.Status switch
        {
            RunStatus.Succeeded => RecoveryResult.Succeeded,
            RunStatus.Failed => RecoveryResult.Failed,
            _ => RecoveryResult.Cancelled,
        };
        return (result, row.EndedAt ?? row.UpdatedAt);
    }

    /// <summary>A retry that succeeds is counted with the journal as what recovers; the rest is counted here.</summary>
    private void Count(RecoveryCandidate candidate, RecoveryResult result)
    {
        meter.Ended(candidate.Action.Kind, result);
        if (result == RecoveryResult.Failed || (result == RecoveryResult.Succeeded && candidate.Action.IsFork)) failures.Tried(candidate.Entry?.Code, result == RecoveryResult.Succeeded);
    }
}
