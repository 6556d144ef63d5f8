using System.Globalization;
using System.Text.Json;
using Aos.Kernel;
using Microsoft.AspNetCore.Http;

namespace Aos.Testing;

/// <summary>Answers of <c>/v1/embeddings</c>, with what the real one refuses.</summary>
public static class Embeddings
{
    private const int TextsMax = 2048;

    /// <summary>Answers a request with vectors that tell their texts apart: the first number is the length of the text. Not in the order asked for.</summary>
    public static async Task AnswerAsync(HttpContext context, JsonElement body, int dimensions = 4)
    {
        if (Problem(body) is { } problem)
        {
            await ModelServer.RefuseAsync(context, 400, $$"""{"error":{"message":{{JsonSerializer.Serialize(problem)}},"type":"invalid_request_error","param":"input","code":null} }""");
            return;
        }

        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(Of(body, body.Get("dimensions") is { } asked ? asked.GetInt32() : dimensions), context.RequestAborted);
    }

    /// <summary>The document.</summary>
    public static string Of(JsonElement body, int dimensions)
    {
        var texts = body.GetProperty("input").EnumerateArray().Select(text => text.GetString()!).ToList();
        var data = texts.Index().Reverse().Select(pair => string.Create(
            CultureInfo.InvariantCulture,
            $$"""{"object":"embedding","index":{{pair.Index}},"embedding":[{{pair.Item.Length}}{{string.Concat(Enumerable.Repeat(",-0.25", dimensions - 1))}}] }"""));
        var tokens = texts.Sum(text => (text.Length / 4) + 1);
        return string.Create(
            CultureInfo.InvariantCulture,
            $$"""{"object":"list","data":[{{string.Join(',', data)}}],"model":"text-embedding-3-small","usage":{"prompt_tokens":{{tokens}},"total_tokens":{{tokens}} } }""");
    }

    private static string? Problem(JsonElement body)
    {
        if (body.Get("input") is not { ValueKind: JsonValueKind.Array } input || input.GetArrayLength() is 0 or > TextsMax) return "'$.input' is invalid. Please check the API reference.";
        if (input.EnumerateArray().Any(text => text.ValueKind != JsonValueKind.String || text.GetString()!.Length == 0)) return "'$.input' is invalid. Please check the API reference.";
        return body.GetText("encoding_format") is null or "float" or "base64" ? null : "'encoding_format' is invalid.";
    }
}
