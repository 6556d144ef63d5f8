using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary><c>/api/v1/secrets</c>: named secrets of the caller's tenant. A value goes in and never comes out.</summary>
internal static class SecretRoutes
{
    private static readonly string[] Members = ["value", "overlap", "expires_in", "allow"];

    internal static void MapSecrets(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/v1/secrets", ListAsync);
        routes.MapGet("/api/v1/secrets/{name}", ReadAsync);
        routes.MapPut("/api/v1/secrets/{name}", PutAsync);
        routes.MapDelete("/api/v1/secrets/{name}", DeleteAsync);
        routes.MapPost("/api/v1/secrets/reencrypt", ReencryptAsync);
    }

    [Needs("secret:read")]
    private static async Task ListAsync(HttpContext context)
    {
        var secrets = await Store(context).ListAsync(context.Caller(), context.RequestAborted);
        await context.ReplyAsync(writer =>
        {
            writer.WriteStartObject();
            writer.WriteStartArray("secrets");
            foreach (var secret in secrets) SecretWire.Write(writer, secret);
            writer.WriteEndArray();
            writer.WriteNumber("count", secrets.Count);
            writer.WriteEndObject();
        });
    }

    [Needs("secret:read")]
    private static async Task ReadAsync(HttpContext context)
    {
        var secret = await Store(context).FindAsync(context.Caller(), Name(context), context.RequestAborted) ?? throw Unknown(context);
        await context.ReplyAsync(writer => SecretWire.Write(writer, secret));
    }

    [Needs("secret:write")]
    private static async Task PutAsync(HttpContext context)
    {
        var wish = Wish(context, await context.ObjectBodyAsync());
        var (made, refusal) = await Store(context).PutAsync(context.Caller(), wish, context.RequestAborted);
        if (refusal is not null) throw new RefusedException(refusal, refusal.Code == "INVALID_INPUT" ? 422 : null);
        context.Changed(made!.Before is { } before ? Known(before) : null, Known(made.After));
        await context.ReplyAsync(writer => SecretWire.Write(writer, made.After), made.Before is null ? 201 : 200);
    }

    [Needs("secret:write")]
    private static async Task DeleteAsync(HttpContext context)
    {
        var secret = await Store(context).DeleteAsync(context.Caller(), Name(context), context.RequestAborted) ?? throw Unknown(context);
        context.Changed(Known(secret), null);
        await context.ReplyAsync(writer => SecretWire.Write(writer, secret));
    }

    /// <summary>The keys are the house's, and so is what lies under them, whosever secrets they are.</summary>
    [Needs("keyring:rotate", OfHouse = true)]
    private static async Task ReencryptAsync(HttpContext context)
    {
        var moved = await Store(context).ReencryptAsync(context.RequestAborted);
        context.Changed(null, Json.Of(moved.KeyId));
        await context.ReplyAsync(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("key_id", moved.KeyId);
            writer.WriteNumber("reencrypted", moved.Count);
            writer.WriteNumber("unreadable", moved.Unreadable);
            writer.WriteEndObject();
        });
    }

    private static ISecretStore Store(HttpContext context) => context.RequestServices.GetRequiredService<ISecretStore>();

    private static string Name(HttpContext context) => (string)context.Request.RouteValues["name"]!;

    private static SecretWish Wish(HttpContext context, JsonElement body)
    {
        foreach (var member in body.EnumerateObject())
        {
            if (!Members.Contains(member.Name, StringComparer.Ordinal)) throw RefusedException.Wrong($"{Asked.Short(member.Name)}: there are {string.Join(", ", Members)}.");
        }

        var allowed = body.Get("allow") is { } allow ? AllowanceWire.Read(allow, context.RequestServices.GetRequiredService<ISkills>()) : null;
        return new SecretWish(Name(context), body.TextOf("value"), allowed, Time(body, "overlap") ?? TimeSpan.FromHours(1))
        {
            SetsLifetime = body.Get("expires_in") is not null, Lifetime = Time(body, "expires_in"),
        };
    }

    private static TimeSpan? Time(JsonElement body, string name) => body.Get(name) is { ValueKind: not JsonValueKind.Null } text
        ? Durations.Read(text) ?? throw RefusedException.Wrong($"{name} is a time such as 0s, 12h or 90d.")
        : null;

    /// <summary>What is known of a secret, for the record: of its value only the fingerprint.</summary>
    private static JsonElement Known(Secret secret) => Json.Write(writer => SecretWire.Write(writer, secret with { LastUsedAt = null }));

    private static RefusedException Unknown(HttpContext context) =>
        new(FailureCatalog.Fail("NOT_FOUND", $"There is no secret {Asked.Short(Name(context))}; aos secrets list shows them."));
}
