using System.Text.Json;
using Aos.Kernel;

namespace Aos.Skills;

/// <summary>One recorded answer.</summary>
/// <param name="PromptHash">16 hex digits of the prompt it answers, or null.</param>
/// <param name="Contains">Texts that must all be in the prompt; empty with no hash: answers every prompt.</param>
/// <param name="Seed">The only seed it answers, or null.</param>
internal sealed record RecordedAnswer(
    string? PromptHash, IReadOnlyList<string> Contains, ulong? Seed, string Text, string FinishReason, long? InputTokens, long? OutputTokens, string? Error, int? RetryAfterMs);

/// <summary>
/// Recorded answers. The closest fits: one with the prompt's hash before one by its words, one for the seed before one
/// for any, then the one that names more of the prompt. The order in the file has no meaning.
/// </summary>
internal sealed class Script
{
    private static readonly JsonSchema Shape = JsonSchema.Known(Json.Parse("""
        {
          "type": "object",
          "required": ["answers"],
          "additionalProperties": false,
          "properties": {
            "model": { "type": "string", "minLength": 1 },
            "answers": {
              "type": "array",
              "items": {
                "type": "object",
                "additionalProperties": false,
                "properties": {
                  "prompt_hash": { "type": "string", "pattern": "^[0-9a-f]{16}$" },
                  "contains": { "anyOf": [{ "type": "string", "minLength": 1 }, { "type": "array", "items": { "type": "string", "minLength": 1 } }] },
                  "seed": { "type": "integer", "minimum": 0, "maximum": 18446744073709551615 },
                  "text": { "type": "string" },
                  "json": true,
                  "finish_reason": { "enum": ["end_turn", "max_tokens", "stop_sequence"] },
                  "input_tokens": { "type": "integer", "minimum": 0, "maximum": 1000000000 },
                  "output_tokens": { "type": "integer", "minimum": 0, "maximum": 1000000000 },
                  "error": { "type": "string" },
                  "retry_after_ms": { "type": "integer", "minimum": 0, "maximum": 3600000 }
                },
                "oneOf": [{ "required": ["text"] }, { "required": ["json"] }, { "required": ["error"] }]
              }
            }
          }
        }
        """));

    private readonly List<RecordedAnswer> answers;

    private Script(string model, List<RecordedAnswer> answers)
    {
        Model = model;
        this.answers = answers;
    }

    /// <summary>What answers call themselves; <c>scripted</c> unless the script says else.</summary>
    internal string Model { get; }

    internal static (Script? Script, IReadOnlyList<SchemaProblem> Problems) Read(JsonElement document)
    {
        var problems = Shape.Check(document).ToList();
        if (problems.Count > 0) return (null, problems);
        var answers = document.GetProperty("answers").EnumerateArray().Select(Answer).ToList();
        for (var i = 0; i < answers.Count; i++)
        {
            if (answers[i].Error is { } error && FailureCatalog.Find(error) is null) problems.Add(new SchemaProblem($"answers[{i}].error", "error", "is no code of the failure catalog"));
        }

        return problems.Count > 0 ? (null, problems) : (new Script(document.GetText("model") ?? ModelsOptions.Scripted, answers), []);
    }

    internal RecordedAnswer? Find(ModelRequest request) => answers
        .Where(answer => Fits(answer, request))
        .OrderByDescending(answer => answer.PromptHash is not null)
        .ThenByDescending(answer => answer.Seed is not null)
        .ThenByDescending(answer => answer.Contains.Sum(text => text.Length))
        .ThenBy(answer => answer.Text, StringComparer.Ordinal)
        .FirstOrDefault();

    private static bool Fits(RecordedAnswer answer, ModelRequest request) =>
        (answer.PromptHash is null || answer.PromptHash == request.PromptHash)
        && (answer.Seed is null || answer.Seed == request.Seed)
        && answer.Contains.All(text => request.Text.Contains(text, StringComparison.OrdinalIgnoreCase));

    private static RecordedAnswer Answer(JsonElement entry) => new(
        entry.GetText("prompt_hash"),
        entry.Get("contains") switch
        {
            { ValueKind: JsonValueKind.Array } texts => [.. texts.EnumerateArray().Select(text => text.GetString()!)],
            { } text => [text.GetString()!],
            null => [],
        },
        entry.Get("seed") is { } seed ? (ulong)seed.GetDecimal() : null,
        entry.GetText("text") ?? (entry.Get("json") is { } json ? CanonicalJson.Text(json) : ""),
        entry.GetText("finish_reason") ?? "end_turn",
        (long?)entry.Get("input_tokens")?.GetDecimal(),
        (long?)entry.Get("output_tokens")?.GetDecimal(),
        entry.GetText("error"),
        (int?)entry.Get("retry_after_ms")?.GetDecimal());
}
