using Aos.Contracts;
using Aos.Kernel;
using Npgsql;

namespace Aos.Storage;

/// <summary>Why appends were refused, read in a later statement: the one that refused them may have seen an older row than its condition did.</summary>
internal static class Refusals
{
    private sealed record Stored(int Seq, Guid? Owner, long InboxHead, byte[]? Chain);

    /// <summary>Returns what has to go again, because nothing stands against it any more.</summary>
    internal static async Task<List<JournalWork>> TellAsync(NpgsqlConnection connection, List<AppendWork> refused, StoreMeter meter, CancellationToken cancel)
    {
        var again = new List<JournalWork>();
        foreach (var work in refused)
        {
            var stored = await StoredAsync(connection, work.Append, cancel);
            var key = work.Append is { ExpectedSeq: 0, Claim: { } claim } ? await HolderAsync(connection, claim, cancel) : null;
            var reply = Reason(work, stored, key);
            if (reply is AppendReply.Fenced) meter.Fenced(1);
            if (reply is null) again.Add(work);
            else work.Done(reply);
        }

        return again;
    }

    private static AppendReply? Reason(AppendWork work, Stored? stored, AppendReply.KeyTaken? key)
    {
        var append = work.Append;
        if (work.InDoubt && stored?.Chain is { } chain && append.Entries is [.., var last] && chain.AsSpan().SequenceEqual(last.Chain)) return new AppendReply.Appended();
        if (append.ExpectedSeq == 0)
        {
            if (stored is not null) return new AppendReply.AlreadyExists();
            return key is not null && key.By != append.Row.Id ? key : null;
        }

        if (stored is null) return new AppendReply.Conflict(0);
        if (stored.Seq != append.ExpectedSeq) return new AppendReply.Conflict(stored.Seq);
        if (stored.Owner != work.Node.Value)
        {
            // A park without events leaves nothing to know it by; whoever has the run now, it is not driven here.
            return work.InDoubt && append is { Park: true, Entries.Count: 0 } ? new AppendReply.Appended() : new AppendReply.Fenced();
        }

        return append.Park && stored.InboxHead > append.Row.InboxRead ? new AppendReply.HasMail() : null;
    }

    private static async Task<Stored?> StoredAsync(NpgsqlConnection connection, JournalAppend append, CancellationToken cancel)
    {
        await using var select = new NpgsqlCommand(
            """
            SELECT r.last_seq, r.owner, r.inbox_head, (SELECT j.chain FROM journal j WHERE j.run_id = r.id AND j.seq = $3)
            FROM runs r WHERE r.id = $1 AND r.tenant_id = $2
            """,
            connection)
        {
            Parameters =
            {
                new NpgsqlParameter<Guid> { TypedValue = append.Row.Id.Value }, new NpgsqlParameter<string> { TypedValue = append.Row.Tenant.Value },
                new NpgsqlParameter<int> { TypedValue = append.Row.Seq },
            },
        };
        await using var r = await select.ExecuteReaderAsync(cancel);
        if (!await r.ReadAsync(cancel)) return null;
        return new Stored(r.GetInt32(0), r.IsDBNull(1) ? null : r.GetGuid(1), r.GetInt64(2), r.IsDBNull(3) ? null : r.GetFieldValue<byte[]>(3));
    }

    private static async Task<AppendReply.KeyTaken?> HolderAsync(NpgsqlConnection connection, IdempotencyClaim claim, CancellationToken cancel)
    {
        await using var select = new NpgsqlCommand("SELECT run_id, fingerprint FROM idempotency WHERE tenant_id = $1 AND scope = $2 AND key = $3", connection)
        {
            Parameters =
            {
                new NpgsqlParameter<string> { TypedValue = claim.Tenant.Value }, new NpgsqlParameter<string> { TypedValue = claim.Scope },
                new NpgsqlParameter<string> { TypedValue = claim.Key },
            },
        };
        await using var r = await select.ExecuteReaderAsync(cancel);
        return await r.ReadAsync(cancel)
            ? new AppendReply.KeyTaken(new RunId(r.GetGuid(0)), r.GetFieldValue<byte[]>(1).AsSpan().SequenceEqual(claim.Fingerprint))
            : null;
    }
}
