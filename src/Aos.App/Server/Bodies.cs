using System.Buffers;
using System.Text.Json;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary>Request bodies in, JSON answers out.</summary>
internal static class Bodies
{
    /// <summary>Largest body, bytes.</summary>
    internal const int BytesMax = 32 * 1024 * 1024;

    /// <summary>The body as JSON. What is wrong with it is refused with its place (422), too much of it with 413.</summary>
    internal static async Task<JsonElement> BodyAsync(this HttpContext context)
    {
        if (context.Request.ContentLength is > BytesMax) throw TooLarge();
        var reader = context.Request.BodyReader;
        while (true)
        {
            var read = await reader.ReadAsync(context.RequestAborted);
            if (!read.IsCompleted && read.Buffer.Length <= BytesMax)
            {
                reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                continue;
            }

            try
            {
                return read.Buffer.Length <= BytesMax ? Parse(read.Buffer) : throw TooLarge();
            }
            finally
            {
                reader.AdvanceTo(read.Buffer.End); // Also of a refused body: the server reads on past it.
            }
        }
    }

    /// <summary>The body as a JSON object.</summary>
    internal static async Task<JsonElement> ObjectBodyAsync(this HttpContext context)
    {
        var body = await context.BodyAsync();
        return body.ValueKind == JsonValueKind.Object ? body : throw RefusedException.Wrong($"The body is a JSON object, not {Kind(body)}.");
    }

    /// <summary>The body as a JSON object; an empty body counts as <c>{}</c>.</summary>
    internal static async Task<JsonElement> ObjectBodyOrEmptyAsync(this HttpContext context) =>
        context.HasBody() ? await context.ObjectBodyAsync() : Json.EmptyObject;

    internal static bool HasBody(this HttpContext context) =>
        context.Request.ContentLength is > 0 || (context.Request.ContentLength is null && context.Request.Headers.ContainsKey("Transfer-Encoding"));

    internal static Task ReplyAsync(this HttpContext context, JsonElement body, int status = 200) => context.ReplyAsync(body.WriteTo, status);

    /// <summary>Writes the JSON straight into the response, with its length.</summary>
    internal static async Task ReplyAsync(this HttpContext context, Action<Utf8JsonWriter> write, int status = 200)
    {
        using var buffer = new PooledBuffer();
        using (var writer = new Utf8JsonWriter(buffer)) write(writer);
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = buffer.Written.Length;
        if (!HttpMethods.IsHead(context.Request.Method)) await context.Response.Body.WriteAsync(buffer.Written, context.RequestAborted);
    }

    /// <summary>What a value is, for messages.</summary>
    internal static string Kind(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        JsonValueKind.String => "a text",
        JsonValueKind.Number => "a number",
        JsonValueKind.Null => "null",
        _ => "true or false",
    };

    private static JsonElement Parse(ReadOnlySequence<byte> buffer)
    {
        if (buffer.IsEmpty) throw RefusedException.Wrong("The body is empty; send JSON.");
        if (buffer.IsSingleSegment) return Parse(buffer.FirstSpan);
        var rented = ArrayPool<byte>.Shared.Rent((int)buffer.Length);
        try
        {
            buffer.CopyTo(rented);
            return Parse(rented.AsSpan(0, (int)buffer.Length));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    private static JsonElement Parse(ReadOnlySpan<byte> utf8)
    {
        try
        {
            return JsonText.Read(utf8);
        }
        catch (JsonTextException e)
        {
            var place = Json.Write(writer =>
            {
                writer.WriteStartObject();
                writer.WriteNumber("line", e.Line);
                writer.WriteNumber("offset", e.Offset);
                writer.WriteString("path", e.Path);
                writer.WriteEndObject();
            });
            throw new RefusedException(FailureCatalog.Fail("INVALID_INPUT", $"The body is no valid JSON: {e.Message}.", null, place), 422);
        }
    }

    private static RefusedException TooLarge() => new(FailureCatalog.Fail("PAYLOAD_TOO_LARGE", $"The body is larger than {BytesMax} bytes."));
}
