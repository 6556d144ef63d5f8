using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Aos.Contracts;
using Aos.Kernel;
using Aos.Skills;

namespace Aos.Testing;

/// <summary>
/// <c>llm_invoke</c> without a model: the first recorded answer whose pattern stands in the prompt, else one that is made from prompt and
/// seed. Whatever provider and model a call names, it is answered here.
/// </summary>
public sealed class StubLlm : StubSkill
{
    private readonly Voice voice;

    /// <param name="cents">What a call costs, so that budgets have something to count.</param>
    public StubLlm(decimal cents = 0)
        : this(new StubFaults(), cents)
    {
    }

    private StubLlm(StubFaults faults, decimal cents)
        : this(faults, new Voice(faults, cents))
    {
    }

    private StubLlm(StubFaults faults, Voice voice)
        : base(faults, new Registered<LlmInvokeIn, LlmInvokeOut>("llm_invoke", () => voice)) => this.voice = voice;

    /// <summary>Records the answer to prompts.</summary>
    /// <param name="pattern">Words of the prompt as <c>role: content</c> lines, whatever case.</param>
    /// <param name="inputTokens">Null: about four characters each.</param>
    public StubLlm Answer(string pattern, string text, long? inputTokens = null, long? outputTokens = null, string finishReason = "end_turn")
    {
        voice.Recorded.Enqueue((pattern, Json.Write(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("text", text);
            writer.WriteString("finish_reason", finishReason);
            if (inputTokens is { } input) writer.WriteNumber("input_tokens", input);
            if (outputTokens is { } output) writer.WriteNumber("output_tokens", output);
            writer.WriteEndObject();
        })));
        return this;
    }

    /// <summary>Has prompts fail.</summary>
    /// <param name="code">Of the catalog, such as <c>RATE_LIMITED</c>, or an older name of one.</param>
    /// <param name="times">So often, then they are answered.</param>
    public StubLlm AddError(string pattern, string code, string message = "The stub says so.", int times = int.MaxValue, TimeSpan? retryAfter = null)
    {
        Faults.Add(pattern, code, message, times, retryAfter);
        return this;
    }

    private sealed class Voice(StubFaults faults, decimal cents) : ISkill<LlmInvokeIn, LlmInvokeOut>
    {
        private static readonly ModelsOptions Unscripted = new();
        private readonly RequestReader reader = new(Unscripted);

        internal ConcurrentQueue<(string Pattern, JsonElement Answer)> Recorded { get; } = new();

        public SkillContract Contract { get; } = LlmContract.Of(Unscripted) with
        {
            Cost = new CostModel(cents, 0, null, ImmutableSortedDictionary<string, TokenPrice>.Empty, 0), TypicalCents = cents,
        };

        public JsonTypeInfo<LlmInvokeIn> Input => LlmJson.Default.LlmInvokeIn;

        public JsonTypeInfo<LlmInvokeOut> Output => LlmJson.Default.LlmInvokeOut;

        public async Task<SkillAnswer<LlmInvokeOut>> InvokeAsync(LlmInvokeIn input, SkillCall call, CancellationToken cancel)
        {
            input = input with { Provider = ModelsOptions.Scripted, Adapter = null };
            var (request, wrong) = reader.Read(input, call);
            if (request is null) return new SkillAnswer<LlmInvokeOut>(null, wrong);
            if (faults.Next(request.Text) is { } fault) return new SkillAnswer<LlmInvokeOut>(null, fault);
            var found = Recorded.FirstOrDefault(recorded => request.Text.Contains(recorded.Pattern, StringComparison.OrdinalIgnoreCase));
            var options = found.Pattern is null ? Unscripted : new ModelsOptions { Script = Script(found.Answer) };
            var answer = await new LlmInvoke(options, new Relay(options, null!, null!, null!, TimeProvider.System), null!, null!).InvokeAsync(input, call, cancel); // A scripted answer asks nobody.
            return answer.Output is { } output ? answer with { Output = output with { CostCents = cents }, Cost = new Cents(cents) } : answer;
        }

        private static JsonElement Script(JsonElement answer) => Json.Write(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("model", "stub-model");
            writer.WriteStartArray("answers");
            answer.WriteTo(writer);
            writer.WriteEndArray();
            writer.WriteEndObject();
        });
    }
}
