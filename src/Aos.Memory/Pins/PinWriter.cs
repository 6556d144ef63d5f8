using System.Data.Common;
using System.Globalization;
using Aos.Contracts;
using Aos.Kernel;
using Dapper;

namespace Aos.Memory;

/// <summary>A write as it is decided under the tenant's lock.</summary>
/// <param name="Operation">For the record: <c>put</c>, <c>patch</c>, <c>increment</c>, <c>append</c>.</param>
/// <param name="Source">Null: that of the entry.</param>
/// <param name="Next">The new value out of the stored one (null: there is none), or why there is none.</param>
internal sealed record PinWrite(string Operation, string Key, string? Source, PinTtl Ttl, PinCondition Condition, Func<PinRow?, (PinValue? Value, Failure? Refusal)> Next)
{
    /// <summary>The reservation that this write completes; null: it has no idempotency key.</summary>
    internal (RequestKey Key, string Owner)? Reservation { get; init; }
}

/// <summary>
/// Writes entries: condition, change, quota, row and record in one transaction, one writer of a tenant at a time. So what a write finds is what
/// the one before it left, on whatever node.
/// </summary>
internal sealed class PinWriter(IDatabase database, ICluster cluster, IIdempotency keys, PinAuditTable audit, RuleTable rules, PinRedaction redaction, PinOptions options, TimeProvider clock)
{
    private const string SourceOfNew = "api";

    private static readonly TimeSpan KeyLifetime = TimeSpan.FromHours(24);

    internal static string LockOf(TenantId tenant) => $"memory:{tenant.Value}";

    /// <summary>Each by itself, in their order.</summary>
    internal Task<IReadOnlyList<(PinMade? Made, Failure? Refusal)>> WriteAsync(Caller caller, IReadOnlyList<PinWrite> writes, CancellationToken cancel)
    {
        var began = clock.GetTimestamp();
        return database.For(caller.Tenant).WriteAsync<IReadOnlyList<(PinMade?, Failure?)>>(
            (connection, transaction) =>
            {
                database.Lock(connection, transaction, LockOf(caller.Tenant));
                var usage = PinUsage.Read(connection, transaction, caller.Tenant.Value);
                var ruled = rules.Of(connection, transaction, caller.Tenant);
                var done = new List<(PinMade?, Failure?)>(writes.Count);
                foreach (var write in writes)
                {
                    var now = cluster.Now;
                    var (row, before, refusal) = Write(connection, transaction, caller.Tenant, write, usage, ruled, now);
                    done.Add((row is null ? null : new PinMade(row.ToPin(), before?.ToPin()), refusal));
                    audit.Insert(connection, transaction, [Entry(caller, write, now, row, before, refusal) with { Latency = clock.GetElapsedTime(began) }]);
                }

                usage.Save(connection, transaction);
                return done;
            },
            cancel);
    }

    internal static PinRow? Stored(DbConnection connection, DbTransaction transaction, TenantId tenant, string key) => connection.QuerySingleOrDefault<PinRow>(
        $"SELECT {PinRow.Columns} FROM memory_pins WHERE tenant_id = @tenant AND key = @key", new { tenant = tenant.Value, key }, transaction);

    internal static Failure Unmet(string key, long? version) => FailureCatalog.Fail(
        "PRECONDITION_FAILED",
        version is { } now
            ? string.Create(CultureInfo.InvariantCulture, $"The entry {key} is there in version {now}, and that is not what the request asked for.")
            : $"There is no entry {key} in the memory, and the request asked for one.");

