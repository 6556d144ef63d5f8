using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Aos.Kernel;

namespace Aos.Skills;

/// <summary>One step of a path: a name, a place in a list (negative from the end), or every item of a list.</summary>
internal readonly record struct PathStep(string? Name, int Index, bool IsEach)
{
    internal static PathStep Each { get; } = new(null, 0, true);

    internal static PathStep Member(string name) => new(name, 0, false);

    internal static PathStep Item(int index) => new(null, index, false);
}

/// <summary>Paths from <c>$</c>: <c>.key</c>, <c>['key']</c>, <c>["key"]</c>, <c>[n]</c> (negative from the end), <c>[*]</c>. Read in one pass.</summary>
internal sealed class JsonPath
{
    private readonly string text;
    private readonly ImmutableArray<PathStep> steps;

    private JsonPath(string text, ImmutableArray<PathStep> steps)
    {
        this.text = text;
        this.steps = steps;
    }

    internal ImmutableArray<PathStep> Steps => steps;

    /// <summary>The path of one member, whatever its name.</summary>
    internal static JsonPath Of(string member) => new(member, [PathStep.Member(member)]);

    internal static JsonPath Parse(string text)
    {
        if (!text.StartsWith('$')) throw TransformException.Request($"The path '{text}' must start with $.");
        var steps = ImmutableArray.CreateBuilder<PathStep>();
        for (var at = 1; at < text.Length;)
        {
            if (text[at] == '.') at++;
            else if (text[at] == '[') steps.Add(Bracket(text, ref at));
            else steps.Add(PathStep.Member(Name(text, ref at)));
        }

        return new JsonPath(text, steps.ToImmutable());
    }

    /// <summary>The value at the path. A null at its end is found; a null on the way leads nowhere.</summary>
    internal JsonElement Read(JsonElement data) => Read(data, 0);

    private JsonElement Read(JsonElement at, int from)
    {
        for (var i = from; i < steps.Length; i++)
        {
            var step = steps[i];
            if (step.IsEach)
            {
                if (at.ValueKind != JsonValueKind.Array) throw TransformException.Shape($"The path '{text}' wants a list where there is none.");
                var rest = i + 1;
                return Arrays.List(at.EnumerateArray().Select(item => Read(item, rest)));
            }

            at = step.Name is { } name
                ? at.Get(name) ?? throw TransformException.Nowhere($"The path '{text}' leads nowhere: there is no {name}.")
                : Item(at, step.Index);
        }

        return at;
    }

    private JsonElement Item(JsonElement at, int index)
    {
        if (at.ValueKind != JsonValueKind.Array) throw TransformException.Nowhere($"The path '{text}' leads nowhere: there is no list for [{index}].");
        var length = at.GetArrayLength();
        if (index < 0) index += length;
        return index >= 0 && index < length ? at[index] : throw TransformException.Nowhere($"The path '{text}' leads nowhere: the list has {length} items.");
    }

    private static string Name(string text, ref int at)
    {
        var length = text.AsSpan(at).IndexOfAny('.', '[', ']');
        var end = length < 0 ? text.Length : at + length;
        if (end == at) throw Invalid(text, at);
        var name = text[at..end];
        at = end;
        return name;
    }

    private static PathStep Bracket(string text, ref int at)
    {
        var open = at++;
        if (at < text.Length && text[at] is '\'' or '"')
        {
            var close = text.IndexOf(text[at], at + 1);
            if (close < 0 || close + 1 >= text.Length || text[close + 1] != ']') throw Invalid(text, open);
            var name = text[(at + 1)..close];
            at = close + 2;
            return PathStep.Member(name);
        }

        var end = text.IndexOf(']', at);
        if (end < 0) throw Invalid(text, open);
        var key = text[at..end];
        at = end + 1;
        if (key == "*") return PathStep.Each;
        return int.TryParse(key, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var index) ? PathStep.Item(index) : throw Invalid(text, open);
    }

    private static TransformException Invalid(string text, int at) => TransformException.Request($"The path '{text}' is not valid at position {at}.");
}
