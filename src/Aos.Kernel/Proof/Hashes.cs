using System.Buffers;
using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Aos.Kernel;

/// <summary>SHA-256 of content.</summary>
public static class ContentHash
{
    /// <summary>64 lower-case hex digits.</summary>
    public static string Hex(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    /// <summary>64 lower-case hex digits of the canonical JSON.</summary>
    public static string Hex(JsonElement value) => Hex(CanonicalJson.Bytes(value));

    /// <summary>The first 16 hex digits of the hash of the canonical JSON.</summary>
    public static string Short(JsonElement value) => Hex(value)[..16];
}

/// <summary>The hash chain over the stored bytes of a journal.</summary>
public static class ChainHash
{
    /// <summary>What the first event is chained to.</summary>
    public static byte[] Start { get; } = new byte[32];

    /// <summary>SHA-256(previous ‖ body).</summary>
    public static byte[] Next(byte[] previous, ReadOnlySpan<byte> body)
    {
        var length = previous.Length + body.Length;
        var rented = ArrayPool<byte>.Shared.Rent(length);
        previous.CopyTo(rented, 0);
        body.CopyTo(rented.AsSpan(previous.Length));
        var hash = SHA256.HashData(rented.AsSpan(0, length));
        ArrayPool<byte>.Shared.Return(rented);
        return hash;
    }
}

/// <summary>Seeds of steps.</summary>
public static class Seeds
{
    /// <summary>The first 16 hex digits of SHA-256("base:index") as an unsigned 64-bit number.</summary>
    public static ulong Step(ulong runSeed, int index) => First(string.Create(CultureInfo.InvariantCulture, $"{runSeed}:{index}"));

    /// <summary>Seed of a run that was given none: from its id.</summary>
    public static ulong OfRun(RunId run) => First(run.ToString());

    private static ulong First(string text)
    {
        Span<byte> hash = stackalloc byte[32];
        SHA256.HashData(Encoding.UTF8.GetBytes(text), hash);
        return System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(hash);
    }
}

/// <summary>The default idempotency key of an effect.</summary>
public static class EffectKey
{
    /// <summary>64 hex digits of SHA-256 over run, step, item and generation: the same at every repeat of the same order.</summary>
    public static string Of(RunId run, EffectId effect) => ContentHash.Hex(Encoding.UTF8.GetBytes($"effect:{run}:{effect}"));
}

/// <summary>Delays between tries.</summary>
public static class Backoff
{
    /// <summary>
    /// Delay after the try with this number (from 1): backoff · factor^(try − 1), capped, with a jitter of ±10 % whose
    /// fraction is the first four bytes of SHA-256("seed:(try − 1)"), big endian, divided by 2³².
    /// </summary>
    public static TimeSpan Delay(RetryClause clause, int attempt, ulong seed)
    {
        var delay = (decimal)clause.Backoff.TotalMilliseconds;
        var cap = (decimal)clause.MaxBackoff.TotalMilliseconds;
        for (var i = 1; i < attempt && delay < cap; i++) delay *= clause.Factor;
        if (delay > cap) delay = cap;
        Span<byte> hash = stackalloc byte[32];
        SHA256.HashData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{seed}:{attempt - 1}")), hash);
        var fraction = System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(hash) / 4_294_967_296m;
        return TimeSpan.FromMilliseconds((double)decimal.Truncate(delay + (delay * 0.1m * ((2 * fraction) - 1))));
    }
}

/// <summary>
/// The hash that is equal for equal runs: over plan, inputs, seed, skill versions and, by step index, the deterministic
/// projection of every outcome. Times, costs, retries and the order in which parallel steps ended are not in it.
/// </summary>
public static class RootHash
{
    /// <summary>Changes whenever the projection does.</summary>
    public const string Schema = "aos.root.v2";

    /// <summary>64 lower-case hex digits.</summary>
    public static string Of(RunState state)
    {
        var start = state.Start!;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Add(hash, Schema);
        Add(hash, start.Plan.Hash);
        Add(hash, ContentHash.Hex(start.Inputs));
        Add(hash, start.Seed.ToString(CultureInfo.InvariantCulture));
        foreach (var step in start.Plan.Steps)
        {
            if (step.Skill is { } skill && start.Terms.TryGetValue(skill, out var terms)) Add(hash, $"{skill}@{terms.Version}");
        }

        for (var i = 0; i < state.Steps.Length; i++)
        {
            var terms = start.Plan.Steps[i].Skill is { } skill ? start.Terms.GetValueOrDefault(skill) : null;
            AddStep(hash, i, state.Steps[i], terms?.StableFields ?? []);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static void AddStep(IncrementalHash hash, int index, StepState step, ImmutableArray<string> stable)
    {
        Add(hash, string.Create(CultureInfo.InvariantCulture, $"{index}:{step.Status.Wire()}:{step.Failure?.Code}"));
        foreach (var call in step.Calls)
        {
            if (call.Outcome is not { } outcome) continue;
            Add(hash, outcome.Failure?.Code ?? "ok");
            if (outcome.Ok) AddResult(hash, outcome.Result, stable);
            foreach (var effect in outcome.SideEffects) Add(hash, $"{effect.Type}:{effect.Target}");
        }

        if (step.Calls.IsEmpty && step.Result is { } result) Add(hash, ContentHash.Hex(result));
    }

    private static void AddResult(IncrementalHash hash, JsonElement result, ImmutableArray<string> stable)
    {
        if (stable.IsEmpty || result.ValueKind != JsonValueKind.Object)
        {
            Add(hash, ContentHash.Hex(result));
            return;
        }

        foreach (var name in stable)
        {
            Add(hash, name);
            Add(hash, result.Get(name) is { } value ? ContentHash.Hex(value) : "absent");
        }
    }

    private static void Add(IncrementalHash hash, string text)
    {
        Span<byte> length = stackalloc byte[4];
        var bytes = Encoding.UTF8.GetBytes(text);
        System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(length, bytes.Length);
        hash.AppendData(length);
        hash.AppendData(bytes);
    }
}
