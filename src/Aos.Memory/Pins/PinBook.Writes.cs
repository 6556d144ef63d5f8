using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Memory;

internal sealed partial class PinBook
{
    private const int SourceMax = 64;
    private const string KeyScope = "memory";

    /// <summary>A reservation whose write does not come to its end is free again after it.</summary>
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan FailedLifetime = TimeSpan.FromMinutes(10);

    public async Task<(PinMade? Made, Failure? Refusal)> PutAsync(Caller caller, PinWish wish, CancellationToken cancel)
    {
        var (write, refusal) = Read(wish);
        return await WriteAsync(caller, "put", wish.Key, write, refusal, wish.IdempotencyKey, () => Told(wish), cancel);
    }

    public async Task<IReadOnlyList<(PinMade? Made, Failure? Refusal)>> PutAllAsync(Caller caller, IReadOnlyList<PinWish> wishes, bool dryRun, CancellationToken cancel)
    {
        if (wishes.Count > IPins.BatchMax) throw new ArgumentOutOfRangeException(nameof(wishes), wishes.Count, $"At most {IPins.BatchMax} at once.");
        var (began, denied) = (clock.GetTimestamp(), Denied(caller));
        List<(PinWrite? Write, Failure? Refusal)> read = [.. wishes.Select(wish => denied is null ? Read(wish) : ((PinWrite?)null, denied))];
        var writes = read.Where(one => one.Write is not null).Select(one => one.Write!).ToList();
        if (dryRun) return [.. read.Select(one => ((PinMade?)null, one.Refusal))];
        var done = new Queue<(PinMade? Made, Failure? Refusal)>(writes.Count == 0 ? [] : await writer.WriteAsync(caller, writes, cancel));
        List<(PinMade? Made, Failure? Refusal)> replies = [.. read.Select(one => one.Write is null ? ((PinMade?)null, one.Refusal) : done.Dequeue())];
        for (var i = 0; i < replies.Count; i++)
        {
            Wrote(caller.Tenant, wishes[i].Key, "put", replies[i].Made, began);
            if (read[i].Write is null) Refused(caller, "put", wishes[i].Key, wishes[i].Source, replies[i].Refusal!, began);
        }

        return replies;
    }

    public async Task<(PinMade? Made, Failure? Refusal)> ChangeAsync(Caller caller, PinChange change, CancellationToken cancel)
    {
        var operation = change.Edits switch
        {
            [PinEdit.Increment] => "increment",
            [PinEdit.Append] => "append",
            _ => "patch",
        };
        var refusal = KeyProblem(change.Key) ?? SourceProblem(change.Source) ?? TtlProblem(change.Ttl.Seconds) ?? PinEdits.Problem(change.Edits);
        var write = new PinWrite(operation, change.Key, change.Source, change.Ttl, change.Condition, before => Next(change, before));
        return await WriteAsync(caller, operation, change.Key, refusal is null ? write : null, refusal, change.IdempotencyKey, () => Told(change), cancel);
    }

    public async Task<(Pin? Gone, Failure? Refusal)> DeleteAsync(Caller caller, string key, PinCondition condition, CancellationToken cancel)
    {
        var began = clock.GetTimestamp();
        if (Denied(caller) is { } denied)
        {
            Refused(caller, "delete", key, null, denied, began);
            return (null, denied);
        }

        var (gone, refusal) = await remover.DeleteAsync(caller, key, condition, cancel);
        cache.Drop(caller.Tenant, key);
        meter.Done("delete", refusal is not null ? "refused" : gone is null ? "absent" : "success", clock.GetElapsedTime(began), "delete");
        return (gone, refusal);
    }

    public async Task<(int Removed, Failure? Refusal)> CleanupAsync(Caller caller, CancellationToken cancel)
    {
        var began = clock.GetTimestamp();
        if (Denied(caller) is { } denied)
        {
            Refused(caller, "cleanup", "", null, denied, began);
            return (0, denied);
        }

        var count = await remover.CleanupAsync(caller, "cleanup", cancel);
        meter.Done("cleanup", "success", clock.GetElapsedTime(began));
        return (count, null);
    }

    /// <summary>One write, done once under its idempotency key where it has one.</summary>
    private async Task<(PinMade? Made, Failure? Refusal)> WriteAsync(
        Caller caller, string operation, string key, PinWrite? write, Failure? refusal, string? idempotencyKey, Func<JsonElement> told, CancellationToken cancel)
    {
        var began = clock.GetTimestamp();
        refusal = Denied(caller) ?? refusal;
        if (refusal is not null)
        {
            Refused(caller, operation, key, write?.Source, refusal, began);
            return (null, refusal);
        }

        var (made, refused) = idempotencyKey is null
            ? (await writer.WriteAsync(caller, [write!], cancel))[0]
            : await OnceAsync(caller, write!, new RequestKey(caller.Tenant, KeyScope, idempotencyKey), told(), cancel);
        Wrote(caller.Tenant, key, operation, made, began);
        return (made, refused);
    }

