using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Auth.Tests;

internal sealed record FetchIn(string Url);

internal sealed record FetchOut(int Status);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(FetchIn))]
[JsonSerializable(typeof(FetchOut))]
internal sealed partial class FetchJson : JsonSerializerContext;

/// <summary>A skill over a client library with its own HTTP code; it looks at no limit.</summary>
internal sealed class Fetch(IEgress egress) : ISkill<FetchIn, FetchOut>
{
    public SkillContract Contract { get; } = new() { Name = "fetch", Version = "1.0.0", Description = "Asks a URL.", Effect = EffectClass.Idempotent };

    public JsonTypeInfo<FetchIn> Input => FetchJson.Default.FetchIn;

    public JsonTypeInfo<FetchOut> Output => FetchJson.Default.FetchOut;

    public async Task<SkillAnswer<FetchOut>> InvokeAsync(FetchIn input, SkillCall call, CancellationToken cancel)
    {
        using var client = new HttpClient(egress.Handler());
        using var answer = await client.GetAsync(input.Url, cancel);
        return new SkillAnswer<FetchOut>(new FetchOut((int)answer.StatusCode));
    }
}
