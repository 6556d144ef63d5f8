using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Skills;

/// <summary>Asks a language model: one request to one provider, or to one after another where a call names several, its answer checked, its cost told to the last digit.</summary>
internal sealed class LlmInvoke(ModelsOptions options, Relay relay, AnswerCache cache, Workspace workspace, IDeltas? deltas = null)
    : ISkill<LlmInvokeIn, LlmInvokeOut>, ITargeted<LlmInvokeIn>
{
    private const int ScriptBytesMax = 4 * 1024 * 1024;
    private readonly RequestReader reader = new(options);
    private readonly PromptGuard guard = new(options.Injection);
    private readonly Script? script = options.Script is { } recorded ? Script.Read(recorded).Script : null;

    public SkillContract Contract { get; } = LlmContract.Of(options);

    public JsonTypeInfo<LlmInvokeIn> Input => LlmJson.Default.LlmInvokeIn;

    public JsonTypeInfo<LlmInvokeOut> Output => LlmJson.Default.LlmInvokeOut;

    public async Task<SkillAnswer<LlmInvokeOut>> InvokeAsync(LlmInvokeIn input, SkillCall call, CancellationToken cancel)
    {
        if (options.Problems.Count > 0) return Failed(FailureCatalog.Fail("CONFIG_INVALID", string.Join(' ', options.Problems)));
        var (request, wrong) = reader.Read(input, call);
        if (request is null) return Failed(wrong!);
        var guarded = guard.Look(input, call);
        if (guarded.Refusal is { } refused) return Failed(refused);
        var answer = await AnswerAsync(input, request, guarded, call, cancel);
        return guarded.Screened is { } screened && answer.Output is { } output ? answer with { Output = output with { Screening = screened } } : answer;
    }

    /// <summary>
    /// Recorded answers are found by the prompt as the plan gave it; a provider gets it with its data marked, and that is the question whose
    /// answer is kept. Text and hash of the prompt stay those of the plan.
    /// </summary>
    private async Task<SkillAnswer<LlmInvokeOut>> AnswerAsync(LlmInvokeIn input, ModelRequest request, GuardedPrompt guarded, SkillCall call, CancellationToken cancel)
    {
        if (request.Provider == ModelsOptions.Scripted)
        {
            var (recorded, unreadable) = Recorded(input.Script);
            if (unreadable is not null) return Failed(unreadable);
            var told = Scripted.Answer(request, recorded);
            if (told.Failure is null) Teller.Of(deltas, call, request.Provider)?.Whole(told.Draft.Text.ToString());
            return Answer(new RelayReply(request, told, Cached: false, Always: true, []));
        }

        if (!ReferenceEquals(guarded.Input, input))
        {
            var (marked, wrong) = reader.Read(guarded.Input, call);
            if (marked is null) return Failed(wrong!);
            request = request with { System = marked.System, Messages = marked.Messages };
        }

        var reply = await relay.AskAsync(request, call, cancel);
        var answer = Answer(reply);
        if (answer.Failure is null && !reply.Cached) await cache.KeepAsync(call.Tenant, reply.Asked, reply.Reply.Draft, cancel);
        return answer;
    }

    /// <summary>A token is taken to be four bytes of the prompt, the tools and the schema, and all tokens that may be written count.</summary>
    public CallTarget? Target(LlmInvokeIn input)
    {
        var provider = reader.Provider(input);
        if (provider == ModelsOptions.Scripted) return null;
        var bytes = (input.SystemPrompt?.Length ?? 0) + new[] { input.Prompt, input.Messages, input.Tools, input.JsonSchema }.Sum(part => (long)(part?.Bytes() ?? 0));
        return new CallTarget(TargetKind.Provider, provider, (bytes / 4) + Math.Clamp(input.MaxTokens ?? RequestReader.MaxTokensDefault, 1, RequestReader.MaxTokensMax));
    }

    private SkillAnswer<LlmInvokeOut> Answer(RelayReply reply)
    {
        var (request, draft) = (reply.Asked, reply.Reply.Draft);
        var (usage, estimated) = draft.Usage(request);
        var cost = (reply.Cached ? Cents.Zero : relay.Cost(request, draft)) + new Cents(reply.Before.Sum(one => one.CostCents));
        if (reply.Reply.Failure is { } failure) return Failed(failure, cost);
        var text = draft.Text.ToString();
        JsonElement? parsed = null;
        var calls = ToolAnswer.Of(request, draft);
        if (request.Shape is { } shape && calls is null)
        {
            (parsed, var unfit) = ShapedAnswer.Read(text, shape);
            if (unfit is not null) return Failed(unfit, cost);
        }

        var model = draft.Model ?? request.Model;
        return new SkillAnswer<LlmInvokeOut>(
            new LlmInvokeOut(
                text, text, ContentHash.Hex(Encoding.UTF8.GetBytes(text))[..16], request.PromptHash, model, model, request.Provider, usage.Input, usage.Output, draft.Finish!, cost.Value,
                request.Seed, reply.Cached, reply.Always, estimated, parsed, calls, usage.CacheRead, usage.CacheWritten, reply.Before.IsEmpty ? null : reply.Before),
            Cost: cost);
    }

    /// <summary>The recorded answers: of the file a call names in the workspace, else the configured ones.</summary>
    private (Script? Script, Failure? Failure) Recorded(string? name)
    {
        if (name is null) return (script, null);
        var (path, refusal) = workspace.Resolve(name);
        if (refusal is not null) return (null, refusal);
        var file = new FileInfo(path!);
        if (!file.Exists) return (null, FailureCatalog.Fail("FILE_NOT_FOUND", $"There is no file {name} in the workspace."));
        if (file.Length > ScriptBytesMax) return (null, FailureCatalog.Fail("INPUT_TOO_LARGE", $"{name} is larger than {ScriptBytesMax} bytes."));
        try
        {
            var (read, problems) = Script.Read(options.Document(path!));
            return (read, problems.Count > 0 ? SchemaFailure.Of("INVALID_INPUT", problems) : null);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return (null, FailureCatalog.Fail("INVALID_INPUT", $"{name} cannot be read as a script: {e.Message}"));
        }
    }

    private static SkillAnswer<LlmInvokeOut> Failed(Failure failure, Cents cost = default) => new(null, failure, cost);
}
