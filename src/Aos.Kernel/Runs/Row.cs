using System.Collections;
using System.Runtime.CompilerServices;

namespace Aos.Kernel;

/// <summary>What elements of a row add up to. Adding is associative; the default value is the sum of nothing.</summary>
public interface ISum<T, TSelf>
    where TSelf : struct, ISum<T, TSelf>
{
    static abstract TSelf Of(T element);

    static abstract TSelf Add(in TSelf left, in TSelf right);
}

/// <summary>
/// An immutable list that knows what its elements add up to: at most 32 elements, or as many rows of the next size down. Changing one
/// element copies the way to it and shares the rest, and a search by the sums skips what holds nothing wanted, so that an event of a
/// run costs the same however many steps and items the run has.
/// </summary>
[CollectionBuilder(typeof(Row), nameof(Row.Create))]
public sealed class Row<T, TSum> : IReadOnlyList<T>
    where TSum : struct, ISum<T, TSum>
{
    private const int Bits = 5;
    private const int Width = 1 << Bits;
    private readonly T[]? elements;
    private readonly Row<T, TSum>[]? rows;
    private readonly TSum sum;

    /// <summary>Bits of an index that choose within the rows below; 0: this one holds the elements themselves.</summary>
    private readonly int shift;

    private Row(T[] elements)
    {
        (this.elements, Length) = (elements, elements.Length);
        foreach (var element in elements) sum = TSum.Add(sum, TSum.Of(element));
    }

    private Row(Row<T, TSum>[] rows, int shift)
    {
        (this.rows, this.shift) = (rows, shift);
        foreach (var row in rows)
        {
            Length += row.Length;
            sum = TSum.Add(sum, row.sum);
        }
    }

    public static Row<T, TSum> Empty { get; } = new([]);

    public int Length { get; }

    public int Count => Length;

    public bool IsEmpty => Length == 0;

    /// <summary>Of all elements.</summary>
    public ref readonly TSum Sum => ref sum;

    public T this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Length, nameof(index));
            return Leaf(index)[index & (Width - 1)];
        }
    }

    internal static Row<T, TSum> Of(ReadOnlySpan<T> elements)
    {
        if (elements.IsEmpty) return Empty;
        if (elements.Length <= Width) return new Row<T, TSum>(elements.ToArray());
        var level = new Row<T, TSum>[(elements.Length + Width - 1) / Width];
        for (var i = 0; i < level.Length; i++) level[i] = new Row<T, TSum>(elements[(i * Width)..Math.Min((i + 1) * Width, elements.Length)].ToArray());
        for (var shift = Bits; ; shift += Bits)
        {
            if (level.Length <= Width) return new Row<T, TSum>(level, shift);
            var above = new Row<T, TSum>[(level.Length + Width - 1) / Width];
            for (var i = 0; i < above.Length; i++) above[i] = new Row<T, TSum>(level[(i * Width)..Math.Min((i + 1) * Width, level.Length)], shift);
            level = above;
        }
    }

    public Row<T, TSum> SetItem(int index, T element)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Length, nameof(index));
        return Set(index, element);
    }

    public Row<T, TSum> Add(T element)
    {
        if (Length == 1 << (shift + Bits)) return new Row<T, TSum>([this, Alone(element, shift)], shift + Bits);
        if (elements is not null) return new Row<T, TSum>([.. elements, element]);
        var last = rows![^1];
        return last.Length == 1 << shift
            ? new Row<T, TSum>([.. rows, Alone(element, shift - Bits)], shift)
            : new Row<T, TSum>([.. rows[..^1], last.Add(element)], shift);
    }

    /// <summary>Index of the first element from <paramref name="from"/> on that has what is asked for, or -1.</summary>
    /// <param name="has">True for a sum when it is true for any of its elements alone.</param>
    public int Next<TAsk>(int from, TAsk ask, Func<TSum, TAsk, bool> has)
    {
        if (from >= Length || !has(sum, ask)) return -1;
        if (elements is not null)
        {
            for (var i = from; i < elements.Length; i++)
            {
                if (has(TSum.Of(elements[i]), ask)) return i;
            }

            return -1;
        }

        for (var i = from >> shift; i < rows!.Length; i++)
        {
            var start = i << shift;
            if (rows[i].Next(Math.Max(from - start, 0), ask, has) is >= 0 and var found) return start + found;
        }

        return -1;
    }

    public Enumerator GetEnumerator() => new(this);

    IEnumerator<T> IEnumerable<T>.GetEnumerator() => Each().GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => Each().GetEnumerator();

    private static Row<T, TSum> Alone(T element, int shift) =>
        shift == 0 ? new Row<T, TSum>([element]) : new Row<T, TSum>([Alone(element, shift - Bits)], shift);

    private Row<T, TSum> Set(int index, T element)
    {
        if (elements is not null)
        {
            var copy = (T[])elements.Clone();
            copy[index] = element;
            return new Row<T, TSum>(copy);
        }

        var at = index >> shift;
        var others = (Row<T, TSum>[])rows!.Clone();
        others[at] = others[at].Set(index - (at << shift), element);
        return new Row<T, TSum>(others, shift);
    }

    private T[] Leaf(int index)
    {
        var row = this;
        while (row.rows is { } below)
        {
            var at = index >> row.shift;
            index -= at << row.shift;
            row = below[at];
        }

        return row.elements!;
    }

    private IEnumerable<T> Each()
    {
        foreach (var element in this) yield return element;
    }

    /// <summary>Goes through the elements in order.</summary>
    public struct Enumerator
    {
        private readonly Row<T, TSum> row;
        private T[] leaf;
        private int at;

        internal Enumerator(Row<T, TSum> row)
        {
            this.row = row;
            leaf = [];
            at = -1;
        }

        public readonly T Current => leaf[at & (Width - 1)];

        public bool MoveNext()
        {
            if (++at >= row.Length) return false;
            if ((at & (Width - 1)) == 0) leaf = row.Leaf(at);
            return true;
        }
    }
}

/// <summary>Makes rows.</summary>
public static class Row
{
    public static Row<T, TSum> Create<T, TSum>(ReadOnlySpan<T> elements)
        where TSum : struct, ISum<T, TSum> => Row<T, TSum>.Of(elements);
}
