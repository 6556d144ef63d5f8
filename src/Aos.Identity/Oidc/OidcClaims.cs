using System.Collections.Immutable;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Identity;

/// <summary>What the claims of a valid token mean here. Whatever is not mapped by name means nothing.</summary>
internal static class OidcClaims
{
    private const int SubjectChars = 256;

    internal static Authentication Caller(JsonElement claims, OidcOptions options)
    {
        if (claims.GetText("sub") is not { Length: > 0 and <= SubjectChars } subject || subject.Any(char.IsControl)) return new Authentication(null, "The token names no subject");
        if (options.Clients.Count > 0 && !options.Clients.Contains(claims.GetText("azp") ?? claims.GetText("client_id") ?? "")) return new Authentication(null, "Invalid client");
        if ((claims.GetText(options.TenantClaim) ?? options.Tenant) is not { Length: > 0 and <= 64 } tenant || !tenant.All(IsOfName)) return new Authentication(null, "The token names no tenant");
        var given = Given(claims, options).Distinct(StringComparer.Ordinal).ToArray();
        ImmutableArray<string> roles = [.. given.Select(role => options.Roles.GetValueOrDefault(role)).OfType<string>().Distinct(StringComparer.Ordinal)];
        return new Authentication(
            new Caller(new TenantId(tenant), $"oidc:{subject}", roles, claims.GetText("agent_id"))
            {
                Scopes = Scopes(claims.GetText("scope")),
                Tier = Tier(claims.GetText("rate_limit_tier"), roles),
                IsHouse = options.HouseRole is { } house && given.Contains(house),
                ExpiresAt = claims.Get("exp") is { ValueKind: JsonValueKind.Number } end && end.TryGetInt64(out var seconds) && seconds is >= 0 and < 253_402_300_800
                    ? DateTimeOffset.FromUnixTimeSeconds(seconds)
                    : null,
            },
            null);
    }

    /// <summary>Realm roles, the client's roles, the plain <c>roles</c> claim; groups with <c>group:</c> before them.</summary>
    private static IEnumerable<string> Given(JsonElement claims, OidcOptions options) =>
    [
        .. Texts(claims.Get("realm_access")?.Get("roles")),
        .. Texts(claims.Get("resource_access")?.Get(options.RolesOf)?.Get("roles")),
        .. Texts(claims.Get("roles")),
        .. Texts(claims.Get("groups")).Select(group => $"group:{group}"),
    ];

    private static IEnumerable<string> Texts(JsonElement? value) => value switch
    {
        { ValueKind: JsonValueKind.String } one => [one.GetString()!],
        { ValueKind: JsonValueKind.Array } list => list.EnumerateArray().Where(one => one.ValueKind == JsonValueKind.String).Select(one => one.GetString()!),
        _ => [],
    };

    /// <summary>Scopes of AOS among the token's narrow it; a token with none but others' is not narrowed.</summary>
    private static ScopeSet? Scopes(string? text)
    {
        var ours = (text ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries).Where(word => ScopeSet.Read([word], out _) is not null).ToArray();
        return ours.Length == 0 ? null : ScopeSet.Read(ours, out _);
    }

    private static string Tier(string? named, ImmutableArray<string> roles) =>
        named is not null && Tiers.IsKnown(named) ? named
        : roles.Contains("admin") ? "unlimited"
        : roles.Contains("machine") ? "enterprise"
        : roles.Contains("dev") || roles.Contains("developer") || roles.Contains("operator") ? "dev"
        : "free";

    private static bool IsOfName(char c) => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.';
}
