using System.Diagnostics;
using System.Text.RegularExpressions;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary>
/// Puts on record what requests do and what they are refused. A write is recorded with the status of its answer, before the first byte of
/// the answer goes out: what was answered is on record.
/// </summary>
internal static partial class Trail
{
    private const int PathChars = 500;

    private static readonly object ChangeKey = new();
    private static readonly object OwedKey = new();

    /// <summary>Says what a request changed; null: nothing was there, or is there now.</summary>
    internal static void Changed(this HttpContext context, System.Text.Json.JsonElement? before, System.Text.Json.JsonElement? after) =>
        context.ChangedHash(Hash(before), Hash(after));

    /// <summary>The same, where what was there has a hash already.</summary>
    internal static void ChangedHash(this HttpContext context, string? before, string? after) => context.Items[ChangeKey] = (before, after);

    internal static void Follow(HttpContext context, Permission permission, AccessDecision decision)
    {
        if (HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method)) return;
        context.Items[OwedKey] = new Owed(permission, decision, Stopwatch.GetTimestamp());
        context.Response.OnStarting(() => WriteOwedAsync(context)); // Of an answer that is written past all of this server's own ways.
    }

    /// <summary>
    /// Puts on record what the request did, once, before its answer goes out. It is called where the answer can still be another one: a record
    /// that cannot be written makes the request fail.
    /// </summary>
    internal static Task WriteOwedAsync(HttpContext context)
    {
        if (!context.Items.Remove(OwedKey, out var owed) || owed is not Owed one) return Task.CompletedTask;
        var entry = Entry(context, context.Caller(), one.Permission, one.Decision) with { Latency = Stopwatch.GetElapsedTime(one.Began), Status = context.Response.StatusCode };
        return WriteAsync(context, entry);
    }

    internal static Task DeniedAsync(HttpContext context, Caller caller, Permission permission, AccessDecision decision) =>
        WriteAsync(context, Entry(context, caller, permission, decision) with { Status = 403 });

    /// <summary>Nobody: of the tenant that anonymous callers are of.</summary>
    internal static Task WrongAsync(HttpContext context, Permission? permission, string problem) => WriteAsync(
        context,
        Entry(context, new Caller(TenantId.Default, "unknown", []), permission ?? new Permission("any", "any"), new AccessDecision(false, problem, "")) with { Status = 401, Policy = null });

    private static AuditEntry Entry(HttpContext context, Caller caller, Permission permission, AccessDecision decision)
    {
        var (before, after) = context.Items[ChangeKey] is ValueTuple<string?, string?> change ? change : (null, null);
        var path = KeyInPath().Replace(context.Request.Path.Value ?? "", "$1****");
        return new AuditEntry(caller.Tenant, caller.Principal, permission.Resource, permission.Action, decision.IsAllowed, decision.Rule)
        {
            At = context.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow(),
            Roles = caller.Roles,
            Method = context.Request.Method,
            Path = path.Length > PathChars ? path[..PathChars] : path,
            RequestId = context.TraceIdentifier,
            Address = context.Connection.RemoteIpAddress?.ToString(),
            Policy = decision.Policy,
            Before = before,
            After = after,
        };
    }

    private static Task WriteAsync(HttpContext context, AuditEntry entry) =>
        context.RequestServices.GetRequiredService<IAudit>().WriteAsync(entry, context.RequestAborted).AsTask();

    private sealed record Owed(Permission Permission, AccessDecision Decision, long Began);

    /// <summary>Somebody who takes a key for its id must not put it on record for everybody who reads there.</summary>
    [GeneratedRegex("(aos_[0-9a-f]{16}_)[0-9a-f]+")]
    private static partial Regex KeyInPath();

    private static string? Hash(System.Text.Json.JsonElement? value) => value is { } known ? ContentHash.Short(known) : null;
}
