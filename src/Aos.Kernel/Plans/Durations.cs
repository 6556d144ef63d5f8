using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Aos.Kernel;

/// <summary>Durations as people write them: <c>500ms</c>, <c>30s</c>, <c>1h30m</c>, <c>3d</c>; a plain number is seconds.</summary>
public static partial class Durations
{
    /// <summary>The longest duration accepted.</summary>
    public static TimeSpan Max { get; } = TimeSpan.FromDays(3650);

    /// <summary>Reads a duration of 0 to <see cref="Max"/>; null: it is none.</summary>
    public static TimeSpan? Read(JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.Number)
            return value.TryGetDecimal(out var seconds) && seconds >= 0 && seconds <= (decimal)Max.TotalSeconds
                ? TimeSpan.FromTicks((long)(seconds * TimeSpan.TicksPerSecond))
                : null;
        if (value.ValueKind != JsonValueKind.String) return null;
        var text = value.GetString()!;
        var at = 0;
        var ticks = 0m;
        foreach (var part in Part().EnumerateMatches(text))
        {
            if (part.Index != at) return null;
            at += part.Length;
            var piece = text.AsSpan(part.Index, part.Length);
            var unit = piece.IndexOfAnyExcept("0123456789.");
            if (!decimal.TryParse(piece[..unit], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)) return null;
            ticks += number * (piece[unit..] switch
            {
                "ms" => TimeSpan.TicksPerMillisecond,
                "s" => TimeSpan.TicksPerSecond,
                "m" => TimeSpan.TicksPerMinute,
                "h" => TimeSpan.TicksPerHour,
                _ => TimeSpan.TicksPerDay,
            });
        }

        return at == text.Length && at > 0 && ticks <= Max.Ticks ? TimeSpan.FromTicks((long)ticks) : null;
    }

    [GeneratedRegex("[0-9]{1,12}(?:\\.[0-9]{1,6})?(?:ms|s|m|h|d)", RegexOptions.CultureInvariant)]
    private static partial Regex Part();
}
