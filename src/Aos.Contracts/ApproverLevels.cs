using System.Collections.Frozen;

namespace Aos.Contracts;

/// <summary>How much a caller may approve: 1 self, 2 member of the team, 3 its lead, 4 manager, 5 owner.</summary>
public static class ApproverLevels
{
    private static readonly FrozenDictionary<string, int> ByRole = new Dictionary<string, int>
    {
        ["owner"] = 5, ["admin"] = 5, ["infra"] = 5,
        ["manager"] = 4, ["policy_admin"] = 4, ["director"] = 4,
        ["team_lead"] = 3, ["senior_engineer"] = 3, ["tech_lead"] = 3, ["operator"] = 3,
        ["team_member"] = 2, ["engineer"] = 2, ["developer"] = 2, ["dev"] = 2,
        ["guest"] = 1, ["readonly"] = 1,
    }.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    /// <summary>The highest level of the caller's roles, 1 to 5; roles that nobody knows are of level 1.</summary>
    public static int Of(Caller caller)
    {
        ArgumentNullException.ThrowIfNull(caller);
        var level = 1;
        foreach (var role in caller.Roles) level = Math.Max(level, ByRole.GetValueOrDefault(role, 1));
        return level;
    }
}
