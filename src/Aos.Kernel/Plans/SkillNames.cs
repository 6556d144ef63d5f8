namespace Aos.Kernel;

/// <summary>Names of skills as they are written.</summary>
public static class SkillNames
{
    /// <summary>The name without the <c>skill.</c> that some clients put in front.</summary>
    public static string Bare(string skill) => skill.StartsWith("skill.", StringComparison.Ordinal) ? skill[6..] : skill;

    /// <summary>The skill that a narrower one is a part of: who may not use it may not use the part, and who may use it may use the part. Else the skill itself.</summary>
    public static string Whole(string skill) => skill == "http_get" ? "http_call" : skill;

    /// <summary>Why a skill that clients know is not here and cannot be switched on, with what to use instead; null: it is not one of those.</summary>
    public static Failure? Off(string skill) => skill is "shell" or "shell_lite"
        ? FailureCatalog.Fail(
            "PERMISSION_DENIED",
            $"The skill {skill} is off: no step runs commands of a shell. Call a service with http_call, reshape JSON with json_transform, or write a skill that does this one thing.")
        : null;
}
