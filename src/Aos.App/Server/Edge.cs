using System.Data.Common;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Server;

internal static partial class EdgeLog
{
    [LoggerMessage(EventId = 1000, Level = LogLevel.Error, Message = "Request {RequestId} broke the server.")]
    internal static partial void Broke(ILogger logger, string requestId, Exception why);

    [LoggerMessage(EventId = 1001, Level = LogLevel.Error, Message = "The store failed request {RequestId}.")]
    internal static partial void StoreFailed(ILogger logger, string requestId, Exception why);
}

/// <summary>The edge of the server: ids of requests, and every error as JSON.</summary>
internal static class Edge
{
    /// <summary>SQL state of a text with bytes that are none; it will be none at every further try.</summary>
    private const string NoText = "22021";

    /// <summary>What the client calls the work that the request belongs to; null: it does not say, or not in visible ASCII.</summary>
    internal static string? Correlation(this HttpContext context) =>
        context.Request.Headers["X-Correlation-ID"] is [{ } text] && Contracts.Correlation.IsOne(text) ? text : null;

    internal static void UseEdge(this WebApplication app, bool isDevelopment)
    {
        var logger = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Aos.App.Server.Edge");
        app.Use((context, next) => PassAsync(context, next, logger, isDevelopment));
    }

    private static async Task PassAsync(HttpContext context, RequestDelegate next, ILogger logger, bool isDevelopment)
    {
        context.Response.Headers["X-Request-ID"] = context.TraceIdentifier = Guid.CreateVersion7().ToString("D");
        var correlation = context.Correlation();
        if (correlation is not null) context.Response.Headers["X-Correlation-ID"] = correlation;
        using var scope = logger.BeginScope(new RequestFields(context.TraceIdentifier, correlation));
        try
        {
            RefuseTwoLengths(context);
            if (context.GetEndpoint() is RouteEndpoint endpoint && endpoint.Metadata.GetMetadata<OpenAttribute>() is null)
                await Gate.EnterAsync(context, endpoint, isDevelopment);
            RefuseEncoded(context);
            await next(context);
            if (context.Response is { HasStarted: false, StatusCode: >= 400, ContentLength: null })
                await context.RefuseAsync(OfStatus(context), context.Response.StatusCode);
            if (!context.Response.HasStarted) await Trail.WriteOwedAsync(context);
        }
        catch (RefusedException e)
        {
            await RefuseAsync(context, e.Failure, e.Status, e.Detail);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            context.Response.StatusCode = 499;
        }
        catch (Exception e)
        {
            var (failure, status) = Of(context, e);
            await RefuseAsync(context, failure, status);
        }
    }

    /// <summary>A refusal that cannot be put on record is answered by that.</summary>
    private static async Task RefuseAsync(HttpContext context, Failure failure, int? status, System.Text.Json.JsonElement? detail = null)
    {
        try
        {
            await context.RefuseAsync(failure, status, detail);
        }
        catch (Exception e) when (e is JournalUnavailableException or DbException && !context.Response.HasStarted)
        {
            var (unwritten, its) = Of(context, e);
            await context.RefuseAsync(unwritten, its);
        }
    }

    /// <summary>
    /// A request that has a length and is chunked too is one to this server and another one to a proxy that goes by the other of both.
    /// Kestrel goes by the chunks and puts the length aside under this name.
    /// </summary>
    private static void RefuseTwoLengths(HttpContext context)
    {
        if (context.Request.Headers.TransferEncoding.Count == 0 || !context.Request.Headers.ContainsKey("X-Content-Length")) return;
        context.Response.Headers.Connection = "close";
        throw new RefusedException(FailureCatalog.Fail("INVALID_INPUT", "The request has both Content-Length and Transfer-Encoding."), 400);
    }

    /// <summary>A packed body may grow a thousandfold when it is unpacked; nothing here needs one.</summary>
    private static void RefuseEncoded(HttpContext context)
    {
        var encodings = context.Request.Headers.ContentEncoding;
        if (encodings.Count == 0 || encodings is ["" or "identity"]) return;
        context.Response.Headers.AcceptEncoding = "identity";
        throw new RefusedException(FailureCatalog.Fail("UNSUPPORTED_MEDIA_TYPE", "Send the body as it is, without Content-Encoding."));
    }

    private static (Failure Failure, int? Status) Of(HttpContext context, Exception e)
    {
        var log = context.RequestServices.GetRequiredService<ILogger<WebApplication>>();
        switch (e)
        {
            case BadHttpRequestException { StatusCode: 408 }:
                return (Bodies.Late(context), 408);
            case BadHttpRequestException bad:
                return (FailureCatalog.Fail(bad.StatusCode == 413 ? "PAYLOAD_TOO_LARGE" : "INVALID_INPUT", bad.Message), bad.StatusCode);
            case CanonicalJsonException wrong:
                return (FailureCatalog.Fail("INVALID_INPUT", wrong.Message), 422);
            case JournalUnavailableException closed:
                return (FailureCatalog.Fail("STORE_UNAVAILABLE", closed.Message, closed.RetryAfter), null);
            case KeyringLockedException locked:
                return (FailureCatalog.Fail("CONFIG_INVALID", locked.Message), null);
            case JournalCorruptException corrupt:
                return (FailureCatalog.Fail("STORE_CORRUPT", corrupt.Message), null);
            case ArchiveUnreadableException unreadable:
                return (unreadable.Failure, null);
            case DbException { SqlState: NoText }:
                return (FailureCatalog.Fail("INVALID_INPUT", "A text holds a character that the store cannot keep, such as NUL."), 422);
            case DbException:
                EdgeLog.StoreFailed(log, context.TraceIdentifier, e);
                return (FailureCatalog.Fail("STORE_UNAVAILABLE", $"The store did not answer; see the log under {context.TraceIdentifier}."), null);
            default:
                // The last catch of the server: the caller gets a JSON error with the id under which the log tells the rest.
                EdgeLog.Broke(log, context.TraceIdentifier, e);
                return (FailureCatalog.Fail("EXECUTION_ERROR", $"The server broke while it answered; see its log under {context.TraceIdentifier}."), null);
        }
    }

    private static Failure OfStatus(HttpContext context) => context.Response.StatusCode switch
    {
        404 => FailureCatalog.Fail("NOT_FOUND", $"There is nothing at {context.Request.Path}."),
        405 => FailureCatalog.Fail("METHOD_NOT_ALLOWED", $"{context.Request.Path} does not take {context.Request.Method}."),
        413 => FailureCatalog.Fail("PAYLOAD_TOO_LARGE", "The body is larger than accepted."),
        415 => FailureCatalog.Fail("UNSUPPORTED_MEDIA_TYPE", "Send application/json."),
        var status => FailureCatalog.Fail(status >= 500 ? "EXECUTION_ERROR" : "INVALID_INPUT", $"The request was answered with {status}."),
    };
}
