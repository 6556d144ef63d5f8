using System.Text.Json;
using Aos.Kernel;

namespace Aos.Approvals;

/// <summary>What an alert of Prometheus is searched by. Of a body without one all are null; nothing about a body makes it fail.</summary>
internal readonly record struct Alert(string? Name, string? Severity, string? Status)
{
    private const int NameMax = 255;
    private const int WordMax = 50;

    /// <summary>
    /// Of one alert, of the first of a list, or of what Alertmanager sends: an object with <c>alerts</c>, whose first one counts, then the labels
    /// that all of them have in common.
    /// </summary>
    internal static Alert Of(JsonElement? body)
    {
        var whole = body is { ValueKind: JsonValueKind.Array } list ? First(list) : body;
        if (whole is not { ValueKind: JsonValueKind.Object } alert) return default;
        var first = alert.Get("alerts") is { ValueKind: JsonValueKind.Array } alerts ? First(alerts) : null;
        string? Label(string name) => Text(alert.Get("labels"), name) ?? Text(first?.Get("labels"), name) ?? Text(alert.Get("commonLabels"), name) ?? Text(alert.Get("groupLabels"), name);
        return new Alert(Short(Label("alertname"), NameMax), Short(Label("severity"), WordMax), Short(Text(alert, "status") ?? Text(first, "status"), WordMax));
    }

    private static JsonElement? First(JsonElement list) => list.GetArrayLength() > 0 ? list[0] : null;

    private static string? Text(JsonElement? value, string name) => value is { ValueKind: JsonValueKind.Object } known ? known.GetText(name) : null;

    /// <summary>A NUL cannot be stored as text everywhere; half of a character nowhere.</summary>
    private static string? Short(string? text, int max)
    {
        if (text is null) return null;
        var whole = text.Replace("\0", "", StringComparison.Ordinal);
        if (whole.Length <= max) return whole;
        return whole[..(char.IsHighSurrogate(whole[max - 1]) ? max - 1 : max)];
    }
}
