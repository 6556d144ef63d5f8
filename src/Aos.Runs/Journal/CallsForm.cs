using System.Collections.Immutable;
using System.Text.Json;
using Aos.Kernel;

namespace Aos.Runs;

/// <summary>The stored form of where a run's calls may go, and of those that were kept in.</summary>
internal static class CallsForm
{
    internal static void Write(Utf8JsonWriter w, ExternalCalls calls)
    {
        w.WritePropertyName("external_calls"u8);
        calls.Write(w);
    }

    internal static void Write(Utf8JsonWriter w, ImmutableArray<BlockedCall> blocked)
    {
        w.WriteStartArray("blocked"u8);
        foreach (var (skill, target) in blocked)
        {
            w.WriteStartObject();
            w.WriteString("skill"u8, skill);
            w.WriteString("target"u8, target);
            w.WriteEndObject();
        }

        w.WriteEndArray();
    }

    internal static ExternalCalls? Read(JsonElement start)
    {
        if (start.Get("external_calls") is not { } written) return null;
        var (calls, _, problem) = ExternalCalls.ReadAll(written, "external_calls");
        return problem is null ? calls : throw new JsonException(problem);
    }

    internal static ImmutableArray<BlockedCall> Blocked(JsonElement outcome) => outcome.Get("blocked") is { } blocked
        ? [.. blocked.EnumerateArray().Select(call => new BlockedCall(call.GetProperty("skill").GetString()!, call.GetProperty("target").GetString()!))]
        : [];
}
