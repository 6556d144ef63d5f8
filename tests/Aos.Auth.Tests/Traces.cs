using System.Text.Json;

namespace Aos.Auth.Tests;

/// <summary>Traces as clients send them.</summary>
internal static class Traces
{
    internal const string At = "2025-01-01T00:00:00Z";

    /// <summary>A finalized trace of an SDK; every step has a key.</summary>
    internal static Trace11 Made(string seed = "42", int steps = 1, string timestamp = At, string skill = "test")
    {
        var trace = new Trace11 { Seed = seed, Timestamp = timestamp, Plan = Json.Parse($$$"""[{"skill":"{{{skill}}}","params":{"x":1}}]""") };
        for (var i = 0; i < steps; i++)
            trace = trace.Add(skill, Json.Parse($$$"""{"x":{{{i + 1}}}}"""), Json.Parse($$$"""{"y":{{{i + 2}}}}"""), "abc123", "success", $"key-{seed}-{i}");
        return trace.Finalize();
    }

    /// <summary>The request that stores it; further members as JSON, such as <c>"agent_id":"a"</c>.</summary>
    internal static string Order(Trace11 trace, string members = "", bool overwrite = false) => Order(Json.Write(trace.WriteTo).GetRawText(), members, overwrite);

    /// <param name="trace">A JSON object.</param>
    internal static string Order(string trace, string members = "", bool overwrite = false) =>
        $$$"""{"trace":{{{(members.Length > 0 ? trace.TrimEnd()[..^1] + "," + members + "}" : trace)}}},"overwrite":{{{(overwrite ? "true" : "false")}}}}""";

    /// <summary>A body without some of its members, and with others in their place.</summary>
    internal static string With(Trace11 trace, params (string Name, string? Json)[] changes) => Json.Write(writer =>
    {
        writer.WriteStartObject();
        foreach (var member in Json.Write(trace.WriteTo).EnumerateObject().Where(member => changes.All(change => change.Name != member.Name))) member.WriteTo(writer);
        foreach (var (name, json) in changes.Where(change => change.Json is not null))
        {
            writer.WritePropertyName(name);
            writer.WriteRawValue(json!);
        }

        writer.WriteEndObject();
    }).GetRawText();
}
