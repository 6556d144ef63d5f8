using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Aos.Kernel;

namespace Aos.Skills;

/// <summary>
/// The tools that a model asks for. What it got wrong is no failure: the call is given through with what is wrong, so that
/// whoever runs the tools can tell the model, as models mend what they are told.
/// </summary>
internal static class ToolAnswer
{
    /// <summary>Deepest nesting of arguments: with the result around them they may still be journaled.</summary>
    internal const int DepthMax = 48;

    private const int ProblemsMax = 10;

    /// <summary>Null when there are none.</summary>
    internal static ImmutableArray<ToolCallOut>? Of(ModelRequest request, AnswerDraft draft)
    {
        if (draft.Calls.Count == 0) return null;
        var taken = request.Messages.SelectMany(message => message.ToolCalls).Select(call => call.Id).ToHashSet(StringComparer.Ordinal);
        return [.. draft.Calls.Select((call, i) => Read(request, draft, call, Id(request, call, i, taken)))];
    }

    /// <summary>The provider's id, or one of our own where it gives none or one that is taken.</summary>
    private static string Id(ModelRequest request, CallDraft call, int place, HashSet<string> taken)
    {
        var id = call.Id is { Length: > 0 and <= 256 } given ? given : ToolNames.Made($"{request.PromptHash}:{place}");
        for (var n = 2; !taken.Add(id); n++) id = ToolNames.Made($"{request.PromptHash}:{place}:{n}");
        return id;
    }

    private static ToolCallOut Read(ModelRequest request, AnswerDraft draft, CallDraft call, string id)
    {
        var name = call.Name is { Length: > 0 } said ? said.Length <= 256 ? said : said[..256] : "unknown";
        var text = call.Arguments.ToString();
        var (arguments, wrong) = Arguments(string.IsNullOrWhiteSpace(text) ? "{}" : text);
        if (arguments is not { } read)
        {
            var cut = draft.FinishReason == "max_tokens" ? " The answer was cut at max_tokens." : "";
            return new ToolCallOut(id, name, Json.EmptyObject, wrong + cut, text);
        }

        return new ToolCallOut(id, name, read, Misfit(request, name, read));
    }

    private static (JsonElement? Arguments, string? Wrong) Arguments(string text)
    {
        try
        {
            var value = Json.Parse(text);
            if (value.ValueKind != JsonValueKind.Object) return (null, "The arguments are no JSON object.");
            return ResultRules.Problem(value.Raw(), DepthMax) is { } problem ? (null, $"What the arguments hold {problem}.") : (value, null);
        }
        catch (JsonException)
        {
            return (null, "The arguments are no JSON.");
        }
    }

    /// <summary>Why the call fits no tool, or null.</summary>
    private static string? Misfit(ModelRequest request, string name, JsonElement arguments)
    {
        if (request.Choice.Use == ToolUse.None || request.Tools.IsEmpty) return "No tool may be called.";
        if (request.Tools.FirstOrDefault(tool => tool.Name == name) is not { } tool)
            return $"There is no tool of this name. There are: {string.Join(", ", request.Tools.Select(one => one.Name))}.";
        var problems = tool.Input.Check(arguments, "arguments");
        return problems.Count == 0 ? null : string.Join(' ', problems.Take(ProblemsMax));
    }
}
