using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Skills;

/// <summary>Vectors by the skill <c>llm_embed</c>, so that everything that holds for its calls holds here.</summary>
internal sealed class SkillEmbedder(ISkills skills) : IEmbedder
{
    private const string Asker = "memory";
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    public async Task<EmbedReply> EmbedAsync(TenantId tenant, string provider, string model, int? dimensions, IReadOnlyList<string> texts, CancellationToken cancel)
    {
        var parameters = Json.Write(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("provider", provider);
            writer.WriteString("model", model);
            if (dimensions is { } wanted) writer.WriteNumber("dimensions", wanted);
            writer.WriteStartArray("texts");
            foreach (var text in texts) writer.WriteStringValue(text);
            writer.WriteEndArray();
            writer.WriteEndObject();
        });
        var outcome = await skills.InvokeAsync(EmbedContract.Name, parameters, new SkillCall(tenant, null, null, Asker, "", 0, Timeout), cancel);
        if (outcome.Failure is { } failure) return new EmbedReply(null, 0, failure);
        var result = outcome.Result;
        var vectors = result.GetProperty("vectors").EnumerateArray().Select(vector => vector.EnumerateArray().Select(static number => number.GetSingle()).ToArray()).ToList();
        return new EmbedReply(vectors, result.GetProperty("input_tokens").GetInt64(), null);
    }
}
