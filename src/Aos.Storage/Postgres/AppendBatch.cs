using System.Globalization;
using Aos.Contracts;
using Aos.Kernel;
using Npgsql;
using NpgsqlTypes;

namespace Aos.Storage;

/// <summary>
/// The appends and letters of a batch as one call of <see cref="AppendFunction"/>: the fence first, then what may collide with another node
/// (idempotency keys, ids of new runs), then everything else for the runs that were accepted. Runs that are refused write nothing,
/// and the rest goes on. Buffers are kept from batch to batch.
/// </summary>
internal sealed class AppendBatch : IDisposable
{
    private const int SecondsMax = 10;
    private readonly NpgsqlParameter<Guid?> node = new() { NpgsqlDbType = NpgsqlDbType.Uuid };
    private readonly NpgsqlParameter<long> now = new();
    private readonly KeyColumns keys = new();
    private readonly FreshColumns fresh = new();
    private readonly KnownColumns known = new();
    private readonly EventColumns events = new();
    private readonly AnswerColumns answers = new();
    private readonly OutboxColumns outbox = new();
    private readonly SendColumns sends = new();
    private readonly BatchColumns[] parts;
    private readonly FailureColumns failures = new();
    private readonly RecoveryColumns recoveries = new();
    private readonly MoneyBatch money = new();
    private readonly HashSet<(RunId Run, string Id)> sent = [];
    private readonly NpgsqlBatch batch = new();
    private readonly NpgsqlBatchCommand command = new();
    private readonly NpgsqlBatchCommand failing = new(FailureRows.PostgresInsert);
    private readonly NpgsqlBatchCommand recovering = new(FailureRows.PostgresRecover);

    internal AppendBatch()
    {
        parts = [keys, fresh, known, events, answers, outbox, sends];
        foreach (var parameter in parts.SelectMany(part => part.Parameters).Prepend(now).Prepend(node)) command.Parameters.Add(parameter);
        var places = Enumerable.Range(1, command.Parameters.Count).Select(place => string.Create(CultureInfo.InvariantCulture, $"${place}"));
        command.CommandText = $"SELECT * FROM {AppendFunction.Name}({string.Join(", ", places)})";
        foreach (var parameter in failures.Parameters) failing.Parameters.Add(parameter);
        foreach (var parameter in recoveries.Parameters) recovering.Parameters.Add(parameter);
        batch.Timeout = SecondsMax;
    }

    internal bool IsEmpty => !HasAppends && sends.Count == 0;

    internal bool HasAppends => fresh.Count + known.Count > 0;

    public void Dispose() => batch.Dispose();

    internal void Add(JournalAppend append)
    {
        if (append.ExpectedSeq == 0) AddFresh(append);
        else known.Add(append);
        foreach (var entry in append.Entries) events.Add(append.Row.Id, entry);
        foreach (var answer in append.Answers) answers.Add(append.Row.Id, answer);
        foreach (var item in append.Outbox) outbox.Add(append.Row.Id, item);
        foreach (var item in append.Sends) Add(item, append);
        foreach (var failed in append.Failures) failures.Add(failed, FailureRows.Chain(append, failed.Seq));
        foreach (var one in append.Recovered) recoveries.Add(one, FailureRows.Chain(append, one.Seq));
        if (append.Money is { } paid) money.Add(append, paid);
    }

    internal void Add(InboxItem item, JournalAppend? of)
    {
        if (sent.Add((item.Run, item.Id))) sends.Add(item, of);
    }

    internal void Clear()
    {
        foreach (var part in parts) part.Clear();
        failures.Clear();
        recoveries.Clear();
        money.Clear();
        sent.Clear();
    }

    internal async Task<BatchReply> ExecuteAsync(NpgsqlConnection connection, NodeId by, DateTimeOffset at, CancellationToken cancel)
    {
        // Without appends there is nothing that a fence could hold up: anybody may send a letter.
        node.TypedValue = HasAppends ? by.Value : null;
        now.TypedValue = at.UtcTicks;
        Compose();
        batch.Connection = connection;
        await using var reader = await batch.ExecuteReaderAsync(cancel);
        await reader.ReadAsync(cancel);
        var reply = new BatchReply(reader.GetBoolean(0), [.. Read<Guid>(reader, 1)], [.. Read<Guid>(reader, 2).Zip(Read<string>(reader, 3))]);
        // The commit's own errors come with the end of the answer.
        while (await reader.NextResultAsync(cancel))
        {
        }

        return reply;
    }

    /// <summary>
    /// Statements that are sent together up to one Sync are one transaction. Failures and paid calls are rare: a batch without any is the one call.
    /// </summary>
    private void Compose()
    {
        batch.BatchCommands.Clear();
        batch.BatchCommands.Add(command);
        if (failures.Count > 0) batch.BatchCommands.Add(failing);
        if (recoveries.Count > 0) batch.BatchCommands.Add(recovering);
        money.Compose(batch.BatchCommands);
    }

    private void AddFresh(JournalAppend append)
    {
        fresh.Add(append.Row, append.Claim is not null);
        if (append.Claim is { } claim) keys.Add(claim, append.Row.Id);
    }

    private static T[] Read<T>(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? [] : reader.GetFieldValue<T[]>(column);
}

/// <summary>What came of a batch.</summary>
/// <param name="Held">False: the node is fenced, and no append was written.</param>
/// <param name="Accepted">Runs whose appends were written.</param>
/// <param name="Sent">Letters that were new: run and id.</param>
internal sealed record BatchReply(bool Held, HashSet<Guid> Accepted, HashSet<(Guid Run, string Id)> Sent);
