using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;

namespace Aos.Kernel;

/// <summary>Collects the samples of a dataset.</summary>
internal sealed class SampleSet
{
    internal const string Outside = """{"url":"https://api.example.com/data"}""";

    private readonly ImmutableArray<DatasetSample>.Builder samples = ImmutableArray.CreateBuilder<DatasetSample>();

    internal ImmutableArray<DatasetSample> All => samples.ToImmutable();

    /// <param name="tags">Separated by blanks.</param>
    internal SampleSet Add(string id, string tags, long budget, long cents, bool? feasible, double? confidence, params ReadOnlySpan<CostStep> steps)
    {
        samples.Add(new DatasetSample(id, new CostQuestion([.. steps], budget, []), cents, feasible, confidence, [.. tags.Split(' ')]));
        return this;
    }

    /// <summary>The same sample so many times, numbered from 0.</summary>
    internal SampleSet Repeat(int count, string id, string tags, long budget, long cents, double? confidence, params ReadOnlySpan<CostStep> steps)
    {
        for (var i = 0; i < count; i++) Add(string.Create(CultureInfo.InvariantCulture, $"{id}_{i}"), tags, budget, cents, true, confidence, steps);
        return this;
    }

    internal static CostStep Step(string skill, string parameters = "{}") => new(skill, Json.Parse(parameters));

    internal static CostStep Http { get; } = Step("http_call", Outside);

    internal static CostStep Transform { get; } = Step("json_transform", """{"expression":"$.items"}""");

    internal static CostStep Get { get; } = Step("kv_get", """{"key":"counter"}""");

    internal static CostStep Set { get; } = Step("kv_set", """{"key":"counter","value":1}""");

    internal static CostStep Email { get; } = Step("email_send", """{"to":"team@example.com","subject":"Report"}""");

    internal static CostStep Webhook { get; } = Step("webhook_send", """{"url":"https://hooks.example.com/in"}""");

    internal static CostStep Ask(string prompt) => new("llm_invoke", Prompt(prompt));

    /// <summary>A prompt of so many characters.</summary>
    internal static CostStep Ask(int characters) => Ask(new string('x', characters));

    private static JsonElement Prompt(string text) => Json.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("prompt", text);
        writer.WriteEndObject();
    });
}
