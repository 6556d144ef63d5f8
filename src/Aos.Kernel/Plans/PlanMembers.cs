using System.Text.Json;

namespace Aos.Kernel;

/// <summary>The members of a plan's object, for the many names it is asked for: each name is decoded once. Empty for what is no object.</summary>
internal readonly struct PlanMembers
{
    private readonly (string Name, JsonElement Value)[] all;

    private PlanMembers(JsonElement source)
    {
        if (source.ValueKind != JsonValueKind.Object)
        {
            all = [];
            return;
        }

        all = new (string, JsonElement)[source.GetPropertyCount()];
        var count = 0;
        foreach (var member in source.EnumerateObject()) all[count++] = (member.Name, member.Value);
    }

    internal ReadOnlySpan<(string Name, JsonElement Value)> All => all;

    public static implicit operator PlanMembers(JsonElement source) => new(source);

    /// <summary>The member, or null when there is none.</summary>
    internal JsonElement? Get(string name)
    {
        foreach (var member in All)
        {
            if (member.Name == name) return member.Value;
        }

        return null;
    }
}
