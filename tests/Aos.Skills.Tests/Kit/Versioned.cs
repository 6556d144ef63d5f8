using System.Text.Json.Serialization.Metadata;
using Aos.Contracts;

namespace Aos.Skills.Tests.Kit;

/// <summary>A skill that says which version of it was called.</summary>
internal sealed class Versioned(string name, string version, decimal cents = 0, params string[] tags) : ISkill<ScriptIn, ScriptOut>
{
    public SkillContract Contract { get; } = new()
    {
        Name = name, Version = version, Description = "Tells its version.", Effect = EffectClass.Pure, StableFields = ["text"], Tags = [.. tags],
        Cost = CostModel.Free with { BaseCents = cents },
    };

    public JsonTypeInfo<ScriptIn> Input => ScriptJson.Default.ScriptIn;

    public JsonTypeInfo<ScriptOut> Output => ScriptJson.Default.ScriptOut;

    public Task<SkillAnswer<ScriptOut>> InvokeAsync(ScriptIn input, SkillCall call, CancellationToken cancel) =>
        Task.FromResult(new SkillAnswer<ScriptOut>(new ScriptOut(version)));

    /// <summary>A room with several versions of one skill.</summary>
    internal static SkillRoom Room(string name, params string[] versions) => new([], aos => Add(aos, name, versions));

    internal static void Add(AosBuilder aos, string name, params string[] versions)
    {
        foreach (var version in versions) aos.AddSkill(name, version, _ => new Versioned(name, version));
    }
}
