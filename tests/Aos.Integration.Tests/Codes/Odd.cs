using System.Collections.Immutable;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Aos.Contracts;

namespace Aos.Integration.Tests.Codes;

internal sealed record OddIn(string Way);

internal sealed record OddOut(string Text, string[] List);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(OddIn))]
[JsonSerializable(typeof(OddOut))]
internal sealed partial class OddJson : JsonSerializerContext;

/// <summary>A skill that somebody brought along, and that does what its author should not have let it do.</summary>
internal sealed class Odd : ISkill<OddIn, OddOut>
{
    internal const string Name = "odd";

    public SkillContract Contract { get; } = new()
    {
        Name = Name, Version = "1.0.0", Description = "Goes wrong as told.", Effect = EffectClass.Idempotent, OutputBytesMax = 10_000,
        TypicalCents = 2,
        Cost = new CostModel(5, 0, null, ImmutableSortedDictionary<string, TokenPrice>.Empty, 0),
    };

    public JsonTypeInfo<OddIn> Input => OddJson.Default.OddIn;

    public JsonTypeInfo<OddOut> Output => OddJson.Default.OddOut;

    public Task<SkillAnswer<OddOut>> InvokeAsync(OddIn input, SkillCall call, CancellationToken cancel) => input.Way switch
    {
        "throw" => throw new FormatException("It broke."),
        "nothing" => Task.FromResult(new SkillAnswer<OddOut>(null)),
        "much" => Task.FromResult(new SkillAnswer<OddOut>(new OddOut(new string('x', 20_000), []))),
        "fail" => Task.FromResult(new SkillAnswer<OddOut>(null, FailureCatalog.Fail("STEP_FAILED", "There is no more to say."))),
        _ => Task.FromResult(new SkillAnswer<OddOut>(new OddOut("ok", ["a", "b", "c"]), Cost: new Cents(5))),
    };
}
