using System.Collections.Concurrent;
using Aos.Contracts;
using Npgsql;

namespace Aos.Storage;

/// <summary>
/// Limits as rows of PostgreSQL, by its clock. Tokens are leased in small lots, and penalties are read at most twice a second for all
/// calls together: a hot path makes no statement a call.
/// </summary>
internal sealed class PostgresLimits(PostgresPool pool, TimeProvider clock) : ILimitStore, IChore, IDisposable
{
    /// <summary>Nobody tells a node that a slot was given back on another one: it looks again so often while a call waits for it.</summary>
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(250);

    private static readonly TimeSpan PenaltiesFresh = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private readonly TokenStash stash = new(clock);
    private readonly ConcurrentDictionary<string, Lazy<Task>> leasing = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim reading = new(1, 1);
    private volatile Penalties penalties = new(0, new Dictionary<string, TimeSpan>());

    public event Action<string>? Freed;

    string ILimitStore.Name => "postgres";

    string IChore.Name => "limits.sweep";

    public TimeSpan Interval => TimeSpan.FromHours(1);

    public override string ToString() => $"postgres://{pool.Address}";

    public void Dispose() => reading.Dispose();

    public async Task<int> PassAsync(CancellationToken cancel)
    {
        await using var command = pool.Source.CreateCommand(LimitStatements.Sweep);
        return (int)(long)(await command.ExecuteScalarAsync(cancel))!;
    }

    public Task PingAsync(CancellationToken cancel) => RunAsync("SELECT 1", cancel);

    public async Task<TakeReply> TakeAsync(IReadOnlyList<Want> wants, CancellationToken cancel)
    {
        var known = await PenaltiesAsync(cancel);
        for (var i = 0; i < wants.Count && known.Ends.Count > 0; i++)
        {
            if (known.Ends.TryGetValue(wants[i].Key.Value, out var end) && clock.GetElapsedTime(known.At) < end) return new TakeReply(i, end - clock.GetElapsedTime(known.At));
        }

        while (true)
        {
            if (stash.Take(wants, out var lacking) is { } reply) return reply;
            await LeaseAsync(wants[lacking]).WaitAsync(Patience, clock, cancel);
        }
    }

    public async Task GiveBackAsync(Want want, CancellationToken cancel)
    {
        if (want.Rate is not { } rate) return;
        await RunAsync(LimitStatements.GiveBack, cancel, want.Key.Value, (double)rate.Burst, PerSecond(rate), (double)want.Amount);
        stash.Reopen(want.Key);
    }

    public async Task<TimeSpan?> HoldAsync(Slot slot, CancellationToken cancel)
    {
        await using var connection = await pool.OpenAsync(cancel);
        await using var transaction = await connection.BeginTransactionAsync(cancel);
        await using var batch = new NpgsqlBatch(connection, transaction)
        {
            BatchCommands =
            {
                Batched(LimitStatements.LockSlots, slot.Key.Value),
                Batched(LimitStatements.Hold, slot.Key.Value, slot.Holder, (long)slot.Places, slot.Lease.TotalSeconds),
            },
        };
        bool isHeld;
        await using (var reader = await batch.ExecuteReaderAsync(cancel).WaitAsync(Patience, clock, cancel))
        {
            await reader.NextResultAsync(cancel);
            isHeld = await reader.ReadAsync(cancel);
        }

        await transaction.CommitAsync(cancel);
        return isHeld ? null : LookAgain;
    }

    public Task RenewAsync(IReadOnlyList<Slot> slots, CancellationToken cancel) => RunAsync(
        LimitStatements.Renew, cancel, slots.Select(slot => slot.Key.Value).ToArray(), slots.Select(slot => slot.Holder).ToArray(), slots.Select(slot => slot.Lease.TotalSeconds).ToArray());

    public async Task ReleaseAsync(Slot slot, CancellationToken cancel)
    {
        if (await RunAsync(LimitStatements.Release, cancel, slot.Key.Value, slot.Holder) > 0) Freed?.Invoke(slot.Key.Value);
    }

    public Task PenaliseAsync(LimitKey key, TimeSpan time, CancellationToken cancel) => RunAsync(LimitStatements.Penalise, cancel, key.Value, time.TotalSeconds);

    private static double PerSecond(RateLimit rate) => rate.Amount / rate.Per.TotalSeconds;

    /// <summary>One statement at a time for a key; all who lack its tokens wait for the same one.</summary>
    private Task LeaseAsync(Want want) =>
        leasing.GetOrAdd(want.Key.Value, _ => new Lazy<Task>(() => LeaseOnceAsync(want))).Value;

    private async Task LeaseOnceAsync(Want want)
    {
        try
        {
            await Task.Yield();
            var rate = want.Rate!.Value;
            var (needed, wished) = stash.Lack(want, rate);
            if (needed <= 0) return;
            await using var command = Command(LimitStatements.Take, want.Key.Value, (double)rate.Burst, PerSecond(rate), needed, wished);
            await using var reader = await command.ExecuteReaderAsync();
            await reader.ReadAsync();
            var (granted, left) = (reader.GetDouble(0), reader.GetDouble(1));
            stash.Add(want.Key, granted, left, granted > 0 ? TimeSpan.Zero : TimeSpan.FromSeconds(Math.Max(0.001, (needed - left) / PerSecond(rate))));
        }
        finally
        {
            leasing.TryRemove(want.Key.Value, out _);
        }
    }

    private async Task<Penalties> PenaltiesAsync(CancellationToken cancel)
    {
        if (IsFresh(penalties)) return penalties;
        await reading.WaitAsync(cancel);
        try
        {
            if (IsFresh(penalties)) return penalties;
            var at = clock.GetTimestamp();
            var ends = new Dictionary<string, TimeSpan>(StringComparer.Ordinal);
            await using var command = Command(LimitStatements.Penalties);
            await using var reader = await command.ExecuteReaderAsync(cancel).WaitAsync(Patience, clock, cancel);
            while (await reader.ReadAsync(cancel)) ends[reader.GetString(0)] = TimeSpan.FromSeconds(reader.GetDouble(1));
            return penalties = new Penalties(at, ends);
        }
        finally
        {
            reading.Release();
        }
    }

    private bool IsFresh(Penalties read) => read.At != 0 && clock.GetElapsedTime(read.At) < PenaltiesFresh;

    private async Task<int> RunAsync(string sql, CancellationToken cancel, params object[] values)
    {
        await using var command = Command(sql, values);
        return await command.ExecuteNonQueryAsync(cancel).WaitAsync(Patience, clock, cancel);
    }

    private NpgsqlCommand Command(string sql, params object[] values)
    {
        var command = pool.Source.CreateCommand(sql);
        foreach (var value in values) command.Parameters.Add(new NpgsqlParameter { Value = value });
        return command;
    }

    private static NpgsqlBatchCommand Batched(string sql, params object[] values)
    {
        var command = new NpgsqlBatchCommand(sql);
        foreach (var value in values) command.Parameters.Add(new NpgsqlParameter { Value = value });
        return command;
    }

    /// <param name="At">When they were read; 0: never.</param>
    /// <param name="Ends">By key: how long after that they end.</param>
    private sealed record Penalties(long At, IReadOnlyDictionary<string, TimeSpan> Ends);
}
