using System.Text.Json;
using Aos.Kernel;

namespace Aos.Skills;

/// <summary>Messages API, version 2023-06-01, streaming. It has no seed.</summary>
internal sealed class AnthropicWire : IModelWire
{
    public string Path => "/v1/messages";

    public void WriteHeaders(HttpRequestMessage message, ModelEndpoint endpoint)
    {
        message.Headers.Add("anthropic-version", "2023-06-01");
        if (endpoint.ApiKey is { } key) message.Headers.TryAddWithoutValidation("x-api-key", key);
    }

    public void WriteBody(Utf8JsonWriter writer, ModelEndpoint endpoint, ModelRequest request)
    {
        writer.WriteStartObject();
        writer.WriteString("model", request.Model);
        writer.WriteNumber("max_tokens", request.MaxTokens);
        writer.WriteBoolean("stream", true);
        if (NativeShape.System(endpoint, request) is { } system) WriteSystem(writer, system, request.CachesPrompt);
        if (request.Temperature is { } temperature) writer.WriteNumber("temperature", temperature);
        if (request.Stop.Length > 0)
        {
            writer.WriteStartArray("stop_sequences");
            foreach (var stop in request.Stop) writer.WriteStringValue(stop);
            writer.WriteEndArray();
        }

        AnthropicTools.Write(writer, endpoint, request);
        AnthropicMessages.Write(writer, request);
        writer.WriteEndObject();
    }

    public Failure? Take(string data, AnswerDraft draft, ModelEndpoint endpoint)
    {
        var e = Json.Parse(data);
        switch (e.GetText("type"))
        {
            case "message_start":
                draft.Model = e.Get("message")?.GetText("model");
                CountInput(e.Get("message")?.Get("usage"), draft);
                return null;
            case "content_block_start" when e.Get("content_block") is { } block && block.GetText("type") == "tool_use":
                return Begin(Number(e, "index"), block, draft, endpoint);
            case "content_block_delta" when e.Get("delta")?.GetText("text") is { } text:
                draft.Write(text);
                return null;
            case "content_block_delta" when e.Get("delta")?.GetText("partial_json") is { } piece:
                draft.Calls.LastOrDefault(call => call.Index == Number(e, "index"))?.Arguments.Append(piece);
                return null;
            case "message_delta":
                draft.FinishReason = e.Get("delta")?.GetText("stop_reason") is { } stop ? Stop(stop) : draft.FinishReason;
                CountInput(e.Get("usage"), draft);
                draft.OutputTokens = (e.Get("usage") is { } told ? Number(told, "output_tokens") : null) ?? draft.OutputTokens;
                return draft.FinishReason == "refusal" ? FailureCatalog.Fail("LLM_CONTENT_FILTER", $"{endpoint.Name} refused the content.") : null;
            case "message_stop":
                draft.Done = true;
                return null;
            case "error":
                return ProviderErrors.Of(endpoint, null, e.Get("error") ?? e, null);
            default:
                return null; // Pings, and kinds of events that are added over time.
        }
    }

    public void Finish(AnswerDraft draft, ModelEndpoint endpoint, ModelRequest request)
    {
        if (NativeShape.ByTool(endpoint, request))
        {
            AnthropicTools.TakeShape(draft);
            return;
        }

        var names = request.Names();
        foreach (var call in draft.Calls) call.Name = call.Name is { } name ? names.Ours(name) : null;
    }

    /// <summary>A prompt that is cached is cached from its start: what stands before each mark is kept.</summary>
    private static void WriteSystem(Utf8JsonWriter writer, string system, bool isCached)
    {
        if (!isCached || string.IsNullOrWhiteSpace(system))
        {
            writer.WriteString("system", system);
            return;
        }

        writer.WriteStartArray("system");
        writer.WriteStartObject();
        writer.WriteString("type", "text");
        writer.WriteString("text", system);
        AnthropicMessages.WriteMark(writer);
        writer.WriteEndObject();
        writer.WriteEndArray();
    }

    private static Failure? Begin(long? index, JsonElement block, AnswerDraft draft, ModelEndpoint endpoint)
    {
        if (draft.Calls.Count == AnswerDraft.CallsMax) return FailureCatalog.Fail("LLM_INVALID_RESPONSE", $"{endpoint.Name} asks for more than {AnswerDraft.CallsMax} calls at once.");
        var call = new CallDraft { Index = index, Id = block.GetText("id"), Name = block.GetText("name") };
        // The provider streams the arguments and starts with none; some servers that speak its protocol give them whole.
        if (block.Get("input") is { ValueKind: JsonValueKind.Object } input && input.EnumerateObject().Any()) call.Arguments.Append(input.GetRawText());
        draft.Calls.Add(call);
        return null;
    }

    private static string Stop(string reason) => reason == "model_context_window_exceeded" ? "max_tokens" : reason;

    /// <summary>
    /// Counts are cumulative. Tokens read into or from the provider's prompt cache are input too. Those written are told at the end alone:
    /// the number a message starts with is of its first token, and a stream that breaks would cost no more than that.
    /// </summary>
    private static void CountInput(JsonElement? usage, AnswerDraft draft)
    {
        if (usage is not { } counts || Number(counts, "input_tokens") is not { } input) return;
        draft.CacheWritten = Number(counts, "cache_creation_input_tokens") ?? draft.CacheWritten;
        draft.CacheRead = Number(counts, "cache_read_input_tokens") ?? draft.CacheRead;
        draft.InputTokens = Sum(input, draft.CacheWritten ?? 0, draft.CacheRead ?? 0);
    }

    /// <summary>Below zero, which nobody believes, when one of them is.</summary>
    private static long Sum(long input, long written, long read) =>
        input is < 0 or > int.MaxValue || written is < 0 or > int.MaxValue || read is < 0 or > int.MaxValue ? -1 : input + written + read;

    private static long? Number(JsonElement of, string name) => of.Get(name) is { ValueKind: JsonValueKind.Number } n && n.TryGetInt64(out var value) ? value : null;
}
