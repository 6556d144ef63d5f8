
namespace Aos.Kernel;

/// <summary>Money in cents, exact. Stored as 64-bit integers of 10⁻⁶ cent, rounded up.</summary>
public readonly record struct Cents(decimal Value) : IComparable<Cents>
{
    private const decimal MicrosPerCent = 1_000_000m;

    public static Cents Zero { get; }

    /// <summary>Integer of 10⁻⁶ cent, rounded up. Throws <see cref="OverflowException"/> beyond 64 bits.</summary>
    public long ToMicros() => checked((long)decimal.Ceiling(Value * MicrosPerCent));

    public static Cents FromMicros(long micros) => new(micros / MicrosPerCent);

    /// <summary>Whole cents, rounded up: what the wire's integer <c>*_cents</c> fields carry.</summary>
    public long ToWholeCents() => checked((long)decimal.Ceiling(Value));

    /// <summary>The lower of two limits; null is no limit.</summary>
    public static Cents? Lower(Cents? left, Cents? right) => left is null ? right : right is null ? left : left < right ? left : right;

    public int CompareTo(Cents other) => Value.CompareTo(other.Value);

    public static Cents operator +(Cents left, Cents right) => new(left.Value + right.Value);

    public static Cents operator -(Cents left, Cents right) => new(left.Value - right.Value);

    public static bool operator <(Cents left, Cents right) => left.Value < right.Value;

    public static bool operator >(Cents left, Cents right) => left.Value > right.Value;

    public static bool operator <=(Cents left, Cents right) => left.Value <= right.Value;

    public static bool operator >=(Cents left, Cents right) => left.Value >= right.Value;

    public override string ToString() => CanonicalJson.Number(Value);
}
