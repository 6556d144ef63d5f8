using System.Text.Json;
using Aos.Kernel;

namespace Aos.Skills;

/// <summary>One recorded answer.</summary>
/// <param name="PromptHash">16 hex digits of the prompt it answers, or null.</param>
/// <param name="Contains">Texts that must all be in the prompt; empty with no hash: answers every prompt.</param>
/// <param name="LastContains">Texts that must all be in what stands last: the answers of tools after a message, or one message.</param>
/// <param name="Turn">The only turn it answers, or null; a conversation's first answer is turn 1.</param>
/// <param name="Seed">The only seed it answers, or null.</param>
internal sealed record RecordedAnswer(
    string? PromptHash, IReadOnlyList<string> Contains, IReadOnlyList<string> LastContains, int? Turn, ulong? Seed, string Text, IReadOnlyList<RecordedCall> Calls, string FinishReason,
    long? InputTokens, long? OutputTokens, string? Error, int? RetryAfterMs);

/// <summary>A call of a tool that a recorded answer asks for.</summary>
/// <param name="Id">Null: one is made, the same each time.</param>
/// <param name="Arguments">As the model would have written them.</param>
internal sealed record RecordedCall(string? Id, string Name, string Arguments);

/// <summary>
/// Recorded answers. The closest fits: one with the prompt's hash before one by its words, one for the seed before one
/// for any, one for the turn before one for any, then the one that names more of the prompt. The order in the file has no meaning.
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
                  "last_contains": { "anyOf": [{ "type": "string", "minLength": 1 }, { "type": "array", "items": { "type": "string", "minLength": 1 } }] },
                  "turn": { "type": "integer", "minimum": 1, "maximum": 10000 },
                  "seed": { "type": "integer", "minimum": 0, "maximum": 18446744073709551615 },
                  "text": { "type": "string" },
                  "json": true,
                  "tool_calls": {
                    "type": "array",
                    "minItems": 1,
                    "maxItems": 128,
                    "items": {
                      "type": "object",
                      "required": ["name"],
                      "additionalProperties": false,
                      "properties": {
                        "id": { "type": "string", "minLength": 1, "maxLength": 256 },
                        "name": { "type": "string", "minLength": 1, "maxLength": 256 },
                        "arguments": { "type": "object" },
                        "arguments_text": { "type": "string" }
                      },
                      "not": { "required": ["arguments", "arguments_text"] }
                    }
                  },
                  "finish_reason": { "enum": ["end_turn", "max_tokens", "stop_sequence", "tool_use"] },
                  "input_tokens": { "type": "integer", "minimum": 0, "maximum": 1000000000 },
                  "output_tokens": { "type": "integer", "minimum": 0, "maximum": 1000000000 },
                  "error": { "type": "string" },
                  "retry_after_ms": { "type": "integer", "minimum": 0, "maximum": 3600000 }
                },
                "oneOf": [{ "anyOf": [{ "required": ["text"] }, { "required": ["tool_calls"] }] }, { "required": ["json"] }, { "required": ["error"] }]
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
        .ThenByDescending(answer => answer.Turn is not null)
        .ThenByDescending(answer => answer.Contains.Concat(answer.LastContains).Sum(text => text.Length))
        .ThenBy(answer => answer.Text, StringComparer.Ordinal)
        .ThenBy(answer => string.Join('\n', answer.Calls.Select(call => $"{call.Id} {call.Name} {call.Arguments}")), StringComparer.Ordinal)
        .FirstOrDefault();

    private static bool Fits(RecordedAnswer answer, ModelRequest request) =>
        (answer.PromptHash is null || answer.PromptHash == request.PromptHash)
        && (answer.Seed is null || answer.Seed == request.Seed)
        && (answer.Turn is null || answer.Turn == request.Messages.Count(message => message.Role == "assistant") + 1)
        && answer.Contains.All(text => request.Text.Contains(text, StringComparison.OrdinalIgnoreCase))
        && (answer.LastContains.Count == 0 || answer.LastContains.All(text => Last(request).Contains(text, StringComparison.OrdinalIgnoreCase)));

    private static string Last(ModelRequest request)
    {
        var answers = request.Messages.Reverse().TakeWhile(message => message.Role == "tool").Select(message => message.Content).ToList();
        return answers.Count == 0 ? request.Messages[^1].Content : string.Join('\n', Enumerable.Reverse(answers));
    }

    private static RecordedAnswer Answer(JsonElement entry) => new(
        entry.GetText("prompt_hash"),
        Texts(entry.Get("contains")),
        Texts(entry.Get("last_contains")),
        (int?)entry.Get("turn")?.GetDecimal(),
        entry.Get("seed") is { } seed ? (ulong)seed.GetDecimal() : null,
        entry.GetText("text") ?? (entry.Get("json") is { } json ? CanonicalJson.Text(json) : ""),
        entry.Get("tool_calls") is { } calls ? [.. calls.EnumerateArray().Select(Call)] : [],
        entry.GetText("finish_reason") ?? "end_turn",
        (long?)entry.Get("input_tokens")?.GetDecimal(),
        (long?)entry.Get("output_tokens")?.GetDecimal(),
        entry.GetText("error"),
        (int?)entry.Get("retry_after_ms")?.GetDecimal());

    private static RecordedCall Call(JsonElement entry) =>
        new(entry.GetText("id"), entry.GetText("name")!, entry.GetText("arguments_text") ?? (entry.Get("arguments") is { } arguments ? CanonicalJson.Text(arguments) : "{}"));

    private static IReadOnlyList<string> Texts(JsonElement? given) => given switch
    {
        { ValueKind: JsonValueKind.Array } texts => [.. texts.EnumerateArray().Select(text => text.GetString()!)],
        { } text => [text.GetString()!],
        null => [],
    };
}
