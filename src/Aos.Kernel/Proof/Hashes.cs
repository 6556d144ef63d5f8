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
    public static string Hex(ReadOnlySpan<byte> bytes)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        Digest.Of(bytes, hash);
        return Convert.ToHexStringLower(hash);
    }

    /// <summary>64 lower-case hex digits of the canonical JSON.</summary>
    public static string Hex(JsonElement value)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        Of(value, hash);
        return Convert.ToHexStringLower(hash);
    }

    /// <summary>The first 16 hex digits of the hash of the canonical JSON.</summary>
    public static string Short(JsonElement value)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        Of(value, hash);
        return Convert.ToHexStringLower(hash[..8]);
    }

    /// <summary>The hash of the canonical JSON.</summary>
    internal static void Of(JsonElement value, Span<byte> hash)
    {
        var canonical = Scratch.Take();
        CanonicalJson.Write(canonical, value);
        Digest.Of(canonical.WrittenSpan, hash);
        Scratch.Give(canonical);
    }
}

/// <summary>SHA-256 with one context a thread: making a context costs more than hashing a short text.</summary>
internal static class Digest
{
    [ThreadStatic]
    private static IncrementalHash? context;

    /// <summary>The hash of the first bytes followed by the second.</summary>
    /// <param name="hash">32 bytes.</param>
    internal static void Of(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, Span<byte> hash)
    {
        var digest = context ??= IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        digest.AppendData(first);
        if (!second.IsEmpty) digest.AppendData(second);
        digest.GetHashAndReset(hash);
    }

    internal static void Of(ReadOnlySpan<byte> bytes, Span<byte> hash) => Of(bytes, default, hash);
}

/// <summary>Memory for bytes that are only hashed: each thread uses its own again.</summary>
internal static class Scratch
{
    private const int KeptMax = 1024 * 1024;

    [ThreadStatic]
    private static ArrayBufferWriter<byte>? kept;

    [ThreadStatic]
    private static ArrayBufferWriter<byte>? second; // A hash within a hash.

    /// <summary>Empty. Not returned, it is lost, and nothing else.</summary>
    internal static ArrayBufferWriter<byte> Take()
    {
        var taken = kept ?? new ArrayBufferWriter<byte>(1024);
        (kept, second) = (second, null);
        taken.ResetWrittenCount();
        return taken;
    }

    internal static void Give(ArrayBufferWriter<byte> taken)
    {
        if (taken.Capacity <= KeptMax) (kept, second) = (taken, kept);
    }
}

/// <summary>The hash chain over the stored bytes of a journal.</summary>
public static class ChainHash
{
    /// <summary>What the first event is chained to.</summary>
    public static byte[] Start { get; } = new byte[32];

    /// <summary>SHA-256(previous ‖ body).</summary>
    public static byte[] Next(byte[] previous, ReadOnlySpan<byte> body)
    {
        var hash = new byte[SHA256.HashSizeInBytes];
        Digest.Of(previous, body, hash);
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
        Digest.Of(Encoding.UTF8.GetBytes(text), hash);
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
        var delay = Steady(clause, attempt);
        Span<byte> hash = stackalloc byte[32];
        SHA256.HashData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{seed}:{attempt - 1}")), hash);
        var fraction = System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(hash) / 4_294_967_296m;
        return TimeSpan.FromMilliseconds((double)decimal.Truncate(delay + (delay * 0.1m * ((2 * fraction) - 1))));
    }

