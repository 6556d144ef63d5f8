using Aos.Contracts;
using Aos.Kernel;
using Microsoft.Data.Sqlite;

namespace Aos.Storage;

internal sealed class SqliteJournal(SqliteStore store, OutboxSignal post, TimeProvider clock) : IJournal
{
    public async Task<AppendReply> AppendAsync(JournalAppend append, CancellationToken cancel)
    {
        var work = new AppendWork(store.Statements, append, clock.GetUtcNow());
        await store.EnqueueAsync(work, cancel);
        var reply = await work.Reply;
        if (append.Outbox.Count > 0 && reply is AppendReply.Appended) post.Poke();
        return reply;
    }

    public Task<IReadOnlyList<JournalEntry>> ReadAsync(RunId run, int afterSeq, int max, CancellationToken cancel) =>
        StoredEvents.VerifiedAsync(ReadRawAsync, run, afterSeq, max, cancel);

    public Task<IReadOnlyList<JournalEntry>> ReadRawAsync(RunId run, int afterSeq, int max, CancellationToken cancel) => store.ReadAsync(connection =>
    {
        using var select = connection.CreateCommand();
        select.CommandText = "SELECT seq, kind, at, body, chain FROM journal WHERE run_id = $1 AND seq > $2 ORDER BY seq LIMIT $3";
        select.Parameters.AddWithValue("$1", Columns.Id(run));
        select.Parameters.AddWithValue("$2", afterSeq);
        select.Parameters.AddWithValue("$3", max);
        using var r = select.ExecuteReader();
        var entries = new List<JournalEntry>();
        while (r.Read())
            entries.Add(new JournalEntry(r.GetInt32(0), r.GetString(1), Columns.Time(r.GetInt64(2)), r.GetFieldValue<byte[]>(3), r.GetFieldValue<byte[]>(4)));
        return (IReadOnlyList<JournalEntry>)entries;
    }, cancel);

    public async Task<bool> SendAsync(InboxItem item, CancellationToken cancel)
    {
        var work = new SendWork(store.Statements, item);
        await store.EnqueueAsync(work, cancel);
        return await work.Reply;
    }

    public Task<IReadOnlyList<InboxItem>> InboxAsync(RunId run, CancellationToken cancel) => store.ReadAsync(connection =>
    {
        using var select = connection.CreateCommand();
        select.CommandText = "SELECT id, kind, body, seq FROM inbox WHERE run_id = $1 AND seq > (SELECT inbox_read FROM runs WHERE id = $1) ORDER BY seq";
        select.Parameters.AddWithValue("$1", Columns.Id(run));
        using var r = select.ExecuteReader();
        var items = new List<InboxItem>();
        while (r.Read()) items.Add(new InboxItem(run, r.GetString(0), r.GetString(1), r.GetFieldValue<byte[]>(2)) { Seq = r.GetInt64(3) });
        return (IReadOnlyList<InboxItem>)items;
    }, cancel);

    public Task<InboxAnswer?> AnswerAsync(RunId run, string id, CancellationToken cancel) => store.ReadAsync(connection =>
    {
        using var select = connection.CreateCommand();
        select.CommandText = "SELECT seq, answer FROM inbox WHERE run_id = $1 AND id = $2 AND answer IS NOT NULL";
        select.Parameters.AddWithValue("$1", Columns.Id(run));
        select.Parameters.AddWithValue("$2", id);
        using var r = select.ExecuteReader();
        return r.Read() ? new InboxAnswer(r.GetInt64(0), r.GetFieldValue<byte[]>(1)) : null;
    }, cancel);

    private static readonly AppendReply Appended = new AppendReply.Appended();

    private sealed class AppendWork(Statements sql, JournalAppend append, DateTimeOffset now) : SqliteStore.Work
    {
        private readonly TaskCompletionSource<AppendReply> reply = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private AppendReply result = Appended;

        internal Task<AppendReply> Reply => reply.Task;

        internal override void Apply(SqliteConnection connection, SqliteTransaction transaction) => result = Decide();

        internal override void Done() => reply.TrySetResult(result);

        internal override void Fail(Exception e) => reply.TrySetException(e);

        // A refusal comes before the first write, or is the first write that changes no row: it leaves nothing in the batch.
        private AppendReply Decide()
        {
            var row = append.Row;
            var id = Columns.Id(row.Id);
            if (append.ExpectedSeq == 0)
            {
                if (append.Claim is { } claim && Taken(claim) is { } taken) return IsThere(id) ? new AppendReply.AlreadyExists() : taken;
                if (!Insert(row, id)) return new AppendReply.AlreadyExists();
            }
            else
            {
                if (append.Park && HasMail(id)) return new AppendReply.HasMail();
                if (!Update(row, id)) return Refusal(id);
            }

            Write(id);
            return Appended;
        }

        private bool IsThere(byte[] id) => Stored(id) is not null;

        private AppendReply Refusal(byte[] id) => Stored(id) is { } stored && stored.Seq == append.ExpectedSeq && !stored.IsOwned
            ? new AppendReply.Fenced()
            : new AppendReply.Conflict(Stored(id)?.Seq ?? 0);

