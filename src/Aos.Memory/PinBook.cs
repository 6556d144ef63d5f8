using System.Text;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Memory;

/// <summary>What is hidden in an entry before it is written.</summary>
internal sealed record PinRedaction(Redaction Level);

/// <summary>Implements the door of the memory room.</summary>
internal sealed class PinBook(PinTable table, PinMeter meter, PinRedaction redaction) : IMemory
{
    private const int SourceMax = 64;

    public async Task<(PinMade? Made, Failure? Refusal)> PutAsync(Caller caller, PinWish wish, CancellationToken cancel)
    {
        if (wish.Value.ValueKind == JsonValueKind.Object) wish = wish with { Value = Redactor.RedactAll(wish.Value, redaction.Level) };
        var problem = Problem(wish);
        var (made, refusal) = problem is null ? await table.PutAsync(caller.Tenant, wish, CanonicalJson.Text(wish.Value), cancel) : (null, problem);
        meter.Done("put", refusal is null ? "success" : "refused");
        return (made, refusal);
    }

    public async Task<Pin?> FindAsync(Caller caller, string key, CancellationToken cancel) => Seen("get", await table.FindAsync(caller.Tenant, key, cancel));

    public async Task<PinPage> ListAsync(Caller caller, PinFilter filter, CancellationToken cancel)
    {
        var page = await table.ListAsync(caller.Tenant, filter, cancel);
        meter.Done("list", "success");
        return page;
    }

    public async Task<Pin?> DeleteAsync(Caller caller, string key, CancellationToken cancel) => Seen("delete", await table.DeleteAsync(caller.Tenant, key, cancel));

    public async Task<int> CleanupAsync(Caller caller, CancellationToken cancel)
    {
        var count = await table.CleanupAsync(caller.Tenant, cancel);
        meter.Done("cleanup", "success");
        return count;
    }

    public async Task<IReadOnlyList<JsonElement?>> ReadAsync(TenantId tenant, IReadOnlyList<string> keys, CancellationToken cancel)
    {
        var found = await table.ReadAsync(tenant, keys, cancel);
        var values = new List<JsonElement?>(keys.Count);
        foreach (var key in keys) values.Add(found.TryGetValue(key, out var value) ? value : null);
        foreach (var value in values) meter.Done("run_read", value is null ? "absent" : "success");
        return values;
    }

    private Pin? Seen(string operation, Pin? pin)
    {
        meter.Done(operation, pin is null ? "absent" : "success");
        return pin;
    }

    private static Failure? Problem(PinWish wish)
    {
        if (MemoryKey.Problem(wish.Key) is { } wrong) return Wrong($"key: {wrong}.");
        if (wish.Value.ValueKind != JsonValueKind.Object) return Wrong("value: an entry of memory is an object.");
        if (wish.Source.Length is 0 or > SourceMax) return Wrong($"source: 1 to {SourceMax} characters.");
        if (wish.TtlSeconds is < 0 or > IMemory.TtlSecondsMax) return Wrong($"ttl_seconds: a whole number from 0 to {IMemory.TtlSecondsMax}.");
        var bytes = Encoding.UTF8.GetByteCount(CanonicalJson.Text(wish.Value));
        return bytes > IMemory.ValueBytesMax ? FailureCatalog.Fail("INPUT_TOO_LARGE", $"value: {bytes} bytes, {IMemory.ValueBytesMax} are the most.") : null;
    }

    private static Failure Wrong(string message) => FailureCatalog.Fail("INVALID_INPUT", message);
}
