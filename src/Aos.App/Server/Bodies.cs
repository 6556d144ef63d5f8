using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary>Request bodies in, JSON answers out.</summary>
internal static class Bodies
{
    /// <summary>Values in one body: each takes memory beside its text.</summary>
    private const int ValuesMax = 1_000_000;

    /// <summary>A smaller body cannot hold too many values, bytes.</summary>
    private const int CountedFrom = 2 * ValuesMax;

    /// <summary>The body as JSON. What is wrong with it is refused with its place (422), too much of it with 413.</summary>
    internal static Task<JsonElement> BodyAsync(this HttpContext context) =>
        ReadAsync(context, context.RequestServices.GetRequiredService<ServerOptions>().BodyBytesMax, Parse);

    /// <summary>The body as its very bytes; more than <paramref name="max"/> is 413.</summary>
    internal static Task<byte[]> BytesAsync(this HttpContext context, int max) =>
        ReadAsync(context, Math.Min(max, context.RequestServices.GetRequiredService<ServerOptions>().BodyBytesMax), static buffer => buffer.ToArray());

    private static async Task<T> ReadAsync<T>(HttpContext context, int max, Func<ReadOnlySequence<byte>, T> read)
    {
        var server = context.RequestServices.GetRequiredService<ServerOptions>();
        if (context.Request.ContentLength > max) throw TooLarge(max);
        var reader = context.Request.BodyReader;
        ITimer? deadline = null;
        try
        {
            while (true)
            {
                var reading = reader.ReadAsync(context.RequestAborted);
                if (!reading.IsCompleted) deadline ??= Deadline(context, server.BodyTimeMax);
                var some = await reading;
                if (some.IsCanceled) throw LateAt(reader, some.Buffer, context);
                if (some.IsCompleted || some.Buffer.Length > max) return Whole(reader, some.Buffer, max, read);
                reader.AdvanceTo(some.Buffer.Start, some.Buffer.End);
            }
        }
        finally
        {
            if (deadline is not null) await deadline.DisposeAsync(); // Waits for its callback: the next request on this connection has a reader too.
        }
    }

    private static RefusedException LateAt(PipeReader reader, ReadOnlySequence<byte> buffer, HttpContext context)
    {
        reader.AdvanceTo(buffer.End);
        return new RefusedException(Late(context), 408);
    }

    /// <summary>A body that did not come in time. What still comes of it is not waited for: the connection ends.</summary>
    internal static Failure Late(HttpContext context)
    {
        if (!context.Response.HasStarted) context.Response.Headers.Connection = "close";
        return FailureCatalog.Fail("TIMEOUT", "The body did not arrive in time.");
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
        await Trail.WriteOwedAsync(context);
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

    private static ITimer Deadline(HttpContext context, TimeSpan max) => context.RequestServices.GetRequiredService<TimeProvider>()
        .CreateTimer(static reader => ((PipeReader)reader!).CancelPendingRead(), context.Request.BodyReader, max, Timeout.InfiniteTimeSpan);

    private static T Whole<T>(PipeReader reader, ReadOnlySequence<byte> buffer, int max, Func<ReadOnlySequence<byte>, T> read)
    {
        try
        {
            return buffer.Length <= max ? read(buffer) : throw TooLarge(max);
        }
        finally
        {
            reader.AdvanceTo(buffer.End); // Also of a refused body: the server reads on past it.
        }
    }

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
        if (utf8.Length >= CountedFrom) RefuseTooMany(utf8);
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

    private static void RefuseTooMany(ReadOnlySpan<byte> utf8)
    {
        var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = Json.DepthMax });
        var values = 0;
        try
        {
            while (reader.Read())
            {
                if (reader.TokenType is JsonTokenType.PropertyName or JsonTokenType.EndArray or JsonTokenType.EndObject || ++values <= ValuesMax) continue;
                throw new RefusedException(FailureCatalog.Fail("PAYLOAD_TOO_LARGE", $"The body holds more than {ValuesMax} values."));
            }
        }
        catch (JsonException)
        {
            // What is wrong with it is told with its place by whoever reads it.
        }
    }

    private static RefusedException TooLarge(int max) => new(FailureCatalog.Fail("PAYLOAD_TOO_LARGE", $"The body is larger than {max} bytes."));
}
