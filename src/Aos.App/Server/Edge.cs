using System.Net;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;
using Microsoft.AspNetCore.Http.Features;

namespace Aos.App.Server;

/// <summary>A request that is refused: becomes a JSON error.</summary>
internal sealed class RefusedException(Failure failure, int? status = null) : Exception(failure.Message)
{
    internal Failure Failure { get; } = failure;

    internal int? Status { get; } = status;
}

internal static partial class EdgeLog
{
    [LoggerMessage(EventId = 1000, Level = LogLevel.Error, Message = "Request {RequestId} broke the server.")]
    internal static partial void Broke(ILogger logger, string requestId, Exception why);
}

/// <summary>The edge of the server: who calls, what may they, and every error as JSON.</summary>
internal static class Edge
{
    /// <summary>Largest body, bytes.</summary>
    internal const int BodyBytesMax = 32 * 1024 * 1024;

    private static readonly object CallerKey = new();

    internal static void UseEdge(this WebApplication app, bool isDevelopment) => app.Use(async (context, next) =>
    {
        context.Response.Headers["X-Request-ID"] = context.TraceIdentifier = Guid.CreateVersion7().ToString("D");
        if (context.Request.Headers["X-Correlation-ID"] is [{ Length: > 0 and <= 128 } correlation] && correlation.All(c => c is > ' ' and < '\x7f'))
            context.Response.Headers["X-Correlation-ID"] = correlation;
        try
        {
            if (context.GetEndpoint() is RouteEndpoint endpoint && endpoint.Metadata.GetMetadata<OpenAttribute>() is null) Authorize(context, endpoint, isDevelopment);
            await next(context);
            if (context.Response is { HasStarted: false, StatusCode: >= 400, ContentLength: null }) await WriteAsync(context, OfStatus(context), context.Response.StatusCode);
        }
        catch (RefusedException e)
        {
            await WriteAsync(context, e.Failure, e.Status);
        }
        catch (BadHttpRequestException e)
        {
            await WriteAsync(context, FailureCatalog.Fail(e.StatusCode == 413 ? "PAYLOAD_TOO_LARGE" : "INVALID_INPUT", e.Message), e.StatusCode);
        }
        catch (JournalUnavailableException e)
        {
            await WriteAsync(context, FailureCatalog.Fail("STORE_UNAVAILABLE", e.Message, e.RetryAfter));
        }
        catch (JournalCorruptException e)
        {
            await WriteAsync(context, FailureCatalog.Fail("STORE_CORRUPT", e.Message));
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            context.Response.StatusCode = 499;
        }
        catch (Exception e)
        {
            // The last catch of the server: the caller gets a JSON error with the id under which the log tells the rest.
            EdgeLog.Broke(context.RequestServices.GetRequiredService<ILogger<WebApplication>>(), context.TraceIdentifier, e);
            await WriteAsync(context, FailureCatalog.Fail("EXECUTION_ERROR", $"The server broke while it answered; see its log under {context.TraceIdentifier}."));
        }
    });

    internal static Caller Caller(this HttpContext context) => (Caller)context.Items[CallerKey]!;

    /// <summary>The body as JSON; what is wrong with it is refused with its place.</summary>
    internal static async Task<JsonElement> BodyAsync(this HttpContext context)
    {
        if (context.Request.ContentLength is > BodyBytesMax) throw TooLarge();
        using var buffer = new MemoryStream();
        await context.Request.Body.CopyToAsync(buffer, context.RequestAborted);
        try
        {
            return Json.Parse(buffer.GetBuffer().AsSpan(0, (int)buffer.Length));
        }
        catch (JsonException e)
        {
            throw new RefusedException(FailureCatalog.Fail("INVALID_INPUT", $"The body is no valid JSON: {e.Message}"), 422);
        }
    }

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

    private static RefusedException TooLarge() => new(FailureCatalog.Fail("PAYLOAD_TOO_LARGE", $"The body is larger than {BodyBytesMax} bytes."));

    private static void Authorize(HttpContext context, Endpoint endpoint, bool isDevelopment)
    {
        var needs = endpoint.Metadata.GetMetadata<NeedsAttribute>()
            ?? throw new InvariantBrokenException($"The route {endpoint.DisplayName} says neither what it needs nor that it is open.");
        var identity = context.RequestServices.GetRequiredService<IIdentity>();
        var caller = Key(context) is { } key
            ? identity.Authenticate(key) ?? throw new RefusedException(FailureCatalog.Fail("UNAUTHORIZED", "Invalid API key"))
            : isDevelopment && needs.OpenInDevelopment && IsLocal(context) ? identity.Anonymous : null;
        if (caller is null) throw new RefusedException(FailureCatalog.Fail("UNAUTHORIZED", "An API key is needed."), needs.KeyIsField ? 422 : 401);
        if (!caller.May(needs.Permission)) throw new RefusedException(FailureCatalog.Fail("PERMISSION_DENIED", $"This caller lacks {needs.Permission}."));
        context.Items[CallerKey] = caller;
    }

    private static string? Key(HttpContext context)
    {
        var headers = context.Request.Headers;
        if (headers["X-AOS-Key"] is [{ } aos]) return aos;
        if (headers["X-API-Key"] is [{ } api]) return api;
        return headers.Authorization is [{ } bearer] && bearer.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) ? bearer[7..].Trim() : null;
    }

    private static bool IsLocal(HttpContext context) =>
        context.Connection.RemoteIpAddress is { } address && IPAddress.IsLoopback(address) && !context.Request.Headers.ContainsKey("X-Forwarded-For");

    private static Failure OfStatus(HttpContext context) => context.Response.StatusCode switch
    {
        404 => FailureCatalog.Fail("NOT_FOUND", $"There is nothing at {context.Request.Path}."),
        405 => FailureCatalog.Fail("METHOD_NOT_ALLOWED", $"{context.Request.Path} does not take {context.Request.Method}."),
        413 => FailureCatalog.Fail("PAYLOAD_TOO_LARGE", $"The body is larger than {BodyBytesMax} bytes."),
        415 => FailureCatalog.Fail("UNSUPPORTED_MEDIA_TYPE", "Send application/json."),
        var status => FailureCatalog.Fail(status >= 500 ? "EXECUTION_ERROR" : "INVALID_INPUT", $"The request was answered with {status}."),
    };

    private static async Task WriteAsync(HttpContext context, Failure failure, int? status = null)
    {
        if (context.Response.HasStarted)
        {
            context.Abort();
            return;
        }

        if (failure.RetryAfter is { } after) context.Response.Headers.RetryAfter = ((int)Math.Ceiling(after.TotalSeconds)).ToString(System.Globalization.CultureInfo.InvariantCulture);
        await context.ReplyAsync(Json.Write(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("detail", failure.Message);
            writer.WritePropertyName("error");
            RunWire.WriteFailure(writer, failure);
            writer.WriteString("request_id", context.TraceIdentifier);
            writer.WriteEndObject();
        }), status ?? FailureCatalog.Find(failure.Code)!.HttpStatus);
    }
}
