using System.Text.Json;

namespace Aos.Kernel;

/// <summary>How long a step sleeps: <c>ms</c>, <c>seconds</c> or <c>duration</c>, exactly one of them.</summary>
public static class Pauses
{
    private static readonly string[] Units = ["ms", "seconds", "duration"];

    /// <summary>The time, or what is wrong with it and where (a member's name, or empty).</summary>
    public static (TimeSpan Time, string Member, string? Problem) Read(JsonElement parameters)
    {
        var given = Units.Where(unit => parameters.Get(unit) is { ValueKind: not JsonValueKind.Null }).ToList();
        if (given.Count != 1) return (default, "", "A wait has exactly one of ms, seconds and duration.");
        var unit = given[0];
        var value = parameters.GetProperty(unit);
        if (value.ValueKind == JsonValueKind.String && unit != "duration") return (default, unit, $"{unit} must be a number.");
        if (unit == "ms") value = Seconds(value);
        return Durations.Read(value) is { } time
            ? (time, unit, null)
            : (default, unit, $"{unit} must be from 0 to {Text.Of(Durations.Max)}{(unit == "duration" ? ", such as 500ms, 30s or 1h30m" : "")}.");
    }

    /// <summary>Whether one of the members waits for a template.</summary>
    internal static bool IsOpen(JsonElement parameters) => Units.Any(unit => parameters.Get(unit) is { ValueKind: JsonValueKind.String } text && Template.HasExpressions(text));

    private static JsonElement Seconds(JsonElement ms) =>
        ms.ValueKind == JsonValueKind.Number && ms.TryGetDecimal(out var number) ? Json.Of(number / 1000) : Json.Null;
}
