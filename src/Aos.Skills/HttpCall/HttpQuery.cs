using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;

namespace Aos.Skills;

/// <summary>Adds query parameters to a URL.</summary>
internal static class HttpQuery
{
    /// <summary>False: one of the parameters is neither a text, a number, a truth value, nor a list of them.</summary>
    internal static bool TryAdd(string url, Dictionary<string, JsonElement>? parameters, out string full, [NotNullWhen(false)] out string? problem)
    {
        problem = null;
        full = url;
        if (parameters is not { Count: > 0 }) return true;
        var fragment = url.IndexOf('#', StringComparison.Ordinal);
        var text = new StringBuilder(fragment < 0 ? url : url[..fragment]);
        var separator = url.Contains('?', StringComparison.Ordinal) ? '&' : '?';
        foreach (var (name, value) in parameters)
        {
            foreach (var one in value.ValueKind == JsonValueKind.Array ? value.EnumerateArray().ToArray() : [value])
            {
                if (one.ValueKind == JsonValueKind.Null) continue;
                if (one.ValueKind is JsonValueKind.Object or JsonValueKind.Array)
                {
                    problem = $"params.{name} is no text, number or truth value, nor a list of them.";
                    return false;
                }

                var written = one.ValueKind == JsonValueKind.String ? one.GetString()! : one.GetRawText();
                text.Append(separator).Append(Uri.EscapeDataString(name)).Append('=').Append(Uri.EscapeDataString(written));
                separator = '&';
            }
        }

        full = text.ToString();
        return true;
    }
}
