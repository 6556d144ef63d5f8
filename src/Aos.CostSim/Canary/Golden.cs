using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Text.Json;
using Aos.Kernel;

namespace Aos.CostSim;

/// <summary>What a version of a model is approved to answer to the reference datasets; samples with the same question have one answer.</summary>
internal sealed class Golden
{
    private readonly FrozenDictionary<string, ModelAnswer> answers;
    private readonly ImmutableArray<(string Sample, string Hash)> samples;

    private Golden(string model, string version, List<(string Sample, string Hash, ModelAnswer Answer)> of)
    {
        (Model, Version) = (model, version);
        samples = [.. of.Select(one => (one.Sample, one.Hash))];
        answers = of.ToFrozenDictionary(one => one.Hash, one => one.Answer, StringComparer.Ordinal);
    }

    /// <summary>Those that come with the program: of the versions it has.</summary>
    internal static ImmutableArray<Golden> Shipped { get; } = [.. Load()];

    internal string Model { get; }

    internal string Version { get; }

    /// <summary>Asks the model; throws what it throws.</summary>
    internal static Golden Of(ICostModel model) => new(
        model.Name, model.Version,
        [
            .. ReferenceDatasets.All.SelectMany(dataset => dataset.Samples).DistinctBy(sample => CostForms.InputHash(sample.Question))
                .Select(sample => (sample.Id, CostForms.InputHash(sample.Question), ModelAnswer.Of(model.Estimate(sample.Question)))),
        ]);

    internal static Golden Read(JsonElement json) => new(
        json.GetText("model")!, json.GetText("version")!,
        [.. json.GetProperty("samples").EnumerateArray().Select(sample => (sample.GetText("sample")!, sample.GetText("input_hash")!, ModelAnswer.Read(sample)))]);

    /// <summary>Null: the datasets had no such question when it was approved.</summary>
    internal ModelAnswer? Find(CostQuestion question) => answers.GetValueOrDefault(CostForms.InputHash(question));

    internal JsonElement Write() => Json.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("model", Model);
        writer.WriteString("version", Version);
        writer.WriteStartArray("samples");
        foreach (var (sample, hash) in samples)
        {
            writer.WriteStartObject();
            writer.WriteString("sample", sample);
            writer.WriteString("input_hash", hash);
            answers[hash].Write(writer);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    });

    private static IEnumerable<Golden> Load()
    {
        var assembly = typeof(Golden).Assembly;
        foreach (var name in assembly.GetManifestResourceNames().Where(name => name.StartsWith("golden.", StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            using var stream = assembly.GetManifestResourceStream(name)!;
            using var bytes = new MemoryStream();
            stream.CopyTo(bytes);
            yield return Read(Json.Parse(bytes.ToArray()));
        }
    }
}
