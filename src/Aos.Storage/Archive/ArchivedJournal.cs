using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Storage;

/// <summary>The journal with the archive behind it: what is not in the database any more is read from its file.</summary>
internal sealed class ArchivedJournal(IJournal inner, ArchivedRuns archived) : IJournal
{
    public Task<AppendReply> AppendAsync(JournalAppend append, CancellationToken cancel) => inner.AppendAsync(append, cancel);

    public async Task<IReadOnlyList<JournalEntry>> ReadAsync(RunId run, int afterSeq, int max, CancellationToken cancel) =>
        await inner.ReadAsync(run, afterSeq, max, cancel) is { Count: > 0 } page ? page : await archived.EventsAsync(run, afterSeq, max, cancel);

    public async Task<IReadOnlyList<JournalEntry>> ReadRawAsync(RunId run, int afterSeq, int max, CancellationToken cancel) =>
        await inner.ReadRawAsync(run, afterSeq, max, cancel) is { Count: > 0 } page ? page : await archived.EventsAsync(run, afterSeq, max, cancel);

    public Task<bool> SendAsync(InboxItem item, CancellationToken cancel) => inner.SendAsync(item, cancel);

    public Task<IReadOnlyList<InboxItem>> InboxAsync(RunId run, CancellationToken cancel) => inner.InboxAsync(run, cancel);

    public Task<InboxAnswer?> AnswerAsync(RunId run, string id, CancellationToken cancel) => inner.AnswerAsync(run, id, cancel);
}
