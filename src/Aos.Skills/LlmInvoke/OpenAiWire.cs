using System.Text.Json;
using Aos.Kernel;

namespace Aos.Skills;

/// <summary>Chat Completions, streaming with usage. Spoken by OpenAI and by many other servers.</summary>
internal sealed class OpenAiWire : IModelWire
{
    public string Path => "/chat/completions";

    public void WriteHeaders(HttpRequestMessage message, ModelEndpoint endpoint)
    {
        if (endpoint.ApiKey is { } key) message.Headers.TryAddWithoutValidation("Authorization", "Bearer " + key);
    }

    public void WriteBody(Utf8JsonWriter writer, ModelEndpoint endpoint, ModelRequest request)
    {
        writer.WriteStartObject();
        writer.WriteString("model", request.Model);
        // The provider's newer models know only the newer name, other servers only the older one.
        writer.WriteNumber(endpoint.IsOfficial ? "max_completion_tokens" : "max_tokens", request.MaxTokens);
        writer.WriteBoolean("stream", true);
        writer.WriteStartObject("stream_options");
        writer.WriteBoolean("include_usage", true);
        writer.WriteEndObject();
        if (request.Temperature is { } temperature) writer.WriteNumber("temperature", temperature);
        if (request.Seed is { } seed && endpoint.Seeds) writer.WriteNumber("seed", (long)(seed & long.MaxValue));
        if (request.Stop.Length > 0)
        {
            writer.WriteStartArray("stop");
            foreach (var stop in request.Stop) writer.WriteStringValue(stop);
            writer.WriteEndArray();
        }

        if (NativeShape.ByFormat(endpoint, request)) WriteShape(writer, request.Shape!);
        OpenAiTools.Write(writer, request);
        OpenAiTools.WriteMessages(writer, endpoint, request);
        writer.WriteEndObject();
    }

    public Failure? Take(string data, AnswerDraft draft, ModelEndpoint endpoint)
    {
        if (data == "[DONE]")
        {
            draft.Done = true;
            return null;
        }

        var chunk = Json.Parse(data);
        if (chunk.Get("error") is { ValueKind: not JsonValueKind.Null } error) return ProviderErrors.Of(endpoint, null, error, null);
        draft.Model = chunk.GetText("model") ?? draft.Model;
        if (chunk.Get("usage") is { ValueKind: JsonValueKind.Object } usage)
        {
            draft.InputTokens = Number(usage, "prompt_tokens") ?? draft.InputTokens;
            draft.OutputTokens = Number(usage, "completion_tokens") ?? draft.OutputTokens;
            draft.CacheRead = usage.Get("prompt_tokens_details") is { } details ? Number(details, "cached_tokens") ?? draft.CacheRead : draft.CacheRead;
        }

        if (chunk.Get("choices") is not { ValueKind: JsonValueKind.Array } choices || choices.GetArrayLength() == 0) return null;
        var choice = choices[0];
        if (choice.GetText("finish_reason") is { } finish)
            draft.FinishReason = finish switch { "stop" => "end_turn", "length" => "max_tokens", "tool_calls" or "function_call" => "tool_use", _ => finish };
        // The counts of tokens come after the refusal.
        if (draft.FinishReason == "content_filter" || choice.Get("delta")?.GetText("refusal") is { Length: > 0 })
            draft.Refusal = FailureCatalog.Fail("LLM_CONTENT_FILTER", $"{endpoint.Name} refused the content.");
        return choice.Get("delta") is { } delta ? Take(delta, draft, endpoint) : null;
    }

    public void Finish(AnswerDraft draft, ModelEndpoint endpoint, ModelRequest request)
    {
        var names = request.Names();
        foreach (var call in draft.Calls) call.Name = call.Name is { } name ? names.Ours(name) : null;
    }

    private static Failure? Take(JsonElement delta, AnswerDraft draft, ModelEndpoint endpoint)
    {
        if (delta.GetText("content") is { } text) draft.Write(text);
        // Older servers stream the one call they can make under its older name.
        if (delta.Get("function_call") is { ValueKind: JsonValueKind.Object } called && OpenAiTools.Take(Piece(called), draft, endpoint) is { } wrong) return wrong;
        if (delta.Get("tool_calls") is not { ValueKind: JsonValueKind.Array } calls) return null;
        foreach (var piece in calls.EnumerateArray())
        {
            if (OpenAiTools.Take(piece, draft, endpoint) is { } failure) return failure;
        }

        return null;
    }

    private static JsonElement Piece(JsonElement called) => Json.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteNumber("index", 0);
        writer.WritePropertyName("function");
        called.WriteTo(writer);
        writer.WriteEndObject();
    });

    private static void WriteShape(Utf8JsonWriter writer, JsonSchema shape)
    {
        writer.WriteStartObject("response_format");
        writer.WriteString("type", "json_schema");
        writer.WriteStartObject("json_schema");
        writer.WriteString("name", "answer");
        if (NativeShape.IsStrict(shape)) writer.WriteBoolean("strict", true);
        writer.WritePropertyName("schema");
        shape.Source.WriteTo(writer);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private static long? Number(JsonElement of, string name) => of.Get(name) is { ValueKind: JsonValueKind.Number } n && n.TryGetInt64(out var value) ? value : null;
}
