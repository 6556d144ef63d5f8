using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Skills;

/// <summary>Anything.</summary>
internal sealed class EchoIn
{
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? Members { get; set; }
}

internal sealed record EchoOut(IDictionary<string, JsonElement> Echo, JsonElement? Message);

/// <summary>Gives back what it gets.</summary>
internal sealed class Echo : ISkill<EchoIn, EchoOut>
{
    public SkillContract Contract { get; } = new()
    {
        Name = "echo",
        Version = "1.0.0",
        Description = "Gives back its parameters.",
        Effect = EffectClass.Pure,
        TypicalLatencyMs = 1,
        StableFields = ["echo", "message"],
        Tags = ["test", "json"],
    };

    public JsonTypeInfo<EchoIn> Input => SkillsJson.Default.EchoIn;

    public JsonTypeInfo<EchoOut> Output => SkillsJson.Default.EchoOut;

    public Task<SkillAnswer<EchoOut>> InvokeAsync(EchoIn input, SkillCall call, CancellationToken cancel)
    {
        var members = input.Members ?? new Dictionary<string, JsonElement>();
        return Task.FromResult(new SkillAnswer<EchoOut>(new EchoOut(members, members.TryGetValue("message", out var message) ? message : null)));
    }
}
