using System.Text.Json;

namespace Aos.Kernel;

/// <summary>How a new value joins the one that is there. On the wire in snake case.</summary>
public enum MergeStrategy
{
    /// <summary>The new one takes its place.</summary>
    Replace,

    /// <summary>Objects are joined member by member, at any depth; where both have something else the new one wins.</summary>
    DeepMerge,

    /// <summary>As <see cref="DeepMerge"/>, and of two lists the new one is put behind the old.</summary>
    Append,

    /// <summary>As <see cref="DeepMerge"/>, and two numbers are added.</summary>
    Increment,
}

/// <summary>Joins values.</summary>
public static class Merging
{
    /// <param name="old">What is stored.</param>
    /// <param name="added">What is written.</param>
    /// <exception cref="OverflowException">A sum has no place in a decimal.</exception>
    public static JsonElement Merge(MergeStrategy strategy, JsonElement old, JsonElement added) =>
        strategy == MergeStrategy.Replace ? added : Json.Write(writer => Write(writer, strategy, old, added));

    private static void Write(Utf8JsonWriter writer, MergeStrategy strategy, JsonElement old, JsonElement added)
    {
        switch (old.ValueKind, added.ValueKind)
        {
            case (JsonValueKind.Object, JsonValueKind.Object):
                WriteMembers(writer, strategy, old, added);
                break;
            case (JsonValueKind.Array, JsonValueKind.Array) when strategy == MergeStrategy.Append:
                writer.WriteStartArray();
                foreach (var item in old.EnumerateArray()) item.WriteTo(writer);
                foreach (var item in added.EnumerateArray()) item.WriteTo(writer);
                writer.WriteEndArray();
                break;
            case (JsonValueKind.Number, JsonValueKind.Number) when strategy == MergeStrategy.Increment:
                Json.Of(checked(old.GetDecimal() + added.GetDecimal())).WriteTo(writer);
                break;
            default:
                added.WriteTo(writer);
                break;
        }
    }

    private static void WriteMembers(Utf8JsonWriter writer, MergeStrategy strategy, JsonElement old, JsonElement added)
    {
        writer.WriteStartObject();
        foreach (var member in old.EnumerateObject())
        {
            writer.WritePropertyName(member.Name);
            if (added.Get(member.Name) is { } other) Write(writer, strategy, member.Value, other);
            else member.Value.WriteTo(writer);
        }

        foreach (var member in added.EnumerateObject().Where(member => old.Get(member.Name) is null)) member.WriteTo(writer);
        writer.WriteEndObject();
    }
}
