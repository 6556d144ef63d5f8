using System.Globalization;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Approvals;

/// <summary>Which run a delivery is for.</summary>
internal static class Targets
{
    /// <summary>The run, or null and why there is none; both null where nothing is forwarded.</summary>
    internal static (RunId? Run, string? Problem) Of(WebhookForward? forward, JsonElement? body)
    {
        if (forward is null) return (null, null);
        if (forward.Run is { } fixedRun) return (fixedRun, null);
        if (body is not { } json) return (null, "The body is no JSON, so it names no run.");
        var found = At(json, forward.RunField!);
        return found is { ValueKind: JsonValueKind.String } text && RunId.TryParse(text.GetString()!, out var run)
            ? (run, null)
            : (null, $"The body has no run id at {forward.RunField}.");
    }

    /// <summary>The value at <c>data.items.0.run_id</c>; null: there is none.</summary>
    private static JsonElement? At(JsonElement value, string path)
    {
        foreach (var part in path.Split('.'))
        {
            var next = value.ValueKind switch
            {
                JsonValueKind.Object => value.Get(part),
                JsonValueKind.Array when int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var index) && index < value.GetArrayLength() => value[index],
                _ => null,
            };
            if (next is not { } one) return null;
            value = one;
        }

        return value;
    }
}
