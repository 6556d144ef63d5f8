namespace Aos.Kernel;

/// <summary>Identifies a run: a UUIDv7 minted by the server, written in the 36-character hyphenated form.</summary>
public readonly record struct RunId(Guid Value) : IComparable<RunId>
{
    /// <summary>Reads the 36-character form; false for anything else.</summary>
    public static bool TryParse(string? text, out RunId id)
    {
        var ok = Guid.TryParseExact(text, "D", out var value);
        id = new RunId(value);
        return ok;
    }

    public int CompareTo(RunId other) => Value.CompareTo(other.Value);

    public override string ToString() => Value.ToString("D");
}

/// <summary>The tenant everything belongs to. 1 to 64 characters of letters, digits, <c>_ - .</c></summary>
public readonly record struct TenantId(string Value)
{
    /// <summary>The tenant of the first key.</summary>
    public static TenantId Default { get; } = new("default");

    public override string ToString() => Value;
}

/// <summary>
/// One order to the world within a run. The same order repeated after a crash has the same id; a retry after a
/// definite failure, and the next round of a <c>repeat</c>, has the next generation.
/// </summary>
/// <param name="Step">Index of the step in the plan, from 0.</param>
/// <param name="Item">Index of the <c>for_each</c> item, -1 when the step has no items.</param>
/// <param name="Generation">From 0.</param>
/// <param name="Compensation">True for the compensation of the step.</param>
public readonly record struct EffectId(int Step, int Item, int Generation, bool Compensation = false)
{
    public override string ToString() => string.Create(
        System.Globalization.CultureInfo.InvariantCulture,
        $"{(Compensation ? "c" : "s")}{Step}.{Item}.{Generation}");

    /// <summary>Reads the text written by <see cref="ToString"/>.</summary>
    public static bool TryParse(string? text, out EffectId id)
    {
        id = default;
        if (text is not { Length: > 1 } || text[0] is not ('s' or 'c')) return false;
        var parts = text[1..].Split('.');
        var style = System.Globalization.NumberStyles.AllowLeadingSign;
        var culture = System.Globalization.CultureInfo.InvariantCulture;
        if (parts.Length != 3
            || !int.TryParse(parts[0], style, culture, out var step)
            || !int.TryParse(parts[1], style, culture, out var item)
            || !int.TryParse(parts[2], style, culture, out var generation)) return false;
        id = new EffectId(step, item, generation, text[0] == 'c');
        return true;
    }
}
