using System.Text;
using Aos.Contracts;
using Aos.Kernel;
using Microsoft.Extensions.Logging;

namespace Aos.Runs;

internal sealed partial class BulkLog(ILogger<BulkLog> logger)
{
    [LoggerMessage(EventId = 3400, Level = LogLevel.Warning, Message = "The order {Operation} for many runs of {Tenant} was interrupted; it is gone on with.")]
    internal partial void Interrupted(string operation, string tenant, Exception why);
}

/// <summary>
/// Orders for many runs at once. The runs are found first and stored with the order; they are worked at in pages, and each page's outcomes
/// are stored before the next one begins. What a page had done when its process ended is told by the runs' own journals: every
/// reason names the order.
/// </summary>
internal sealed class BulkDesk(IDatabase database, IRunRows rows, IJournal journal, IRuns runs, TimeProvider clock, BulkLog log) : IBulkRuns, IChore, IAsyncDisposable
{
    /// <summary>Runs of one order.</summary>
    internal const int RunsMax = 10_000;

    /// <summary>Runs of a page.</summary>
    internal const int Page = 100;

    /// <summary>Runs that are ordered at once.</summary>
    private const int AtOnce = 8;

    /// <summary>After so long without a page somebody else goes on.</summary>
    internal static readonly TimeSpan Hold = TimeSpan.FromMinutes(2);

