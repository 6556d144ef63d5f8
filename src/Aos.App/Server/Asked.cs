using System.Globalization;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary>What a request asks for in its query and body, checked.</summary>
internal static class Asked
{
    /// <summary>A text of the query, or null when it is absent or empty. Given twice it is refused.</summary>
    internal static string? Text(this HttpContext context, string name) => context.Request.Query[name] switch
    {
        [] or [null or ""] => null,
        [{ Length: <= 1_000 } text] => Storable(name, text),
        [_] => throw RefusedException.Wrong($"{name} is longer than 1,000 characters."),
        _ => throw RefusedException.Wrong($"{name} is given more than once."),
    };

    /// <summary>The text, unless it holds a NUL: not every store can keep one, and nothing that has a name needs one.</summary>
    internal static string Storable(string name, string text) =>
        text.Contains('\0', StringComparison.Ordinal) ? throw RefusedException.Wrong($"{name} holds a NUL character.") : text;

    /// <summary>A whole number of the query within bounds.</summary>
    internal static int Whole(this HttpContext context, string name, int from, int to, int otherwise) =>
        context.Text(name) is not { } text ? otherwise
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= from && number <= to ? number
        : throw RefusedException.Wrong($"{name} is a whole number from {from} to {to}.");

    /// <summary>A time of the query or body, ISO 8601; without an offset it is UTC.</summary>
    internal static DateTimeOffset? Time(string name, string? text) =>
        text is null ? null
        : DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time) ? time
        : throw RefusedException.Wrong($"{name} is a time such as 2026-01-31T12:00:00Z.");

    /// <summary>An optional text member; null when it is absent or null.</summary>
    internal static string? TextOf(this JsonElement body, string name) => body.Get(name) switch
    {
        null or { ValueKind: JsonValueKind.Null } => null,
        { ValueKind: JsonValueKind.String } text => Storable(name, text.GetString()!),
        { } other => throw RefusedException.Wrong($"{name} is a text, not {Bodies.Kind(other)}."),
    };

    /// <summary>An optional object member; <c>{}</c> when it is absent or null.</summary>
    internal static JsonElement ObjectOf(this JsonElement body, string name) => body.Get(name) switch
    {
        null or { ValueKind: JsonValueKind.Null } => Json.EmptyObject,
        { ValueKind: JsonValueKind.Object } value => value,
        { } other => throw RefusedException.Wrong($"{name} is an object, not {Bodies.Kind(other)}."),
    };

    /// <summary>A tenant's name.</summary>
    internal static TenantId Tenant(string name, string text) =>
        text.Length is > 0 and <= 64 && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.')
            ? new TenantId(text)
            : throw RefusedException.Wrong($"{name} is 1 to 64 of letters, digits, _ - and a point.");

    /// <summary>The start of a text, for messages.</summary>
    internal static string Short(string text) => text.Length > 64 ? text[..64] : text;

    /// <summary>The tenant is the credential's: a request that names another one is refused.</summary>
    internal static void RefuseOtherTenant(this HttpContext context, string? named)
    {
        if (named is { Length: > 0 } && named != context.Caller().Tenant.Value)
            throw new RefusedException(FailureCatalog.Fail("PERMISSION_DENIED", $"This caller acts for {context.Caller().Tenant}, not for {Short(named)}."));
    }
}
