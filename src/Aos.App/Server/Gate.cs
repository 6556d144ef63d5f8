using System.Diagnostics;
using System.Net;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary>Who sends a request, and whether they may do what its route says it needs.</summary>
internal static class Gate
{
    private const string Challenge = "Bearer realm=\"aos\"";

    private static readonly object CallerKey = new();

    internal static Caller Caller(this HttpContext context) => (Caller)context.Items[CallerKey]!;

    /// <summary>The caller, a house's own, acts for the tenant that its request names; the record shows it there.</summary>
    internal static void ActAs(this HttpContext context, Caller caller) => context.Items[CallerKey] = caller;

    internal static async Task EnterAsync(HttpContext context, RouteEndpoint endpoint, bool isDevelopment)
    {
        var needs = endpoint.Metadata.GetMetadata<NeedsAttribute>()
            ?? throw new InvariantBrokenException($"The route {endpoint.DisplayName} says neither what it needs nor that it is open.");
        var identity = context.RequestServices.GetRequiredService<IIdentity>();
        var began = Stopwatch.GetTimestamp();
        var caller = Narrowed(context, await CallerAsync(context, identity, needs, isDevelopment));
        await RateHeaders.TakeAsync(context, caller, needs.Weight);
        if (needs.Permission is { } permission)
        {
            var decision = await identity.DecideAsync(caller, permission, needs.OfHouse, context.RequestAborted);
            context.RequestServices.GetRequiredService<ServerMeter>().Entered(Stopwatch.GetElapsedTime(began));
            if (!decision.IsAllowed)
            {
                await Trail.DeniedAsync(context, caller, permission, decision);
                throw Denied(permission, decision);
            }

            if (!needs.ChangesNothing) Trail.Follow(context, permission, decision);
        }

        context.Items[CallerKey] = caller;
    }

    /// <summary>For what a request needs beside its route's own permission.</summary>
    internal static async Task NeedAsync(this HttpContext context, string permission)
    {
        Permission.TryParse(permission, out var needed);
        var decision = await context.RequestServices.GetRequiredService<IIdentity>().DecideAsync(context.Caller(), needed, false, context.RequestAborted);
        if (decision.IsAllowed) return;
        await Trail.DeniedAsync(context, context.Caller(), needed, decision);
        throw Denied(needed, decision);
    }

    private static async ValueTask<Caller> CallerAsync(HttpContext context, IIdentity identity, NeedsAttribute needs, bool isDevelopment)
    {
        var credential = Presented(context.Request.Headers);
        if (AreTwo(context.Request.Headers)) throw await WrongAsync(context, needs, "Two different credentials");
        if (credential.IsThere)
        {
            var found = await identity.AuthenticateAsync(credential, context.RequestAborted);
            if (found.Caller is { } caller) return caller;
            var problem = found.Problem!;
            if (found.IsOutage) throw new RefusedException(FailureCatalog.Fail("SERVICE_UNAVAILABLE", $"The token cannot be checked now: {problem}", TimeSpan.FromSeconds(5)));
            throw await WrongAsync(context, needs, problem);
        }

        if (context.Features.Get<OwnerConnection>() is not null) return OwnerConnection.Owner;
        if (isDevelopment && needs.OpenInDevelopment && IsLocal(context)) return identity.Anonymous;
        context.Response.Headers.WWWAuthenticate = Challenge;
        throw new RefusedException(FailureCatalog.Fail("UNAUTHORIZED", "An API key is needed."), needs.KeyIsField ? 422 : 401);
    }

    private static async Task<RefusedException> WrongAsync(HttpContext context, NeedsAttribute needs, string problem)
    {
        await RateHeaders.WrongAsync(context);
        await Trail.WrongAsync(context, needs.Permission, problem);
        context.Response.Headers.WWWAuthenticate = $"{Challenge}, error=\"invalid_token\", error_description=\"{problem}\"";
        return new RefusedException(FailureCatalog.Fail("UNAUTHORIZED", problem));
    }

    /// <summary><c>X-Tenant-ID</c> picks a tenant for a caller who may act for others; for everybody else it must be their own.</summary>
    private static Caller Narrowed(HttpContext context, Caller caller)
    {
        if (context.Request.Headers["X-Tenant-ID"] is not [{ Length: > 0 } named] || named == caller.Tenant.Value) return caller;
        if (!caller.IsHouse)
            throw new RefusedException(FailureCatalog.Fail("PERMISSION_DENIED", $"This caller does not act for the tenant {Asked.Short(named)}."));
        return caller with { Tenant = Asked.Tenant("X-Tenant-ID", named) };
    }

    private static RefusedException Denied(Permission permission, AccessDecision decision) => new(FailureCatalog.Fail(
        "PERMISSION_DENIED",
        decision.Rule switch
        {
            "house-only" => $"{permission} touches what all tenants share; only a caller of the house may.",
            "scope" => $"This credential is not scoped for {permission}.",
            _ => $"No role of this caller allows {permission}.",
        },
        null,
        Json.Write(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("reason", decision.Rule);
            writer.WriteString("resource", permission.Resource);
            writer.WriteString("action", permission.Action);
            writer.WriteString("policy", decision.Policy);
            writer.WriteEndObject();
        })));

    /// <summary>A header that is there twice is none: two readers could take two different ones for it.</summary>
    private static Credential Presented(IHeaderDictionary headers)
    {
        var machine = One(headers, "X-Machine-Token") ?? One(headers, "Authorization-Machine");
        return new Credential(One(headers, "X-AOS-Key") ?? One(headers, "X-API-Key") ?? Bearer(headers), machine);
    }

    /// <summary>Whoever reads the one of them before this server, a proxy for instance, must not take the caller for somebody else.</summary>
    private static bool AreTwo(IHeaderDictionary headers)
    {
        var (own, other, bearer) = (One(headers, "X-AOS-Key"), One(headers, "X-API-Key"), Bearer(headers));
        var first = own ?? other ?? bearer;
        return (other ?? first) != first || (bearer ?? first) != first;
    }

    private static string? Bearer(IHeaderDictionary headers) =>
        One(headers, "Authorization") is { } text && text.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) ? text[7..].Trim() : null;

    private static string? One(IHeaderDictionary headers, string name) => headers[name] is [{ } one] ? one : null;

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
}