        private (int Seq, long InboxHead, bool IsOwned)? Stored(byte[] id)
        {
            var select = sql.SeqOf.With(id);
            try
            {
                return select.Next() ? ((int)select.Long(0), select.Long(1), select.Long(2) == 1) : null;
            }
            finally
            {
                select.Reset();
            }
        }

        private AppendReply.KeyTaken? Taken(IdempotencyClaim claim)
        {
            var select = sql.FindKey.With(claim.Tenant.Value).With(claim.Scope).With(claim.Key);
            try
            {
                if (!select.Next() || select.Long(2) <= now.UtcTicks) return null;
                return new AppendReply.KeyTaken(Columns.Id(select.Blob(0)), select.Blob(1).SequenceEqual(claim.Fingerprint));
            }
            finally
            {
                select.Reset();
            }
        }

        private bool HasMail(byte[] id) => Stored(id) is { } stored && stored.InboxHead > append.Row.InboxRead;

        private bool Insert(RunRow row, byte[] id)
        {
            var insert = sql.InsertRun.With(id).With(row.Tenant.Value).With(row.AgentId).With(row.Workflow).With(row.Goal).With((long)row.Status)
                .With(Columns.Labels(row.Labels)).With(row.Seq).With(row.WakeAt?.UtcTicks).With(row.Owned ? 1L : 0L);
            _ = row.Parent is { } parent ? insert.With(Columns.Id(parent)) : insert.Nothing();
            var isNew = insert.With(row.Attempt).With(row.Spent.ToMicros()).With(row.Budget?.ToMicros()).With(row.CreatedAt.UtcTicks).With(row.UpdatedAt.UtcTicks)
                .With(row.EndedAt?.UtcTicks).With(row.FailureCode).With(row.RootHash).With(row.MinRule)
                .With(row.Priority).With((long?)row.Lane).With(row.Scope).Execute() == 1;
            if (isNew && append.Claim is { } claim)
                sql.InsertKey.With(claim.Tenant.Value).With(claim.Scope).With(claim.Key).With(id).With(claim.Fingerprint).With(claim.ExpiresAt.UtcTicks).Execute();
            return isNew;
        }

        private bool Update(RunRow row, byte[] id) =>
            sql.UpdateRun.With((long)row.Status).With(row.Seq).With(row.WakeAt?.UtcTicks).With(row.Owned ? 1L : 0L).With(row.Attempt).With(row.Spent.ToMicros())
                .With(row.UpdatedAt.UtcTicks).With(row.EndedAt?.UtcTicks).With(row.FailureCode).With(row.RootHash).With(row.Adoptions).With(row.InboxRead).With((long?)row.Lane)
                .With(id).With(row.Tenant.Value).With(append.ExpectedSeq).Execute() == 1;

        private void Write(byte[] id)
        {
            foreach (var entry in append.Entries)
                sql.InsertEvent.With(id).With(entry.Seq).With(entry.Kind).With(entry.At.UtcTicks).With(entry.Body.Span).With(entry.Chain).Execute();
            foreach (var answer in append.Answers) sql.Answer.With(answer.Body.Span).With(id).With(answer.Seq).Execute();
            foreach (var item in append.Sends) Send(sql, item);
            foreach (var item in append.Outbox)
            {
                sql.InsertOutbox.With(item.Id.ToByteArray(bigEndian: true)).With(item.Tenant.Value).With(Columns.Id(item.Run ?? default)).With(item.Endpoint)
                    .With(item.Kind).With(item.Body.Span).With(now.UtcTicks).Execute();
            }

            foreach (var failed in append.Failures) Keep(failed);
            foreach (var one in append.Recovered)
                sql.RecoverFailure.With(one.At.UtcTicks).With(one.By).With(FailedStep.Text(FailedStep.IdOf(one.Run, one.Place))).With(one.Seq).Execute();
            if (append.Money is { } money) sql.Money.Write(append, money);
        }

        private void Keep(FailedStep failed) =>
            sql.InsertFailure.With(FailedStep.Text(FailedStep.IdOf(failed.Run, failed.Place))).With(failed.Tenant.Value).With(failed.Run.ToString()).With(failed.Seq).With(failed.Place)
                .With(failed.Step).With(failed.AgentId).With(failed.Skill).With(failed.Code).With(failed.Message).With(failed.Entry).With((long)failed.Match).With(failed.Retryable ? 1L : 0L)
                .With(failed.Signature).With(failed.At.UtcTicks).With(failed.Retried ? 1L : 0L).Execute();
    }

    private static bool Send(Statements sql, InboxItem item)
    {
        var id = Columns.Id(item.Run);
        var isNew = sql.InsertMail.With(id).With(item.Id).With(item.Kind).With(item.Body.Span).Execute() == 1;
        if (isNew) sql.CountMail.With(id).Execute();
        sql.WakeNow.With(id).Execute();
        return isNew;
    }

    private sealed class SendWork(Statements sql, InboxItem item) : SqliteStore.Work
    {
        private readonly TaskCompletionSource<bool> reply = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private bool isNew;

        internal Task<bool> Reply => reply.Task;

        internal override void Apply(SqliteConnection connection, SqliteTransaction transaction) => isNew = Send(sql, item);

        internal override void Done() => reply.TrySetResult(isNew);

        internal override void Fail(Exception e) => reply.TrySetException(e);
    }
}
