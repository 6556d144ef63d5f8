using System.Collections.Immutable;
using System.Text.Json;
using Aos.Kernel;

namespace Aos.Contracts;

/// <summary>
/// The published documents: JSON Schemas (draft-07) of what AOS gives out and takes in, each with examples that fit. Those
/// of outcomes and failures are made from the objects themselves, so they cannot drift from them.
/// </summary>
public static class ContractDocuments
{
    /// <summary>Names of all documents, sorted.</summary>
    public static ImmutableArray<string> Names { get; } = ["agent_profile", "failure_catalog", "plan", "resource_contract", "skill_metadata", "structured_outcome"];

    /// <summary>The schema, or null when there is none of this name.</summary>
    public static JsonElement? Schema(string name) => Names.Contains(name) ? Resource($"{name}.schema.json") : null;

    /// <summary>Examples of a document.</summary>
    /// <param name="skills">Of <c>skill_metadata</c>: the skills there are.</param>
    public static IReadOnlyList<JsonElement> Examples(string name, IEnumerable<SkillDescription> skills) => name switch
    {
        "structured_outcome" => OutcomeDocument.Examples(),
        "failure_catalog" => [CatalogDocument.Of()],
        "skill_metadata" => [.. skills.OrderBy(skill => skill.Contract.Name, StringComparer.Ordinal).Select(SkillDocument.Of)],
        _ => [.. Resource($"{name}.examples.json").EnumerateArray()],
    };

    private static JsonElement Resource(string file)
    {
        using var stream = typeof(ContractDocuments).Assembly.GetManifestResourceStream($"Aos.Contracts.Documents.{file}")
            ?? throw new InvariantBrokenException($"{file} is not in the assembly.");
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return Json.Parse(bytes);
    }
}
