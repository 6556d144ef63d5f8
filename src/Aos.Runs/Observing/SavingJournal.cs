using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Runs;

/// <summary>The journal as the engine writes it: every append is measured, and the newest one's time is kept.</summary>
internal sealed class SavingJournal(IJournal journal, WorkflowMeter meter, TimeProvider clock) : IJournal
{
    private long savedAt;

    /// <summary>When this process stored something last; null: not yet.</summary>
    internal DateTimeOffset? SavedAt => Volatile.Read(ref savedAt) is var ticks && ticks == 0 ? null : new DateTimeOffset(ticks, TimeSpan.Zero);

    public async Task<AppendReply> AppendAsync(JournalAppend append, CancellationToken cancel)
    {
        var began = clock.GetTimestamp();
        AppendReply? reply = null;
        try
        {
            reply = await journal.AppendAsync(append, cancel);
            return reply;
        }
        finally
        {
            if (reply is AppendReply.Appended) Volatile.Write(ref savedAt, clock.GetUtcNow().UtcTicks);
            if (reply is not null || !cancel.IsCancellationRequested) meter.Saved(clock.GetElapsedTime(began), IsAnswer(reply));
        }
    }

    public Task<IReadOnlyList<JournalEntry>> ReadAsync(RunId run, int afterSeq, int max, CancellationToken cancel) => journal.ReadAsync(run, afterSeq, max, cancel);

    public Task<IReadOnlyList<JournalEntry>> ReadRawAsync(RunId run, int afterSeq, int max, CancellationToken cancel) => journal.ReadRawAsync(run, afterSeq, max, cancel);

    public Task<bool> SendAsync(InboxItem item, CancellationToken cancel) => journal.SendAsync(item, cancel);

    public Task<IReadOnlyList<InboxItem>> InboxAsync(RunId run, CancellationToken cancel) => journal.InboxAsync(run, cancel);

    public Task<InboxAnswer?> AnswerAsync(RunId run, string id, CancellationToken cancel) => journal.AnswerAsync(run, id, cancel);

    /// <summary>A repeated start and mail that came in between are answers of a sound store; another history and a lost lease are not.</summary>
    private static bool IsAnswer(AppendReply? reply) => reply is AppendReply.Appended or AppendReply.KeyTaken or AppendReply.AlreadyExists or AppendReply.HasMail;
}
