using System.Data.Common;
using System.Net;
using System.Text.Json;
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

/// <summary>The edge of the server: who calls, what may they, and every error as JSON.</summary>
internal static class Edge
{
    private static readonly object CallerKey = new();

    internal static void UseEdge(this WebApplication app, bool isDevelopment) => app.Use(async (context, next) =>
    {
        context.Response.Headers["X-Request-ID"] = context.TraceIdentifier = Guid.CreateVersion7().ToString("D");
        if (context.Request.Headers["X-Correlation-ID"] is [{ Length: > 0 and <= 128 } correlation] && correlation.All(c => c is > ' ' and < '\x7f'))
            context.Response.Headers["X-Correlation-ID"] = correlation;
        try
        {
            if (context.GetEndpoint() is RouteEndpoint endpoint && endpoint.Metadata.GetMetadata<OpenAttribute>() is null)
                Authorize(context, endpoint, isDevelopment);
            await next(context);
            if (context.Response is { HasStarted: false, StatusCode: >= 400, ContentLength: null })
                await context.RefuseAsync(OfStatus(context), context.Response.StatusCode);
        }
        catch (RefusedException e)
        {
            await context.RefuseAsync(e.Failure, e.Status, e.Detail);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            context.Response.StatusCode = 499;
        }
        catch (Exception e)
        {
            var (failure, status) = Of(context, e);
            await context.RefuseAsync(failure, status);
        }
    });

    internal static Caller Caller(this HttpContext context) => (Caller)context.Items[CallerKey]!;

    private static (Failure Failure, int? Status) Of(HttpContext context, Exception e)
    {
        var log = context.RequestServices.GetRequiredService<ILogger<WebApplication>>();
        switch (e)
        {
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
            case DbException:
                EdgeLog.StoreFailed(log, context.TraceIdentifier, e);
                return (FailureCatalog.Fail("STORE_UNAVAILABLE", $"The store did not answer; see the log under {context.TraceIdentifier}."), null);
            default:
                // The last catch of the server: the caller gets a JSON error with the id under which the log tells the rest.
                EdgeLog.Broke(log, context.TraceIdentifier, e);
                return (FailureCatalog.Fail("EXECUTION_ERROR", $"The server broke while it answered; see its log under {context.TraceIdentifier}."), null);
        }
    }

    private static void Authorize(HttpContext context, Endpoint endpoint, bool isDevelopment)
    {
        var needs = endpoint.Metadata.GetMetadata<NeedsAttribute>()
            ?? throw new InvariantBrokenException($"The route {endpoint.DisplayName} says neither what it needs nor that it is open.");
        var identity = context.RequestServices.GetRequiredService<IIdentity>();
        var caller = Key(context) is { } key
            ? identity.Authenticate(key) ?? throw new RefusedException(FailureCatalog.Fail("UNAUTHORIZED", "Invalid API key"))
            : context.Features.Get<OwnerConnection>() is not null ? OwnerConnection.Owner
            : isDevelopment && needs.OpenInDevelopment && IsLocal(context) ? identity.Anonymous : null;
        if (caller is null) throw new RefusedException(FailureCatalog.Fail("UNAUTHORIZED", "An API key is needed."), needs.KeyIsField ? 422 : 401);
        if (!caller.May(needs.Permission)) throw new RefusedException(FailureCatalog.Fail("PERMISSION_DENIED", $"This caller lacks {needs.Permission}."));
        context.Items[CallerKey] = Narrowed(context, caller);
    }

    /// <summary><c>X-Tenant-ID</c> picks a tenant for a caller who may act for others; for everybody else it must be their own.</summary>
    private static Caller Narrowed(HttpContext context, Caller caller)
    {
        if (context.Request.Headers["X-Tenant-ID"] is not [{ Length: > 0 } named] || named == caller.Tenant.Value) return caller;
        if (!caller.May(Permission.Admin))
            throw new RefusedException(FailureCatalog.Fail("PERMISSION_DENIED", $"This caller does not act for the tenant {Asked.Short(named)}."));
        if (named.Length > 64 || !named.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.'))
            throw RefusedException.Wrong("X-Tenant-ID is 1 to 64 of letters, digits, _ - and a point.");
        return caller with { Tenant = new TenantId(named) };
    }

    private static string? Key(HttpContext context)
    {
        var headers = context.Request.Headers;
        if (headers["X-AOS-Key"] is [{ } aos]) return aos;
        if (headers["X-API-Key"] is [{ } api]) return api;
        return headers.Authorization is [{ } bearer] && bearer.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) ? bearer[7..].Trim() : null;
    }

    /// <summary>
    /// A client on this machine that no web page sent: a page of another origin, or a name that was made to point here, must not
    /// act for the developer whose browser it runs in.
    /// </summary>
    private static bool IsLocal(HttpContext context)
    {
        var request = context.Request;
        return context.Connection.RemoteIpAddress is { } address && IPAddress.IsLoopback(address)
            && !request.Headers.ContainsKey("X-Forwarded-For")
            && request.Host.Host is "localhost" or "127.0.0.1" or "[::1]"
            && (request.Headers.Origin is [] || request.Headers.Origin is [{ } origin] && origin == $"{request.Scheme}://{request.Host}");
    }

    private static Failure OfStatus(HttpContext context) => context.Response.StatusCode switch
    {
        404 => FailureCatalog.Fail("NOT_FOUND", $"There is nothing at {context.Request.Path}."),
        405 => FailureCatalog.Fail("METHOD_NOT_ALLOWED", $"{context.Request.Path} does not take {context.Request.Method}."),
        413 => FailureCatalog.Fail("PAYLOAD_TOO_LARGE", $"The body is larger than {Bodies.BytesMax} bytes."),
        415 => FailureCatalog.Fail("UNSUPPORTED_MEDIA_TYPE", "Send application/json."),
        var status => FailureCatalog.Fail(status >= 500 ? "EXECUTION_ERROR" : "INVALID_INPUT", $"The request was answered with {status}."),
    };
}
