using System.Globalization;
using System.Text.Json;
using Aos.Kernel;

namespace Aos.Skills;

/// <summary>Paths from <c>$</c>: <c>.key</c>, <c>['key']</c>, <c>[n]</c> (negative from the end), <c>[*]</c>.</summary>
internal static class JsonPath
{
    internal static JsonElement Read(JsonElement data, string path)
    {
        if (!path.StartsWith('$')) throw new TransformException($"The path '{path}' must start with $.");
        return Read(data, path, 1);
    }

    private static JsonElement Read(JsonElement at, string path, int i)
    {
        while (i < path.Length)
        {
            if (path[i] == '.')
            {
                var end = path.AsSpan(i + 1).IndexOfAny('.', '[') is >= 0 and var length ? i + 1 + length : path.Length;
                at = Member(at, path[(i + 1)..end], path);
                i = end;
                continue;
            }

            var close = path[i] == '[' ? path.IndexOf(']', i) : -1;
            if (close < 0) throw new TransformException($"The path '{path}' is not valid at position {i}.");
            var key = path[(i + 1)..close];
            i = close + 1;
            if (key == "*") return Each(at, path, i);
            at = key.Length > 1 && key[0] is '\'' or '"' ? Member(at, key[1..^1], path) : Index(at, key, path);
        }

        return at;
    }

    private static JsonElement Each(JsonElement list, string path, int rest)
    {
        if (list.ValueKind != JsonValueKind.Array) throw new TransformException($"The path '{path}' wants a list where there is none.");
        return Arrays.List(list.EnumerateArray().Select(item => Read(item, path, rest)));
    }

    private static JsonElement Member(JsonElement at, string key, string path) =>
        at.Get(key) ?? throw new TransformException($"The path '{path}' leads nowhere: there is no {key}.");

    private static JsonElement Index(JsonElement at, string key, string path)
    {
        if (!int.TryParse(key, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var index))
            throw new TransformException($"The path '{path}' is not valid: [{key}].");
        if (at.ValueKind != JsonValueKind.Array) throw new TransformException($"The path '{path}' wants a list where there is none.");
        var length = at.GetArrayLength();
        if (index < 0) index += length;
        return index >= 0 && index < length ? at[index] : throw new TransformException($"The path '{path}' leads nowhere: the list has {length} items.");
    }
}
