using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Aos.Contracts;

namespace Aos.Skills.Tests;

internal sealed record ScriptIn(string Name, [Range(0, 9)] int Count = 0, ScriptPart[]? Parts = null);

internal sealed record ScriptPart(string Url);

internal sealed record ScriptOut(string Text, JsonElement? Any = null);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(ScriptIn))]
[JsonSerializable(typeof(ScriptOut))]
internal sealed partial class ScriptJson : JsonSerializerContext;

/// <summary>A skill that does what a test says.</summary>
internal sealed class Scripted(Func<ScriptIn, SkillCall, CancellationToken, Task<SkillAnswer<ScriptOut>>> act, SkillContract? contract = null)
    : ISkill<ScriptIn, ScriptOut>
{
    internal static SkillContract Plain { get; } = new() { Name = "scripted", Version = "1.0.0", Description = "As told.", Effect = EffectClass.Idempotent };

    public SkillContract Contract { get; } = contract ?? Plain;

    public JsonTypeInfo<ScriptIn> Input => ScriptJson.Default.ScriptIn;

    public JsonTypeInfo<ScriptOut> Output => ScriptJson.Default.ScriptOut;

    public Task<SkillAnswer<ScriptOut>> InvokeAsync(ScriptIn input, SkillCall call, CancellationToken cancel) => act(input, call, cancel);

    /// <summary>A room that has it.</summary>
    internal static SkillRoom Room(Func<ScriptIn, SkillCall, CancellationToken, Task<SkillAnswer<ScriptOut>>> act, SkillContract? contract = null) =>
        new([], aos => aos.AddSkill((contract ?? Plain).Name, _ => new Scripted(act, contract)));

    internal static SkillRoom Room(SkillAnswer<ScriptOut> answer) => Room((_, _, _) => Task.FromResult(answer));
}