    private (PinRow? Row, PinRow? Before, Failure? Refusal) Write(DbConnection connection, DbTransaction transaction, TenantId tenant, PinWrite write, PinUsage usage, MemoryRules ruled, DateTimeOffset time)
    {
        var now = time.UtcTicks;
        var stored = Stored(connection, transaction, tenant, write.Key);
        var alive = stored?.IsOver(now) == true ? null : stored; // What is over was no entry any more: its place goes to a new one.
        if (!write.Condition.Holds(alive?.Version)) return (null, alive, Unmet(write.Key, alive?.Version));
        var (value, refusal) = Ruled(ruled, write, alive, time);
        if (value is null) return (null, alive, refusal);
        if (Full(usage, stored, value) is { } full) return (null, alive, full);
        var (ttl, expires) = Life(write.Ttl, alive, now);
        var row = new PinRow
        {
            Tenant = tenant.Value, Key = write.Key, Id = alive?.Id ?? usage.NextId(), Version = usage.NextVersion(), Bytes = value.Bytes, Source = write.Source ?? alive?.Source ?? SourceOfNew,
            TtlSeconds = ttl, ExpiresAt = expires, CreatedAt = alive?.CreatedAt ?? now, UpdatedAt = now, Value = value.Text,
        };
        if (write.Reservation is var (key, owner) && !keys.Complete(connection, transaction, key, owner, write.Key, PinAnswer.Of(row), KeyLifetime))
            return (null, alive, FailureCatalog.Fail("INVALID_STATE", $"The request with the idempotency key {key.Key} took too long and was given to another one. Ask again.", TimeSpan.FromSeconds(1)));
        usage.Add(stored is null ? 1 : 0, value.Bytes - (stored?.Bytes ?? 0));
        Upsert(connection, transaction, row);
        return (row, alive, null);
    }

    /// <summary>What the tenant's rules make of a write. What changes a stored value has its members already, so only whole values are merged.</summary>
    private (PinValue? Value, Failure? Refusal) Ruled(MemoryRules ruled, PinWrite write, PinRow? alive, DateTimeOffset now)
    {
        var (value, refusal) = write.Next(alive);
        if (value is null || ruled.Rules.IsEmpty) return (value, refusal);
        var made = ruled.Apply(write.Key, Json.Parse(value.Text), alive is null ? null : Json.Parse(alive.Value!), now, merges: write.Operation == "put");
        if (made.Value is not { } result) return (null, made.Failure);
        return made.Applied.IsEmpty ? (value, null) : PinValue.Of(result, redaction.Level, options.ValueBytesMax);
    }

    private Failure? Full(PinUsage usage, PinRow? stored, PinValue value)
    {
        if (stored is null && usage.Pins >= options.EntriesMax)
            return FailureCatalog.Fail("QUOTA_EXHAUSTED", string.Create(CultureInfo.InvariantCulture, $"The tenant has {options.EntriesMax} entries in its memory, more are not kept. aos memory delete makes room."));
        var more = value.Bytes - (stored?.Bytes ?? 0);
        return more > 0 && usage.Bytes + more > options.BytesMax
            ? FailureCatalog.Fail("QUOTA_EXHAUSTED", string.Create(CultureInfo.InvariantCulture, $"The tenant's memory would hold {usage.Bytes + more} bytes, {options.BytesMax} are the most. aos memory delete makes room."))
            : null;
    }

    private static (long? Ttl, long? Expires) Life(PinTtl ttl, PinRow? alive, long now)
    {
        if (ttl.Rule == PinTtlRule.Kept) return (alive?.TtlSeconds, alive?.ExpiresAt);
        var seconds = ttl.Rule == PinTtlRule.Given ? ttl.Seconds : alive?.TtlSeconds;
        return (seconds, seconds is { } some ? now + (some * TimeSpan.TicksPerSecond) : null);
    }

    private static void Upsert(DbConnection connection, DbTransaction transaction, PinRow row) => connection.Execute(
        """
        INSERT INTO memory_pins (tenant_id, key, id, version, bytes, source, ttl_seconds, expires_at, created_at, updated_at, value)
        VALUES (@Tenant, @Key, @Id, @Version, @Bytes, @Source, @TtlSeconds, @ExpiresAt, @CreatedAt, @UpdatedAt, @Value)
        ON CONFLICT (tenant_id, key) DO UPDATE SET id = excluded.id, version = excluded.version, bytes = excluded.bytes, source = excluded.source, ttl_seconds = excluded.ttl_seconds,
          expires_at = excluded.expires_at, created_at = excluded.created_at, updated_at = excluded.updated_at, value = excluded.value
        """,
        row, transaction);

    private static PinAuditEntry Entry(Caller caller, PinWrite write, DateTimeOffset now, PinRow? row, PinRow? before, Failure? refusal) =>
        new(caller.Tenant, now, write.Operation, write.Key, caller.Principal, refusal is null ? "success" : "refused")
        {
            Source = row?.Source ?? write.Source, Code = refusal?.Code, Version = row?.Version ?? before?.Version, Before = Hash(before), After = Hash(row),
        };

    private static string? Hash(PinRow? row) => row is null ? null : PinRow.HashOf(row.Value!);
}
