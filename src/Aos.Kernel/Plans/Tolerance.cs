using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Aos.Kernel;

/// <summary>Items of a <c>for_each</c> that may fail: so many, or such a share of all.</summary>
/// <param name="Items">Null: <paramref name="Percent"/> says it.</param>
/// <param name="Percent">0 to 100. A part of an item does not count.</param>
public sealed partial record Tolerance(int? Items, decimal Percent)
{
    /// <summary>How many of so many items may fail.</summary>
    public int Of(int items) => Items ?? (int)decimal.Floor(items * Percent / 100);

    /// <summary>Reads the member of a step; null: it has none, or one that is wrong, which is reported.</summary>
    internal static Tolerance? Read(PlanMembers members, string path, PlanReport report, PlanValues values)
    {
        if (members.Get("tolerate") is not { ValueKind: not JsonValueKind.Null } value) return null;
        if (members.Get("for_each") is null) report.Problem($"{path}.tolerate", "INVALID_PLAN", "tolerate belongs to a step with for_each.");
        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var items) && items is >= 0 and <= RunMachine.ItemsMax) return new Tolerance(items, 0);
        if (value.ValueKind == JsonValueKind.String && Share().Match(value.GetString()!) is { Success: true } share
            && decimal.Parse(share.Groups[1].ValueSpan, CultureInfo.InvariantCulture) is <= 100 and var percent) return new Tolerance(null, percent);
        values.Wrong(path, "tolerate", $"a number of items from 0 to {RunMachine.ItemsMax} or a share such as \"5%\"", value);
        return null;
    }

    [GeneratedRegex("^([0-9]{1,3}(?:\\.[0-9]{1,6})?)%$", RegexOptions.CultureInvariant)]
    private static partial Regex Share();
}