    /// <summary>The same without its jitter, milliseconds.</summary>
    public static decimal Steady(RetryClause clause, int attempt)
    {
        var delay = (decimal)clause.Backoff.TotalMilliseconds;
        var cap = (decimal)clause.MaxBackoff.TotalMilliseconds;
        for (var i = 1; i < attempt && delay < cap; i++) delay *= clause.Factor;
        return delay > cap ? cap : delay;
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

    // What was gathered is hashed in between, so that a run of many results needs no memory for all of them.
    private const int GatheredMax = 64 * 1024;

    /// <summary>64 lower-case hex digits.</summary>
    public static string Of(RunState state)
    {
        var start = state.Start!;
        var text = new Text(Scratch.Take());
        text.Add(Schema);
        text.Add(start.Plan.Hash);
        foreach (var (reference, linked) in start.Plan.Workflows) text.Add($"{reference}={linked.Pin.Id}:{linked.Pin.Hash}");
        text.AddHash(start.Inputs);
        text.Add(start.Seed.ToString(CultureInfo.InvariantCulture));
        foreach (var step in start.Plan.Steps)
        {
            if (step.Skill is { } skill && start.Terms.TryGetValue(skill, out var terms)) text.Add($"{skill}@{terms.Version}");
            if (step.Agent is not { } agent) continue;
            foreach (var name in agent.Skills.Prepend(AgentClause.Model))
            {
                if (start.Terms.TryGetValue(name, out var called)) text.Add($"{name}@{called.Version}");
            }
        }

        for (var i = 0; i < state.Steps.Length; i++)
        {
            var terms = start.Plan.Steps[i].Skill is { } skill ? start.Terms.GetValueOrDefault(skill) : null;
            AddStep(ref text, i, state.Steps[i], terms?.StableFields ?? [], start.Terms);
        }

        return text.Hash();
    }

    private static void AddStep(
        ref Text text, int index, StepState step, ImmutableArray<string> stable, ImmutableSortedDictionary<string, SkillTerms> terms)
    {
        text.Add(string.Create(CultureInfo.InvariantCulture, $"{index}:{step.Status.Wire()}:{step.Failure?.Code}"));
        foreach (var call in step.Calls)
        {
            if (call.Outcome is not { } outcome) continue;
            text.Add(outcome.Failure?.Code ?? "ok");
            if (call.Started is { Skill: { } skill } started)
            {
                // What a model asked for need not be among what its outcome promises to be stable.
                text.Add(started.Turn is null ? $"{skill}:{call.InputHash ?? ContentHash.Short(started.Params)}" : skill);
                stable = terms[skill].StableFields;
            }

            if (outcome.Ok) AddResult(ref text, outcome.Result, stable);
            foreach (var effect in outcome.SideEffects) text.Add($"{effect.Type}:{effect.Target}");
        }

        if (step.Calls.IsEmpty && step.Result is { } result) text.AddHash(result);
    }

    private static void AddResult(ref Text text, JsonElement result, ImmutableArray<string> stable)
    {
        if (stable.IsEmpty || result.ValueKind != JsonValueKind.Object)
        {
            text.AddHash(result);
            return;
        }

        foreach (var name in stable)
        {
            text.Add(name);
            if (result.Get(name) is { } value) text.AddHash(value);
            else text.Add("absent");
        }
    }

    /// <summary>Texts one after another, each with its length in bytes before it: four bytes, big endian.</summary>
    private ref struct Text(ArrayBufferWriter<byte> gathered)
    {
        private readonly ArrayBufferWriter<byte> gathered = gathered;
        private IncrementalHash? hash;

        internal void Add(string text)
        {
            var bytes = Encoding.UTF8.GetByteCount(text);
            Encoding.UTF8.GetBytes(text, Place(bytes));
            gathered.Advance(bytes);
        }

        /// <summary>The hash of a value as 64 hex digits.</summary>
        internal void AddHash(JsonElement value)
        {
            Span<byte> of = stackalloc byte[SHA256.HashSizeInBytes];
            ContentHash.Of(value, of);
            Convert.TryToHexStringLower(of, Place(2 * SHA256.HashSizeInBytes), out var written);
            gathered.Advance(written);
        }

        internal string Hash()
        {
            Span<byte> root = stackalloc byte[SHA256.HashSizeInBytes];
            if (hash is null)
            {
                Digest.Of(gathered.WrittenSpan, root);
            }
            else
            {
                Flush();
                hash.GetHashAndReset(root);
                hash.Dispose();
            }

            Scratch.Give(gathered);
            return Convert.ToHexStringLower(root);
        }

        private Span<byte> Place(int bytes)
        {
            if (gathered.WrittenCount > GatheredMax) Flush();
            System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(gathered.GetSpan(4), bytes);
            gathered.Advance(4);
            return gathered.GetSpan(bytes);
        }

        private void Flush()
        {
            hash ??= IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            hash.AppendData(gathered.WrittenSpan);
            gathered.ResetWrittenCount();
        }
    }
}
