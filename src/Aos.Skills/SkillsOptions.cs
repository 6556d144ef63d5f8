using Aos.Kernel;

namespace Aos.Skills;

/// <summary>Settings of the skills.</summary>
public sealed class SkillsOptions
{
    /// <summary>Folder that <c>fs_read</c> and <c>fs_write</c> see; nothing outside of it.</summary>
    public string Workspace { get; set; } = "workspace";

    /// <summary>Skills that are switched off here; <c>NAME@VERSIONS</c>: these versions of one.</summary>
    public IReadOnlyList<string> Disabled { get; set; } = [];

    /// <summary>Skills that the sandbox refuses beside those it always does, whatever case.</summary>
    public IReadOnlyList<string> Forbidden { get; set; } = [];

    /// <summary>A skill needs one of these tags to be called. Null: any skill may be; empty: none.</summary>
    public IReadOnlyList<string>? Capabilities { get; set; }

    /// <summary>Where calls of all runs may go at most; null: nothing is kept in.</summary>
    public ExternalCalls? ExternalCalls { get; set; }

    /// <summary>Folder of further skills, each with its libraries in a folder of its own; null: there is none.</summary>
    public string? Folder { get; set; }

    /// <summary>Which skills may be in that folder: <c>NAME@VERSIONS [sha256:HEX]</c> with commas, or a file that has one on each line. Null: any.</summary>
    public string? Pins { get; set; }

    /// <summary>The skills of the folder.</summary>
    internal SkillFolder Loaded => SkillFolder.Open(Folder, Pins);

    /// <summary>A pin for each skill that is in the folder now.</summary>
    public IReadOnlyList<string> PinLines() => [.. SkillFolder.Open(Folder, null).PinLines()];

    /// <summary>What keeps the settings from being used; empty: nothing.</summary>
    public IReadOnlyList<string> Problems { get; private set; } = [];

    /// <summary>Settings as the environment says.</summary>
    /// <param name="setting">Value of a variable; null: it is not set.</param>
    public static SkillsOptions Read(Func<string, string?> setting, string workspace)
    {
        var (calls, problem) = CallsOf(setting("AOS_EXTERNAL_CALLS"), setting("DISABLE_EXTERNAL_CALLS"));
        var folder = setting("AOS_SKILLS_FOLDER") is { } place ? Path.GetFullPath(place) : null;
        var pins = setting("AOS_SKILL_PINS");
        return new SkillsOptions
        {
            Folder = folder,
            Pins = pins,
            Workspace = workspace,
            Disabled = Csv(setting("AOS_SKILLS_DISABLED")) ?? [],
            Forbidden = Csv(setting("AOS_SANDBOX_FORBIDDEN")) ?? [],
            Capabilities = Csv(setting("AOS_SANDBOX_CAPABILITIES")),
            ExternalCalls = calls,
            Problems = [.. problem is null ? Array.Empty<string>() : [$"AOS_EXTERNAL_CALLS: {problem}"], .. SkillFolder.Open(folder, pins).Problems],
        };
    }

    private static (ExternalCalls? Calls, string? Problem) CallsOf(string? text, string? disabled)
    {
        if (text is null) return (disabled?.Trim().ToLowerInvariant() is "1" or "true" or "yes" or "on" ? ExternalCalls.Deny : null, null);
        var value = text.Trim() is "deny" or "allow"
            ? Json.Of(text.Trim())
            : Json.Write(writer =>
            {
                writer.WriteStartArray();
                foreach (var host in Csv(text) ?? []) writer.WriteStringValue(host);
                writer.WriteEndArray();
            });
        var (calls, _, problem) = ExternalCalls.Read(value, "host");
        return (calls, problem);
    }

    private static string[]? Csv(string? text) => text?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
