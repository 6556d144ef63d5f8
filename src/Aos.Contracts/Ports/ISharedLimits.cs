using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Aos.Kernel;

namespace Aos.Contracts;

/// <summary>
/// Under what something is counted. Made by hashing tenant, purpose and name, each with its length: no tenant can choose a name
/// that meets a key of another, and no name of a customer, account or host stands in a shared store.
/// </summary>
public readonly record struct LimitKey
{
    private LimitKey(string purpose, string value) => (Purpose, Value) = (purpose, value);

    /// <summary>What the key is for, one of a few words of this house: goes into metrics.</summary>
    public string Purpose { get; }

    /// <summary>32 hex digits.</summary>
    public string Value { get; }

    /// <summary>A key of one tenant.</summary>
    public static LimitKey Of(TenantId tenant, string purpose, string name) => Make(tenant.Value, purpose, name);

    /// <summary>A key that all tenants share.</summary>
    public static LimitKey OfHouse(string purpose, string name) => Make("", purpose, name);

    public override string ToString() => $"{Purpose}:{Value}";

    private static LimitKey Make(string tenant, string purpose, string name)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> length = stackalloc byte[4];
        Span<byte> digest = stackalloc byte[32];
        foreach (var part in (ReadOnlySpan<string>)[tenant, purpose, name])
        {
            var bytes = Encoding.UTF8.GetBytes(part);
            BinaryPrimitives.WriteInt32BigEndian(length, bytes.Length);
            hash.AppendData(length);
            hash.AppendData(bytes);
        }

        hash.GetHashAndReset(digest);
        return new LimitKey(purpose, Convert.ToHexStringLower(digest[..16]));
    }
}

/// <summary>A token bucket: it fills by <paramref name="Amount"/> in each <paramref name="Per"/>, evenly, up to <paramref name="Burst"/>.</summary>
/// <param name="Amount">At least 1.</param>
/// <param name="Per">More than zero.</param>
/// <param name="Burst">What may be taken at once after a pause, at least 1. A larger wish is cut to it.</param>
public readonly record struct RateLimit(long Amount, TimeSpan Per, long Burst)
{
    /// <summary>So many a minute, all of them at once after a quiet minute.</summary>
    public static RateLimit PerMinute(long amount) => new(amount, TimeSpan.FromMinutes(1), amount);
}

/// <summary>What holds while the store that nodes share their limits in does not answer.</summary>
public enum WhenLost
{
    /// <summary>Each node goes on with its own part: the limit divided by the nodes that are there, at least 1.</summary>
    OwnShare,

    /// <summary>Nothing is granted until it is back.</summary>
    Wait,
}

/// <summary>Something that is wanted under a key.</summary>
/// <param name="Rate">Null: the key only may not be penalised.</param>
/// <param name="Amount">Tokens, at least 1.</param>
public readonly record struct Want(LimitKey Key, RateLimit? Rate, long Amount, WhenLost WhenLost = WhenLost.OwnShare);

/// <summary>What came of wants.</summary>
/// <param name="Short">Index of the first want that cannot be had now, or -1: all were taken.</param>
/// <param name="Wait">How long until that one can be had, if nobody else takes it.</param>
/// <param name="Left">Tokens left of the first want that has a rate; of a store that leases them to nodes, as far as this node knows.</param>
public readonly record struct TakeReply(int Short, TimeSpan Wait, double Left = 0)
{
    /// <summary>All were taken.</summary>
    public static TakeReply Granted(double left) => new(-1, TimeSpan.Zero, left);

    public bool IsGranted => Short < 0;
}

/// <summary>A place out of some under a key, held under a lease: it comes back when the holder has not renewed it for that long.</summary>
/// <param name="Places">At least 1; all holders of a key say the same.</param>
/// <param name="Holder">At most 64 characters, unlike any other holder's.</param>
/// <param name="Lease">At least 100 ms.</param>
public sealed record Slot(LimitKey Key, int Places, string Holder, TimeSpan Lease);

/// <summary>
/// Limits that all nodes of a house share: rates, places and penalties under tenant-safe keys. Times are those of the store behind
/// it. Calls never throw but when cancelled: what holds without that store is said by the want (rates) or is to wait (slots).
/// </summary>
public interface ISharedLimits
{
    /// <summary>Another node, or this one, gave back a slot of this key (<see cref="LimitKey.Value"/>), as far as the store tells.</summary>
    event Action<string>? Freed;

    /// <summary>Takes everything that is wanted, or nothing.</summary>
    ValueTask<TakeReply> TakeAsync(IReadOnlyList<Want> wants, CancellationToken cancel);

    /// <summary>Puts back what was not used; a negative amount takes more, also below zero, since it is used already.</summary>
    ValueTask GiveBackAsync(Want want, CancellationToken cancel);

    /// <summary>Null: held (again). Else after how long to ask again, unless <see cref="Freed"/> says so earlier.</summary>
    ValueTask<TimeSpan?> HoldAsync(Slot slot, CancellationToken cancel);

    /// <summary>Puts off the end of leases. A slot that the store has lost is put back into it.</summary>
    ValueTask RenewAsync(IReadOnlyList<Slot> slots, CancellationToken cancel);

    ValueTask ReleaseAsync(Slot slot, CancellationToken cancel);

    /// <summary>Grants nothing under the key for so long; a later end that was set before stays.</summary>
    ValueTask PenaliseAsync(LimitKey key, TimeSpan time, CancellationToken cancel);
}