    /// <summary>How long an operation that has ended can be read.</summary>
    internal static readonly TimeSpan Kept = TimeSpan.FromDays(7);

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);

    internal static readonly Migration[] Migrations = [BulkTable.Migration];

    private readonly BulkTable table = new(database);
    private readonly BulkSearch search = new(rows);
    private readonly CancellationTokenSource closing = new();
    private readonly string worker = Guid.CreateVersion7().ToString("N");
    private readonly List<Task> begun = [];
    private bool isClosed;

    public string Name => "bulk";

    public TimeSpan Interval => TimeSpan.FromSeconds(5);

    public Task<(IReadOnlyList<BulkRun> Runs, bool HasMore)> FindAsync(Caller caller, BulkOrder order, CancellationToken cancel) => search.FindAsync(caller.Tenant, order, cancel);

    public async Task<BulkOperation> BeginAsync(Caller caller, BulkOrder order, IReadOnlyList<BulkRun> found, CancellationToken cancel)
    {
        var now = clock.GetUtcNow();
        var operation = new BulkOperation(Guid.CreateVersion7(now).ToString("D"), order.Action, order.Reason, found.Count, 0, 0, now, found.Count == 0 ? now : null);
        await table.InsertAsync(caller, operation, found, worker, now + Hold, cancel);
        if (found.Count > 0)
        {
            lock (begun)
            {
                if (isClosed) return operation; // Whoever comes next goes on with it.
                begun.RemoveAll(task => task.IsCompleted);
                begun.Add(Task.Run(() => WorkAsync(new BulkWork(caller, operation, found), isAgain: false, closing.Token), CancellationToken.None));
            }
        }

        return operation;
    }

    public async Task<BulkOperation?> WaitAsync(Caller caller, string id, TimeSpan atMost, CancellationToken cancel)
    {
        for (var started = clock.GetTimestamp(); ;)
        {
            var operation = await table.FindAsync(caller.Tenant, id, cancel);
            if (operation is null or { EndedAt: not null } || clock.GetElapsedTime(started) >= atMost) return operation;
            await Task.Delay(Look, clock, cancel);
        }
    }

    public async Task<IReadOnlyList<BulkOutcome>> OutcomesAsync(Caller caller, string id, int after, int max, CancellationToken cancel)
    {
        var outcomes = await table.OutcomesAsync(caller.Tenant, id, after / Page, (max / Page) + 2, cancel);
        return [.. outcomes.Skip(after % Page).Take(max)];
    }

    /// <summary>Goes on with what others have left, and forgets what ended long ago.</summary>
    public async Task<int> PassAsync(CancellationToken cancel)
    {
        var now = clock.GetUtcNow();
        var (did, isOld) = (0, false);
        foreach (var (tenant, id, hasEnded) in await table.LeftAsync(now, now - Kept, 10, cancel))
        {
            isOld |= hasEnded;
            if (hasEnded || await table.ClaimAsync(tenant, id, worker, now, clock.GetUtcNow() + Hold, cancel) is not { } work) continue;
            await WorkAsync(work, isAgain: true, cancel);
            did++;
        }

        return isOld ? did + await table.ForgetAsync(now - Kept, cancel) : did;
    }

    public async ValueTask DisposeAsync()
    {
        Task[] open;
        lock (begun)
        {
            if (isClosed) return; // Whoever resolves services disposes of one once for each door it has.
            isClosed = true;
            open = [.. begun];
        }

        await closing.CancelAsync();
        await Task.WhenAll(open);
        closing.Dispose();
    }

    /// <summary>Works page after page, until the last one or until somebody else has taken the operation.</summary>
    /// <param name="isAgain">The first page may have been begun before.</param>
    private async Task WorkAsync(BulkWork work, bool isAgain, CancellationToken cancel)
    {
        try
        {
            for (var at = work.Operation.Worked; at < work.Runs.Count; at += Page)
            {
                var outcomes = await PageAsync(work, [.. work.Runs.Skip(at).Take(Page)], isAgain, cancel);
                var now = clock.GetUtcNow();
                DateTimeOffset? ended = at + outcomes.Count == work.Runs.Count ? now : null;
                if (!await table.WriteAsync(work.Caller.Tenant, work.Operation.Id, worker, at / Page, outcomes, now + Hold, ended, cancel)) return;
                isAgain = false;
            }
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            return; // Whoever comes next goes on.
        }
        catch (Exception e) when (e is JournalUnavailableException or JournalCorruptException or ObjectDisposedException)
        {
            log.Interrupted(work.Operation.Id, work.Caller.Tenant.Value, e);
        }
    }

    private async Task<IReadOnlyList<BulkOutcome>> PageAsync(BulkWork work, IReadOnlyList<BulkRun> page, bool isAgain, CancellationToken cancel)
    {
        var outcomes = new BulkOutcome[page.Count];
        await Parallel.ForEachAsync(
            Enumerable.Range(0, page.Count), new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancel },
            async (i, token) => outcomes[i] = isAgain && await IsDoneAsync(work, page[i], token) ? new BulkOutcome(page[i].Run, null, null) : await OrderAsync(work, page[i], token));
        return outcomes;
    }

    private async Task<BulkOutcome> OrderAsync(BulkWork work, BulkRun run, CancellationToken cancel)
    {
        var reason = $"{work.Operation.Reason} ({Mark(work.Operation)})";
        RunCommand command = work.Operation.Action switch
        {
            BulkAction.Cancel => new CancelRun(reason),
            BulkAction.Pause => new PauseRun(reason),
            BulkAction.Resume => new ResumeRun(reason),
            _ => new RetryRun(reason) { Of = run.Attempt },
        };
        return await runs.CommandAsync(work.Caller, run.Run, command, cancel) switch
        {
            CommandReply.Done => new BulkOutcome(run.Run, null, null),
            CommandReply.Refused refused => new BulkOutcome(run.Run, refused.Why.Code, refused.Why.Message),
            _ => new BulkOutcome(run.Run, "RUN_NOT_FOUND", $"There is no run {run.Run}."),
        };
    }

    /// <summary>Whether this order is on the run's record already.</summary>
    private async Task<bool> IsDoneAsync(BulkWork work, BulkRun run, CancellationToken cancel)
    {
        var mark = Encoding.UTF8.GetBytes(Mark(work.Operation));
        for (var after = run.Seq; ;)
        {
            var entries = await journal.ReadAsync(run.Run, after, 1_000, cancel);
            if (entries.Any(entry => entry.Kind.StartsWith("run.", StringComparison.Ordinal) && entry.Body.Span.IndexOf(mark) >= 0)) return true;
            if (entries.Count < 1_000) return false;
            after = entries[^1].Seq;
        }
    }

    private static string Mark(BulkOperation operation) => $"bulk {operation.Id}";
}
