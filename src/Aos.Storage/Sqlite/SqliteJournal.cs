using System.Globalization;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;
using Microsoft.Data.Sqlite;

namespace Aos.Storage;

internal sealed class SqliteJournal(SqliteStore store, TimeProvider clock) : IJournal
{
    public async Task<AppendReply> AppendAsync(JournalAppend append, CancellationToken cancel)
    {
        var work = new AppendWork(store.Statements, append, clock.GetUtcNow());
        await store.EnqueueAsync(work, cancel);
        return await work.Reply;
    }

    public async Task<IReadOnlyList<JournalEntry>> ReadAsync(RunId run, int afterSeq, int max, CancellationToken cancel)
    {
        var entries = await ReadRawAsync(run, afterSeq, max, cancel);
        var previous = afterSeq == 0 ? ChainHash.Start : (await ReadRawAsync(run, afterSeq - 1, 1, cancel)) is [var before] ? before.Chain : ChainHash.Start;
        var seq = afterSeq;
        foreach (var entry in entries)
        {
            seq++;
            if (entry.Seq != seq) throw new JournalCorruptException(run, seq, $"Event {seq} of run {run} is missing.");
            previous = ChainHash.Next(previous, entry.Body.Span);
            if (!previous.AsSpan().SequenceEqual(entry.Chain))
                throw new JournalCorruptException(run, seq, $"Event {seq} of run {run} is not as it was written: its chain hash does not fit its bytes.");
            CheckColumns(run, entry);
        }

        return entries;
    }

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
        select.CommandText = "SELECT id, kind, body FROM inbox WHERE run_id = $1 AND read = 0 ORDER BY seq";
        select.Parameters.AddWithValue("$1", Columns.Id(run));
        using var r = select.ExecuteReader();
        var items = new List<InboxItem>();
        while (r.Read()) items.Add(new InboxItem(run, r.GetString(0), r.GetString(1), r.GetFieldValue<byte[]>(2)));
        return (IReadOnlyList<InboxItem>)items;
    }, cancel);

    private static void CheckColumns(RunId run, JournalEntry entry)
    {
        try
        {
            using var body = JsonDocument.Parse(entry.Body);
            var fits = body.RootElement.GetText("run") == run.ToString()
                && body.RootElement.Get("seq")?.GetInt32() == entry.Seq
                && body.RootElement.GetText("kind") == entry.Kind
                && DateTimeOffset.Parse(body.RootElement.GetText("at") ?? "", CultureInfo.InvariantCulture).UtcTicks == entry.At.UtcTicks;
            if (fits) return;
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException)
        {
            throw new JournalCorruptException(run, entry.Seq, $"Event {entry.Seq} of run {run} cannot be read: {e.Message}");
        }

        throw new JournalCorruptException(run, entry.Seq, $"Event {entry.Seq} of run {run} stands under another run, number, kind or time than it was written with.");
    }

    private sealed class AppendWork(Statements sql, JournalAppend append, DateTimeOffset now) : SqliteStore.Work
    {
        private readonly TaskCompletionSource<AppendReply> reply = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private AppendReply result = new AppendReply.Appended();

        internal Task<AppendReply> Reply => reply.Task;

        internal override void Apply(SqliteConnection connection, SqliteTransaction transaction) => result = Decide();

        internal override void Done() => reply.TrySetResult(result);

        internal override void Fail(Exception e) => reply.TrySetException(e);

        // All refusals come before the first write: a refused append leaves nothing in the batch.
        private AppendReply Decide()
        {
            var row = append.Row;
            var id = Columns.Id(row.Id);
            var stored = Statements.Set(sql.SeqOf, id).ExecuteScalar();
            if (append.ExpectedSeq == 0)
            {
                if (stored is not null) return new AppendReply.AlreadyExists();
                if (append.Claim is { } claim && Taken(claim) is { } taken) return taken;
            }
            else if (stored is not long seq || seq != append.ExpectedSeq)
            {
                return new AppendReply.Conflict(stored is long other ? (int)other : 0);
            }

            if (append.Park && append.ExpectedSeq > 0 && HasMail(id)) return new AppendReply.HasMail();
            Write(row, id);
            return new AppendReply.Appended();
        }

        private AppendReply.KeyTaken? Taken(IdempotencyClaim claim)
        {
            using var r = Statements.Set(sql.FindKey, claim.Tenant.Value, claim.Scope, claim.Key).ExecuteReader();
            if (!r.Read() || r.GetInt64(2) <= now.UtcTicks) return null;
            return new AppendReply.KeyTaken(Columns.Id(r.GetFieldValue<byte[]>(0)), r.GetFieldValue<byte[]>(1).AsSpan().SequenceEqual(claim.Fingerprint));
        }

        private bool HasMail(byte[] id)
        {
            using var r = Statements.Set(sql.Mail, id).ExecuteReader();
            while (r.Read())
            {
                if (!append.InboxRead.Contains(r.GetString(0))) return true;
            }

            return false;
        }

        private void Write(RunRow row, byte[] id)
        {
            var (wake, ended) = (Columns.Ticks(row.WakeAt), Columns.Ticks(row.EndedAt));
            if (append.ExpectedSeq == 0)
            {
                Statements.Set(sql.InsertRun, id, row.Tenant.Value, row.AgentId, row.Workflow, row.Goal, (int)row.Status, Columns.Labels(row.Labels),
                    row.Seq, wake, row.Owned ? 1 : 0, row.Parent is { } parent ? Columns.Id(parent) : null, row.Attempt, row.Spent.ToMicros(),
                    row.Budget?.ToMicros(), row.CreatedAt.UtcTicks, row.UpdatedAt.UtcTicks, ended, row.FailureCode, row.RootHash).ExecuteNonQuery();
                if (append.Claim is { } claim)
                    Statements.Set(sql.InsertKey, claim.Tenant.Value, claim.Scope, claim.Key, id, claim.Fingerprint, claim.ExpiresAt.UtcTicks).ExecuteNonQuery();
            }
            else
            {
                Statements.Set(sql.UpdateRun, id, row.Tenant.Value, (int)row.Status, row.Seq, wake, row.Owned ? 1 : 0, row.Attempt, row.Spent.ToMicros(),
                    row.UpdatedAt.UtcTicks, ended, row.FailureCode, row.RootHash, row.Adoptions).ExecuteNonQuery();
            }

            foreach (var entry in append.Entries)
                Statements.Set(sql.InsertEvent, id, entry.Seq, entry.Kind, entry.At.UtcTicks, entry.Body.ToArray(), entry.Chain).ExecuteNonQuery();
            foreach (var read in append.InboxRead) Statements.Set(sql.MarkRead, id, read).ExecuteNonQuery();
            foreach (var item in append.Sends) Send(sql, item);
        }
    }

    private static bool Send(Statements sql, InboxItem item)
    {
        var id = Columns.Id(item.Run);
        var isNew = Statements.Set(sql.InsertMail, id, item.Id, item.Kind, item.Body.ToArray()).ExecuteNonQuery() == 1;
        Statements.Set(sql.WakeNow, id).ExecuteNonQuery();
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
