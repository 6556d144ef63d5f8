using System.Buffers.Binary;
using System.Globalization;

namespace Aos.Storage;

/// <summary>A month of the journal: the runs whose ids were minted in it. Ids are UUIDv7, so its bounds are ids too.</summary>
internal readonly record struct JournalMonth(int Year, int Month) : IComparable<JournalMonth>
{
    private const string Prefix = "journal_";

    /// <summary>Of its partition.</summary>
    internal string Table => string.Create(CultureInfo.InvariantCulture, $"{Prefix}{Year:0000}_{Month:00}");

    internal DateTimeOffset Begin => new(Year, Month, 1, 0, 0, 0, TimeSpan.Zero);

    internal JournalMonth Next => Of(Begin.AddMonths(1));

    internal JournalMonth Before => Of(Begin.AddMonths(-1));

    /// <summary>The first id of the month; the next month's is the first one after it.</summary>
    internal Guid From => FirstAt(Begin);

    internal static JournalMonth Of(DateTimeOffset at) => new(at.UtcDateTime.Year, at.UtcDateTime.Month);

    /// <summary>The month of a partition, or null: the table is none.</summary>
    internal static JournalMonth? Of(string table) =>
        table.StartsWith(Prefix, StringComparison.Ordinal)
        && DateTimeOffset.TryParseExact(table[Prefix.Length..], "yyyy_MM", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at)
            ? Of(at)
            : null;

    /// <summary>Smaller than every id that was minted at this time or later, and greater than those before.</summary>
    internal static Guid FirstAt(DateTimeOffset at)
    {
        Span<byte> bytes = stackalloc byte[16];
        bytes.Clear();
        BinaryPrimitives.WriteInt64BigEndian(bytes, at.ToUnixTimeMilliseconds() << 16);
        return new Guid(bytes, bigEndian: true);
    }

    public int CompareTo(JournalMonth other) => Begin.CompareTo(other.Begin);
}
