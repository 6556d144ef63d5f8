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

        if (request.Shape is { } shape && endpoint.IsOfficial) WriteShape(writer, shape);
        WriteMessages(writer, request);
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
        }

        if (chunk.Get("choices") is not { ValueKind: JsonValueKind.Array } choices || choices.GetArrayLength() == 0) return null;
        var choice = choices[0];
        if (choice.Get("delta")?.GetText("content") is { } text) draft.Text.Append(text);
        if (choice.GetText("finish_reason") is { } finish)
        {
            draft.FinishReason = finish switch { "stop" => "end_turn", "length" => "max_tokens", _ => finish };
            if (finish == "content_filter") return FailureCatalog.Fail("LLM_CONTENT_FILTER", $"{endpoint.Name} refused the content.");
        }

        return null;
    }

    private static void WriteShape(Utf8JsonWriter writer, JsonSchema shape)
    {
        writer.WriteStartObject("response_format");
        writer.WriteString("type", "json_schema");
        writer.WriteStartObject("json_schema");
        writer.WriteString("name", "answer");
        writer.WritePropertyName("schema");
        shape.Source.WriteTo(writer);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private static void WriteMessages(Utf8JsonWriter writer, ModelRequest request)
    {
        writer.WriteStartArray("messages");
        if (ShapeInstruction.Above(request) is { } system) Write("system", system);
        foreach (var message in request.Messages) Write(message.Role, message.Content);
        writer.WriteEndArray();

        void Write(string role, string content)
        {
            writer.WriteStartObject();
            writer.WriteString("role", role);
            writer.WriteString("content", content);
            writer.WriteEndObject();
        }
    }

    private static long? Number(JsonElement of, string name) => of.Get(name) is { ValueKind: JsonValueKind.Number } n && n.TryGetInt64(out var value) ? value : null;
}
