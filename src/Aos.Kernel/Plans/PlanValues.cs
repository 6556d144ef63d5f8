using System.Text.Json;

namespace Aos.Kernel;

/// <summary>Reads typed members of plan objects; what does not fit is reported and read as absent.</summary>
internal sealed class PlanValues(PlanReport report)
{
    internal string? Text(PlanMembers of, string name, string path)
    {
        if (of.Get(name) is not { ValueKind: not JsonValueKind.Null } value) return null;
        if (value.ValueKind == JsonValueKind.String) return value.GetString();
        Wrong(path, name, "a text", value);
        return null;
    }

    internal TimeSpan? Duration(PlanMembers of, string name, string path)
    {
        if (of.Get(name) is not { ValueKind: not JsonValueKind.Null } value) return null;
        if (Durations.Read(value) is { } duration) return duration;
        Wrong(path, name, "a duration such as 500ms, 30s, 10m or 3d", value);
        return null;
    }

    internal Cents? Cents(PlanMembers of, string name, string path)
    {
        if (of.Get(name) is not { ValueKind: not JsonValueKind.Null } value) return null;
        if (value.ValueKind == JsonValueKind.Number && value.TryGetDecimal(out var cents) && cents is >= 0 and <= 9_000_000_000m) return new Cents(cents);
        Wrong(path, name, "a number of cents from 0 to 9,000,000,000", value);
        return null;
    }

    internal int? Whole(PlanMembers of, string name, string path, int min, int max)
    {
        if (of.Get(name) is not { ValueKind: not JsonValueKind.Null } value) return null;
        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) && number >= min && number <= max) return number;
        Wrong(path, name, $"a whole number from {min} to {max}", value);
        return null;
    }

    internal ulong? Seed(PlanMembers of)
    {
        if (of.Get("seed") is not { ValueKind: not JsonValueKind.Null } value) return null;
        if (value.ValueKind == JsonValueKind.Number && value.TryGetUInt64(out var number)) return number;
        if (value.ValueKind == JsonValueKind.String
            && ulong.TryParse(value.GetString(), System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var text)) return text;
        Wrong("", "seed", "a whole number from 0 to 18446744073709551615", value);
        return null;
    }

    internal void Wrong(string path, string name, string wanted, JsonElement got)
    {
        var text = got.GetRawText();
        report.Problem(path.Length == 0 ? name : $"{path}.{name}", "INVALID_PLAN", $"{name} must be {wanted}, not {(text.Length > 40 ? text[..40] + "…" : text)}.");
    }
}
