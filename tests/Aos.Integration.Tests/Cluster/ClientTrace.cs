using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Aos.Integration.Tests.Cluster;

/// <summary>
/// What a client of trace schema 1.1 computes, written from the description of that schema alone: nothing here is the product's own.
/// </summary>
internal static class ClientTrace
{
    private static readonly string[] Payload = ["idempotency_key", "input_hash", "outcome", "output_hash", "replay_behavior", "rng_state_before", "skill_id", "step_index"];

    /// <summary>The root of a trace file: seed, time and tenant, then step after step.</summary>
    internal static string Root(JsonElement trace)
    {
        var hash = Hex($"{trace.GetProperty("seed").GetRawText().Trim('"')}:{trace.GetProperty("timestamp").GetString()}:{trace.GetProperty("tenant_id").GetString()}");
        foreach (var step in trace.GetProperty("steps").EnumerateArray()) hash = Hex($"{hash}:{Step(step)}");
        return hash;
    }

    /// <summary>Of the eight members that are the same in every equal run, null ones included, in the order of their names.</summary>
    internal static string Step(JsonElement step)
    {
        var text = new StringBuilder("{");
        foreach (var name in Payload)
        {
            if (text.Length > 1) text.Append(',');
            text.Append(CultureInfo.InvariantCulture, $"\"{name}\":").Append(Canonical(step.GetProperty(name)));
        }

        return Hex(text.Append('}').ToString());
    }

    /// <summary>16 digits of the hash of a value's canonical JSON: members by name, no spaces, other characters than ASCII escaped.</summary>
    internal static string Data(JsonElement value) => Hex(Canonical(value))[..16];

    private static string Canonical(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "{" + string.Join(',', value.EnumerateObject().OrderBy(member => member.Name, StringComparer.Ordinal).Select(member => Quoted(member.Name) + ":" + Canonical(member.Value))) + "}",
        JsonValueKind.Array => "[" + string.Join(',', value.EnumerateArray().Select(Canonical)) + "]",
        JsonValueKind.String => Quoted(value.GetString()!),
        _ => value.GetRawText(),
    };

    private static string Quoted(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (var c in text)
        {
            if (c is '"' or '\\') quoted.Append('\\').Append(c);
            else if (c == '\n') quoted.Append("\\n");
            else if (c is < ' ' or > '~') quoted.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
            else quoted.Append(c);
        }

        return quoted.Append('"').ToString();
    }

    private static string Hex(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
