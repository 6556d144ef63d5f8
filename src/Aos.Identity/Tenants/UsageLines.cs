using System.Collections.Concurrent;

namespace Aos.Identity;

/// <summary>
/// Whoever takes of one quota while another is being written for it is written together with the next ones: a quota costs one write at
/// a time, not one for each run.
/// </summary>
internal sealed class UsageLines(UsageTable table)
{
    private readonly ConcurrentDictionary<UsageKey, Line> lines = new();

    /// <summary>True: granted, and counted. With what is used after.</summary>
    internal Task<(bool IsGranted, long Used)> TakeAsync(UsageKey key, long limit, long amount)
    {
        var asked = new Asked(limit, amount, new TaskCompletionSource<(bool, long)>(TaskCreationOptions.RunContinuationsAsynchronously));
        while (true)
        {
            var line = lines.GetOrAdd(key, static _ => new Line());
            lock (line)
            {
                if (line.IsOver) continue;
                line.Asking.Add(asked);
                if (line.IsBusy) return asked.Done.Task;
                line.IsBusy = true;
            }

            _ = WriteAsync(key, line);
            return asked.Done.Task;
        }
    }

    private async Task WriteAsync(UsageKey key, Line line)
    {
        while (Next(key, line) is { } batch)
        {
            try
            {
                var limit = batch[^1].Limit; // The newest that anybody knows.
                var (used, granted) = await table.TakeAsync(key, limit, [.. batch.Select(one => one.Amount)], CancellationToken.None);
                for (var i = 0; i < batch.Count; i++) batch[i].Done.TrySetResult((granted[i], used));
            }
            catch (Exception e)
            {
                // The last catch of this line: whoever waits is told, and the next ones are tried.
                foreach (var one in batch) one.Done.TrySetException(e);
            }
        }
    }

    /// <summary>Null: nobody waits, and the line is over.</summary>
    private List<Asked>? Next(UsageKey key, Line line)
    {
        lock (line)
        {
            if (line.Asking.Count == 0)
            {
                line.IsOver = true;
                lines.TryRemove(key, out _);
                return null;
            }

            var batch = line.Asking;
            line.Asking = [];
            return batch;
        }
    }

    private sealed class Line
    {
        internal List<Asked> Asking { get; set; } = [];

        internal bool IsBusy { get; set; }

        internal bool IsOver { get; set; }
    }

    private sealed record Asked(long Limit, long Amount, TaskCompletionSource<(bool, long)> Done);
}
