namespace Aos.Identity;

/// <summary>The issuer whose access tokens are accepted, and what their claims mean here.</summary>
/// <param name="Issuer">As tokens name it, without a trailing slash.</param>
/// <param name="Audiences">One of these a token must be for.</param>
/// <param name="Clients">Clients (<c>azp</c>, else <c>client_id</c>) whose tokens are accepted; empty: all.</param>
/// <param name="RolesOf">The client whose <c>resource_access</c> roles count.</param>
/// <param name="KeysUrl">Where the issuer's keys are; null: where its discovery document says.</param>
internal sealed record OidcOptions(string Issuer, IReadOnlyList<string> Audiences, IReadOnlyList<string> Clients, string RolesOf, string? KeysUrl)
{
    /// <summary>
    /// Roles of the issuer with the role here that each means; groups as <c>group:/path</c>. Nothing else of a token becomes a role, so
    /// a role that happens to have a name of ours gives nothing.
    /// </summary>
    internal required IReadOnlyDictionary<string, string> Roles { get; init; }

    internal required string TenantClaim { get; init; }

    /// <summary>Of tokens that name no tenant; null: they are refused.</summary>
    internal required string? Tenant { get; init; }

    /// <summary>The issuer's role that makes a caller one of the house; null: none does.</summary>
    internal required string? HouseRole { get; init; }

    /// <summary>How far the issuer's clock may be off.</summary>
    internal required TimeSpan Skew { get; init; }

    /// <summary>So long the issuer has for one answer.</summary>
    internal TimeSpan AnswerTimeMax { get; init; } = TimeSpan.FromSeconds(5);

    private static readonly (string From, string To)[] Defaults =
    [
        ("aos-admin", "admin"), ("aos-infra", "infra"), ("aos-operator", "operator"), ("aos-developer", "developer"), ("aos-machine", "machine"), ("aos-readonly", "readonly"),
    ];

    /// <summary>Null: the environment names no issuer.</summary>
    internal static OidcOptions? Read(Func<string, string?> setting, List<string> problems)
    {
        if (setting("OIDC_ISSUER_URL") is not { } issuer) return null;
        if (!IsSafe(issuer)) problems.Add($"OIDC_ISSUER_URL is an https address without a query, not '{issuer}'; http only on this machine.");
        var keys = setting("OIDC_JWKS_URI") ?? setting("OIDC_JWKS_URL");
        if (keys is not null && !IsSafe(keys)) problems.Add($"OIDC_JWKS_URI is an https address, not '{keys}'; http only on this machine.");
        return new OidcOptions(
            issuer.TrimEnd('/'), Words(setting("OIDC_AUDIENCE") ?? "aos-api"), Words(setting("AOS_OIDC_CLIENTS") ?? ""), setting("OIDC_CLIENT_ID") ?? "aos-backend", keys)
        {
            Roles = Mapped(setting("AOS_OIDC_ROLES"), problems),
            TenantClaim = setting("AOS_OIDC_TENANT_CLAIM") ?? "tenant_id",
            Tenant = setting("AOS_OIDC_TENANT"),
            HouseRole = setting("AOS_OIDC_HOUSE_ROLE"),
            Skew = Seconds(setting("AOS_OIDC_CLOCK_SKEW_SECONDS"), problems),
        };
    }

    private static bool IsSafe(string url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var uri) && uri.Query.Length == 0 && uri.Fragment.Length == 0 && uri.UserInfo.Length == 0
        && (uri.Scheme == Uri.UriSchemeHttps || (uri.Scheme == Uri.UriSchemeHttp && uri.IsLoopback));

    private static Dictionary<string, string> Mapped(string? text, List<string> problems)
    {
        var roles = Defaults.ToDictionary(pair => pair.From, pair => pair.To, StringComparer.Ordinal);
        foreach (var pair in Words(text ?? ""))
        {
            var split = pair.LastIndexOf('=');
            if (split > 0 && PolicyReader.IsName(pair[(split + 1)..])) roles[pair[..split]] = pair[(split + 1)..];
            else problems.Add($"AOS_OIDC_ROLES is a list such as realm-admin=admin,group:/ops=operator; '{pair}' is no part of one.");
        }

        return roles;
    }

    private static TimeSpan Seconds(string? text, List<string> problems)
    {
        if (text is null) return TimeSpan.FromSeconds(60);
        if (int.TryParse(text, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var seconds) && seconds <= 300) return TimeSpan.FromSeconds(seconds);
        problems.Add($"AOS_OIDC_CLOCK_SKEW_SECONDS is a whole number from 0 to 300, not '{text}'.");
        return TimeSpan.FromSeconds(60);
    }

    private static string[] Words(string text) => text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
