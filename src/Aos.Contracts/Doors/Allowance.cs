namespace Aos.Contracts;

/// <summary>Who may use a secret or a connection of a tenant.</summary>
/// <param name="Agents">Null: every agent of the tenant.</param>
/// <param name="Skills">Null: every skill that takes such a thing.</param>
public sealed record Allowance(IReadOnlyList<string>? Agents, IReadOnlyList<string>? Skills)
{
    public static Allowance Everyone { get; } = new(null, null);

    /// <summary>What keeps it from this agent in this skill: <c>agent</c>, <c>skill</c>, or null: nothing.</summary>
    public string? Barrier(string agentId, string skill)
    {
        if (Agents?.Contains(agentId, StringComparer.Ordinal) == false) return "agent";
        return Skills?.Contains(skill, StringComparer.Ordinal) == false ? "skill" : null;
    }
}
