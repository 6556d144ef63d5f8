using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Storage;

internal sealed class PostgresJournal(PostgresPool pool, PostgresWriter writer, PostgresLease lease, OutboxSignal post) : IJournal
{
    public async Task<AppendReply> AppendAsync(JournalAppend append, CancellationToken cancel)
    {
        var work = new AppendWork(append) { Node = append.Row.Owner ?? append.By ?? lease.Node };
        await writer.EnqueueAsync(work, begins: append.ExpectedSeq == 0, cancel);
        var reply = await work.Reply;
        if (append.Outbox.Count > 0 && reply is AppendReply.Appended) post.Poke();
        return reply;
    }

    public Task<IReadOnlyList<JournalEntry>> ReadAsync(RunId run, int afterSeq, int max, CancellationToken cancel) =>
        StoredEvents.VerifiedAsync(ReadRawAsync, run, afterSeq, max, cancel);

    public async Task<IReadOnlyList<JournalEntry>> ReadRawAsync(RunId run, int afterSeq, int max, CancellationToken cancel) => await pool.QueryAsync(
        "SELECT seq, kind, at, body, chain FROM journal WHERE run_id = $1 AND seq > $2 ORDER BY seq LIMIT $3", [run.Value, afterSeq, max],
        r => new JournalEntry(r.GetInt32(0), r.GetString(1), Columns.Time(r.GetInt64(2)), r.GetFieldValue<byte[]>(3), r.GetFieldValue<byte[]>(4)), cancel);

    public async Task<bool> SendAsync(InboxItem item, CancellationToken cancel)
    {
        var work = new SendWork(item);
        await writer.EnqueueAsync(work, begins: false, cancel);
        return await work.Reply;
    }

    public async Task<IReadOnlyList<InboxItem>> InboxAsync(RunId run, CancellationToken cancel) => await pool.QueryAsync(
        "SELECT id, kind, body, seq FROM inbox WHERE run_id = $1 AND seq > (SELECT inbox_read FROM runs WHERE id = $1) ORDER BY seq", [run.Value],
        r => new InboxItem(run, r.GetString(0), r.GetString(1), r.GetFieldValue<byte[]>(2)) { Seq = r.GetInt64(3) }, cancel);

    public Task<InboxAnswer?> AnswerAsync(RunId run, string id, CancellationToken cancel) => pool.FindAsync(
        "SELECT seq, answer FROM inbox WHERE run_id = $1 AND id = $2 AND answer IS NOT NULL", [run.Value, id],
        r => new InboxAnswer(r.GetInt64(0), r.GetFieldValue<byte[]>(1)), cancel);
}
