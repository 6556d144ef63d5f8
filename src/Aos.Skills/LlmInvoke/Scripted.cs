using System.Globalization;
using System.Text;
using Aos.Kernel;

namespace Aos.Skills;

/// <summary>
/// Answers without a model: recorded ones, or, without a script, the start of the prompt and a mark made from prompt and
/// seed. Free, at once, always the same; says of itself that it is scripted.
/// </summary>
internal static class Scripted
{
    private const int EchoMax = 50;

    internal static ModelReply Answer(ModelRequest request, Script? script)
    {
        if (script is null) return Unscripted(request);
        if (script.Find(request) is not { } recorded) return Absent(request, "the script has no answer for it");
        if (recorded.Error is { } error)
        {
            TimeSpan? after = recorded.RetryAfterMs is { } ms ? TimeSpan.FromMilliseconds(ms) : null;
            return new ModelReply(new AnswerDraft(), FailureCatalog.Fail(FailureCatalog.Find(error)!.Code, "The script says so.", after));
        }

        return Reply(request, script.Model, recorded);
    }

    private static ModelReply Unscripted(ModelRequest request)
    {
        if (request.Shape is not null) return Absent(request, "a scripted answer of a given shape must be recorded");
        return request.Choice.Use is ToolUse.Required or ToolUse.Named ? Absent(request, "a scripted call of a tool must be recorded") : Echo(request);
    }

    /// <summary>The first words of the last message, and 8 hex digits of SHA-256 of <c>seed:prompt hash</c>.</summary>
    private static ModelReply Echo(ModelRequest request)
    {
        var prompt = request.Messages[^1].Content;
        var start = prompt.Length <= EchoMax ? prompt : prompt[..(char.IsHighSurrogate(prompt[EchoMax - 1]) ? EchoMax - 1 : EchoMax)] + "…";
        var mark = ContentHash.Hex(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{request.Seed ?? 0}:{request.PromptHash}")))[..8];
        return Reply(request, ModelsOptions.Scripted, new RecordedAnswer(null, [], [], null, null, $"scripted answer [{mark}] to: {start}", [], "end_turn", null, null, null, null));
    }

    private static ModelReply Reply(ModelRequest request, string model, RecordedAnswer recorded)
    {
        var written = recorded.Text.Length + recorded.Calls.Sum(call => call.Name.Length + call.Arguments.Length);
        var draft = new AnswerDraft
        {
            Model = model, FinishReason = recorded.FinishReason, Done = true,
            InputTokens = recorded.InputTokens ?? Math.Max(1, request.InputTokensLikely), OutputTokens = recorded.OutputTokens ?? Math.Max(1, (written + 3) / 4),
        };
        draft.Text.Append(recorded.Text);
        foreach (var call in recorded.Calls)
        {
            var asked = new CallDraft { Id = call.Id, Name = call.Name };
            asked.Arguments.Append(call.Arguments);
            draft.Calls.Add(asked);
        }

        return new ModelReply(draft);
    }

    private static ModelReply Absent(ModelRequest request, string why) =>
        new(new AnswerDraft(), FailureCatalog.Fail("DATA_NOT_FOUND", $"The prompt has the hash {request.PromptHash}, and {why} (docs/models.md)."));
}