    private async Task<(PinMade? Made, Failure? Refusal)> OnceAsync(Caller caller, PinWrite write, RequestKey key, JsonElement told, CancellationToken cancel)
    {
        var owner = Guid.CreateVersion7(cluster.Now).ToString("D");
        switch (await keys.ReserveAsync(key, SHA256.HashData(CanonicalJson.Bytes(told)), owner, Lease, cancel))
        {
            case KeyReply.Repeat repeat:
                return (new PinMade(PinAnswer.Read(repeat.Answer), null) { IsRepeat = true }, null);
            case KeyReply.Conflict:
                return (null, FailureCatalog.Fail("IDEMPOTENCY_CONFLICT", $"The idempotency key {key.Key} was used for another write of the memory."));
            case KeyReply.AtWork work:
                return (null, FailureCatalog.Fail("INVALID_STATE", $"A request with the idempotency key {key.Key} is at work; it is over by {work.Until:O}. Ask again.", TimeSpan.FromSeconds(1)));
        }

        var isDone = false;
        try
        {
            var result = (await writer.WriteAsync(caller, [write with { Reservation = (key, owner) }], cancel))[0];
            isDone = result.Made is not null;
            return result;
        }
        finally
        {
            if (!isDone) await keys.FailAsync(key, owner, FailedLifetime, CancellationToken.None);
        }
    }

    private (PinWrite? Write, Failure? Refusal) Read(PinWish wish)
    {
        if ((KeyProblem(wish.Key) ?? SourceProblem(wish.Source) ?? TtlProblem(wish.TtlSeconds)) is { } problem) return (null, problem);
        var (value, refusal) = PinValue.Of(wish.Value, redaction.Level, options.ValueBytesMax);
        if (value is null) return (null, refusal);
        var ttl = wish.KeepsTtl ? new PinTtl(PinTtlRule.Kept) : new PinTtl(PinTtlRule.Given, wish.TtlSeconds);
        return (new PinWrite("put", wish.Key, wish.Source, ttl, wish.Condition, _ => (value, null)), null);
    }

    private (PinValue? Value, Failure? Refusal) Next(PinChange change, PinRow? before)
    {
        if (before is null && !change.Creates) return (null, FailureCatalog.Fail("NOT_FOUND", $"There is no entry {change.Key} in the memory; with create it is made."));
        var (value, refusal) = PinEdits.Apply(before is null ? Json.EmptyObject : Json.Parse(before.Value!), change.Edits, change.Creates);
        return refusal is null ? PinValue.Of(value, redaction.Level, options.ValueBytesMax) : (null, refusal);
    }

    private static Failure? Denied(Caller caller) => caller.Tenant == IPins.Shared && !caller.IsHouse
        ? FailureCatalog.Fail("PERMISSION_DENIED", $"Entries of the tenant {IPins.Shared} are what others read; only a caller of the house writes them.")
        : null;

    private void Wrote(TenantId tenant, string key, string operation, PinMade? made, long began)
    {
        if (made is { IsRepeat: false })
        {
            cache.Drop(tenant, key); // The next read fills it anew.
            meter.Wrote(made.After.Value.Bytes());
        }

        meter.Done(operation, made is null ? "refused" : "success", clock.GetElapsedTime(began), "write");
    }

    private void Refused(Caller caller, string operation, string key, string? source, Failure refusal, long began)
    {
        meter.Done(operation, "refused", clock.GetElapsedTime(began));
        audit.Add(Entry(caller.Tenant, operation, Short(key), caller.Principal, "refused") with { Source = source is { Length: > SourceMax } ? source[..SourceMax] : source, Code = refusal.Code, Latency = clock.GetElapsedTime(began) });
    }

    /// <summary>What is no key at all is put on record by its beginning, without what no store can keep.</summary>
    private static string Short(string key) => (key.Length > MemoryKey.CharsMax ? key[..MemoryKey.CharsMax] : key).Replace("\0", "", StringComparison.Ordinal);

    private static Failure? KeyProblem(string key) => MemoryKey.Problem(key) is { } wrong ? PinValue.Wrong($"key: {wrong}.") : null;

    private static Failure? SourceProblem(string? source) => source is { Length: 0 or > SourceMax } ? PinValue.Wrong($"source: 1 to {SourceMax} characters.") : null;

    private static Failure? TtlProblem(int? seconds) => seconds is < 0 or > IPins.TtlSecondsMax ? PinValue.Wrong($"ttl_seconds: a whole number from 0 to {IPins.TtlSecondsMax}.") : null;

    private static JsonElement Told(PinWish wish) => Json.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("put", wish.Key);
        writer.WriteString("value", CanonicalJson.Text(wish.Value));
        writer.WriteString("source", wish.Source);
        writer.WriteString("ttl", $"{wish.TtlSeconds} {wish.KeepsTtl}");
        writer.WriteString("condition", Told(wish.Condition));
        writer.WriteEndObject();
    });

    private static JsonElement Told(PinChange change) => Json.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("change", change.Key);
        writer.WriteStartArray("edits");
        foreach (var edit in change.Edits) writer.WriteStringValue(Told(edit));
        writer.WriteEndArray();
        writer.WriteString("source", change.Source);
        writer.WriteString("ttl", $"{change.Ttl.Rule} {change.Ttl.Seconds} {change.Creates}");
        writer.WriteString("condition", Told(change.Condition));
        writer.WriteEndObject();
    });

    private static string Told(PinEdit edit) => edit switch
    {
        PinEdit.Merge merge => $"merge {CanonicalJson.Text(merge.Patch)}",
        PinEdit.Increment increment => $"increment {increment.Path} {CanonicalJson.Number(increment.By)}",
        PinEdit.Append append => $"append {append.Path} {CanonicalJson.Text(append.Items)} {append.ItemsMax}",
        _ => throw new InvariantBrokenException($"There is no edit {edit}."),
    };

    private static string Told(PinCondition condition) => $"{condition.IsThere} {string.Join(',', condition.Versions ?? ImmutableArray<long>.Empty)}";
}
