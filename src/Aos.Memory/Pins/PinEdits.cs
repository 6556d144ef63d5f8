using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Memory;

/// <summary>Changes of a value: pure, so that whoever holds the stored row may do them.</summary>
internal static class PinEdits
{
    /// <summary>Steps of a path.</summary>
    private const int StepsMax = 32;

    /// <summary>What is wrong with the edits whatever they meet; null: nothing.</summary>
    internal static Failure? Problem(ImmutableArray<PinEdit> edits)
    {
        foreach (var edit in edits)
        {
            var problem = edit switch
            {
                PinEdit.Merge { Patch.ValueKind: not JsonValueKind.Object } => "The patch is an object, as the value of an entry is one.",
                PinEdit.Increment increment => PathProblem(increment.Path),
                PinEdit.Append { Items.ValueKind: not JsonValueKind.Array } => "items is a list.",
                PinEdit.Append append => PathProblem(append.Path),
                _ => null,
            };
            if (problem is not null) return PinValue.Wrong(problem);
        }

        return null;
    }

    /// <summary>The value with all edits done, or why one cannot be.</summary>
    internal static (JsonElement Value, Failure? Refusal) Apply(JsonElement value, ImmutableArray<PinEdit> edits, bool creates)
    {
        var root = JsonObject.Create(value)!;
        foreach (var edit in edits)
        {
            var refusal = edit switch
            {
                PinEdit.Merge merge => Merge(root, merge.Patch),
                PinEdit.Increment increment => Increment(root, increment, creates),
                PinEdit.Append append => Append(root, append, creates),
                _ => throw new InvariantBrokenException($"There is no edit {edit}."),
            };
            if (refusal is not null) return (default, refusal);
        }

        return (Json.Write(writer => root.WriteTo(writer)), null);
    }

    private static Failure? Merge(JsonObject into, JsonElement patch)
    {
        foreach (var member in patch.EnumerateObject())
        {
            if (member.Value.ValueKind == JsonValueKind.Null) into.Remove(member.Name);
            else if (member.Value.ValueKind != JsonValueKind.Object) into[member.Name] = Node(member.Value);
            else
            {
                if (into[member.Name] is not JsonObject inner) into[member.Name] = inner = [];
                Merge(inner, member.Value); // Also into a new one: a null in a patch is never stored.
            }
        }

        return null;
    }

    private static Failure? Increment(JsonObject root, PinEdit.Increment edit, bool creates)
    {
        var (place, refusal) = Place(root, edit.Path, creates);
        if (place is null) return refusal;
        if (place.Get() is not { } found)
        {
            if (place.IsThere || !creates) return place.IsThere ? Not("a number", edit.Path) : Absent(edit.Path);
            place.Set(JsonValue.Create(edit.By));
            return null;
        }

        if (found.GetValueKind() != JsonValueKind.Number) return Not("a number", edit.Path);
        if (!decimal.TryParse(found.ToJsonString(), NumberStyles.Float, CultureInfo.InvariantCulture, out var number)) return Not("a number in range", edit.Path);
        try
        {
            var sum = number + edit.By;
            // A sum of so many digits that one is lost would not be exact.
            if (sum - edit.By != number || sum - number != edit.By) return PinValue.Wrong($"The sum at {edit.Path} has more digits than can be kept.");
            place.Set(JsonValue.Create(sum));
            return null;
        }
        catch (OverflowException)
        {
            return PinValue.Wrong($"The sum at {edit.Path} is out of the range of ±7.9·10²⁸.");
        }
    }

    private static Failure? Append(JsonObject root, PinEdit.Append edit, bool creates)
    {
        var (place, refusal) = Place(root, edit.Path, creates);
        if (place is null) return refusal;
        if (!place.IsThere && !creates) return Absent(edit.Path);
        if (!place.IsThere) place.Set(new JsonArray());
        if (place.Get() is not JsonArray list) return Not("a list", edit.Path);
        foreach (var item in edit.Items.EnumerateArray()) list.Add(Node(item));
        if (edit.ItemsMax is { } most && list.Count > most) list.RemoveRange(0, list.Count - most);
        return null;
    }

    private static string? PathProblem(string path)
    {
        if (path is not ['/', ..]) return "path is a JSON pointer to a member of the value, such as /visits or /per/day.";
        if (path.Count(c => c == '/') > StepsMax) return $"path has at most {StepsMax} steps.";
        return path.Replace("~0", "", StringComparison.Ordinal).Replace("~1", "", StringComparison.Ordinal).Contains('~', StringComparison.Ordinal) ? "path: ~ is written ~0 in a JSON pointer, and / as ~1." : null;
    }

    /// <summary>Where a pointer leads; objects on its way are made where they may be.</summary>
    private static (Spot? Spot, Failure? Refusal) Place(JsonObject root, string path, bool creates)
    {
        JsonNode at = root;
        var steps = path[1..].Split('/').Select(step => step.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal)).ToArray();
        for (var i = 0; ; i++)
        {
            if (Spot.In(at, steps[i]) is not { } spot) return (null, Absent(path));
            if (i == steps.Length - 1) return (spot, null);
            if (!spot.IsThere && !creates) return (null, Absent(path));
            if (!spot.IsThere) spot.Set(new JsonObject());
            if (spot.Get() is not { } next) return (null, Absent(path));
            at = next;
        }
    }

    private static Failure Absent(string path) => PinValue.Wrong($"The value has nothing at {path}; with create it is made.");

    private static Failure Not(string what, string path) => PinValue.Wrong($"What stands at {path} is not {what}.");

    private static JsonNode? Node(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => JsonObject.Create(value),
        JsonValueKind.Array => JsonArray.Create(value),
        JsonValueKind.Null => null,
        _ => JsonValue.Create(value),
    };

    /// <summary>A member of an object, or an item of a list that is there.</summary>
    private sealed record Spot(JsonNode Holder, string Name, int Index, bool IsThere)
    {
        internal static Spot? In(JsonNode holder, string step) => holder switch
        {
            JsonObject members => new Spot(members, step, -1, members.ContainsKey(step)),
            JsonArray items when IndexOf(step) is { } index && index < items.Count => new Spot(items, step, index, true),
            _ => null,
        };

        internal JsonNode? Get() => Holder is JsonArray items ? items[Index] : Holder[Name];

        internal void Set(JsonNode value)
        {
            if (Holder is JsonArray items) items[Index] = value;
            else Holder[Name] = value;
        }

        private static int? IndexOf(string step) => int.TryParse(step, NumberStyles.None, CultureInfo.InvariantCulture, out var index) && step == index.ToString(CultureInfo.InvariantCulture) ? index : null;
    }
}
