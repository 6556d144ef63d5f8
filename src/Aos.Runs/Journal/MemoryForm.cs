using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Runs;

/// <summary>The stored form of what a step read of the memory.</summary>
internal static class MemoryForm
{
    internal static void Write(Utf8JsonWriter w, MemoryRead read)
    {
        w.WriteNumber("step"u8, read.Step);
        w.WriteStartArray("entries"u8);
        foreach (var entry in read.Entries)
        {
            w.WriteStartObject();
            w.WriteString("key"u8, entry.Key);
            if (entry.Value is { } value)
            {
                w.WritePropertyName("value"u8);
                value.WriteTo(w);
            }

            w.WriteEndObject();
        }

        w.WriteEndArray();
        if (read.Failure is { } failure) EventWriter.Failure(w, "failure"u8, failure);
    }

    internal static MemoryRead Read(JournalEntry entry, JsonElement data) => new()
    {
        At = entry.At,
        Step = data.GetProperty("step").GetInt32(),
        Entries = [.. data.GetProperty("entries").EnumerateArray().Select(one => new MemoryEntry(one.GetProperty("key").GetString()!, one.Get("value")))],
        Failure = EventReader.Failure(data.Get("failure")),
    };
}
