using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Aos.Contracts;

namespace Aos.Skills.Tests.Kit;

internal sealed record Greet2In(string Who);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(Greet2In))]
internal sealed partial class Greet2Json : JsonSerializerContext;

/// <summary>The next major version of a skill, with another parameter. Its contract stands on the class.</summary>
[Skill("greet", "2.0.0", "Greets.", Effect = EffectClass.Idempotent, Stable = ["text"], Tags = ["text", "new"], Secrets = ["who"], Free = ["who"], TimeoutMs = 5_000, LatencyMs = 7, Cents = 0.5)]
[FailsWith("INVALID_INPUT", 0.25, "Nobody is there.")]
internal sealed class Greet2 : ISkill<Greet2In, ScriptOut>
{
    public JsonTypeInfo<Greet2In> Input => Greet2Json.Default.Greet2In;

    public JsonTypeInfo<ScriptOut> Output => ScriptJson.Default.ScriptOut;

    public Task<SkillAnswer<ScriptOut>> InvokeAsync(Greet2In input, SkillCall call, CancellationToken cancel) => Task.FromResult(new SkillAnswer<ScriptOut>(new ScriptOut(input.Who)));
}
