using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Memory;

/// <summary>
/// Gets the configured model's vectors for notes that have none: new ones within seconds, those of before it was configured in batches. It ends
/// when nothing is left, stops where the day's quota does, and gives a note up that was refused too often.
/// </summary>
internal sealed class EmbedChore(VectorTable table, ModelVectors vectors, EmbeddingQuota quota, RecallOptions options, RecallMeter meter, TimeProvider clock) : IChore
{
    /// <summary>Texts of one call.</summary>
    internal const int Batch = 64;

    /// <summary>Tries of a note before it is given up.</summary>
    internal const int TriesMax = 5;

    private const int BatchesMax = 20;
    private const int QueuedMax = 1_000;
    private static readonly TimeSpan PauseFirst = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LooksAgainAfter = TimeSpan.FromMinutes(10);
    private DateTimeOffset looksAt = DateTimeOffset.MinValue;

    public string Name => "memory_embed";

    public TimeSpan Interval => TimeSpan.FromSeconds(5);

    public async Task<int> PassAsync(CancellationToken cancel)
    {
        if (options.ModelName is not { } model) return 0;
        var count = await QueueAsync(model, cancel);
        foreach (var tenant in await table.DueAsync(model, cancel))
        {
            for (var batches = 0; batches < BatchesMax && await BatchAsync(tenant, model, cancel) is > 0 and var done; batches++) count += done;
        }

        if (count == 0) return 0;
        var (has, waits, dead, calls) = await table.StandAsync(model, cancel);
        meter.Stand(has, waits, dead, calls);
        return count;
    }

    /// <summary>What was written while this model was not configured. That is looked for seldom: what is written now waits from its beginning.</summary>
    private async Task<int> QueueAsync(string model, CancellationToken cancel)
    {
        if (clock.GetUtcNow() < looksAt) return 0;
        var count = 0;
        foreach (var tenant in await table.UnknownAsync(model, cancel)) count += await table.QueueAsync(tenant, model, QueuedMax, cancel);
        if (count == 0) looksAt = clock.GetUtcNow() + LooksAgainAfter;
        return count;
    }

    /// <summary>How many notes got their vectors or were given up; 0: nothing more can be done for the tenant now.</summary>
    private async Task<int> BatchAsync(TenantId tenant, string model, CancellationToken cancel)
    {
        var waiting = await table.WaitingAsync(tenant, model, Batch, cancel);
        if (waiting.Count == 0) return 0;
        var began = clock.GetTimestamp();
        var count = await AskAsync(tenant, model, waiting, cancel);
        meter.Batch(clock.GetElapsedTime(began));
        return count;
    }

    private async Task<int> AskAsync(TenantId tenant, string model, IReadOnlyList<WaitingNote> waiting, CancellationToken cancel)
    {
        var reply = await vectors.AskAsync(tenant, [.. waiting.Select(note => note.Text)], cancel);
        if (reply.Failure is { Code: "QUOTA_EXHAUSTED" })
        {
            await table.PostponeAsync(tenant, model, quota.ResetsAt, cancel);
            return 0;
        }

        if (reply.Vectors is { } made)
        {
            var asked = waiting.Take(made.Count).ToList();
            if (await table.KeepAsync(tenant, model, [.. asked.Zip(made, (note, vector) => (note.Id, vector))], cancel)) return asked.Count;
            await table.FailAsync(tenant, model, asked, static _ => null, $"{model} gave vectors of {made[0].Length} numbers, and others before. Name the new model, or its dimensions.", cancel);
            return asked.Count;
        }

        var failure = reply.Failure!;
        if (!failure.Retryable && waiting.Count > 1)
        {
            // One of them may be what is refused: each is asked about by itself.
            var count = 0;
            foreach (var note in waiting) count += await AskAsync(tenant, model, [note], cancel);
            return count;
        }

        await table.FailAsync(tenant, model, waiting, tries => Pause(tries, failure), $"{failure.Code}: {failure.Message}", cancel);
        return failure.Retryable ? 0 : waiting.Count;
    }

    /// <summary>Twice as long each time, and never shorter than the provider asks for; null: there is no further try.</summary>
    private static TimeSpan? Pause(long tries, Failure failure)
    {
        if (tries >= TriesMax) return null;
        var pause = PauseFirst * Math.Pow(2, tries - 1);
        return failure.RetryAfter > pause ? failure.RetryAfter : pause;
    }
}
