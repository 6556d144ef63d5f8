using System.Collections.Immutable;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Aos.Identity;

/// <summary>Access tokens of the trusted issuer: signature by one of its keys, issuer, audience, times; then what their claims mean here.</summary>
internal sealed class TokenCheck
{
    /// <summary>Longer tokens are not looked at, characters.</summary>
    private const int CharsMax = 16 * 1024;

    private const string Invalid = "Invalid token";

    private static readonly string[] Algorithms = [SecurityAlgorithms.RsaSha256, SecurityAlgorithms.RsaSsaPssSha256, SecurityAlgorithms.EcdsaSha256];
    private readonly JsonWebTokenHandler handler = new() { MaximumTokenSizeInBytes = CharsMax };
    private readonly OidcOptions? options;
    private readonly IssuerKeys? keys;
    private readonly TimeProvider clock;

    public TokenCheck(IdentityOptions identity, IEgress egress, TimeProvider clock)
    {
        this.clock = clock;
        options = identity.Oidc;
        if (options is not null) keys = new IssuerKeys(options, egress, clock);
    }

    /// <summary>Whether an issuer is trusted, and the text has the form of a signed token: three parts.</summary>
    internal bool Reads(string text) => options is not null && text.Length <= CharsMax && text.AsSpan().Count('.') == 2;

    internal async ValueTask<Authentication> ReadAsync(string text, CancellationToken cancel)
    {
        if (Parse(text) is not { } token || !Algorithms.Contains(token.Alg) || token.Kid is not { Length: > 0 } id) return new Authentication(null, Invalid);
        var (key, outage) = await keys!.FindAsync(id, cancel);
        if (outage is not null) return new Authentication(null, outage) { IsOutage = true };
        if (key is null) return new Authentication(null, Invalid);
        var result = await handler.ValidateTokenAsync(token, Rules(key));
        if (!result.IsValid) return new Authentication(null, Reason(result.Exception));
        return Claims(token) is { } claims ? OidcClaims.Caller(claims, options!) : new Authentication(null, Invalid);
    }

    /// <summary>Null: a name is in them twice, or the like.</summary>
    private static JsonElement? Claims(JsonWebToken token)
    {
        try
        {
            return JsonText.Read(Base64UrlEncoder.DecodeBytes(token.EncodedPayload));
        }
        catch (JsonTextException)
        {
            return null;
        }
    }

    private JsonWebToken? Parse(string text)
    {
        try
        {
            return handler.CanReadToken(text) ? handler.ReadJsonWebToken(text) : null;
        }
        catch (Exception e) when (e is ArgumentException or FormatException or JsonException or SecurityTokenException)
        {
            return null;
        }
    }

    /// <summary>One key, the one that the token names: no other one is tried, and none that the token brings along.</summary>
    private TokenValidationParameters Rules(SecurityKey key) => new()
    {
        IssuerSigningKey = key,
        TryAllIssuerSigningKeys = false,
        ValidAlgorithms = Algorithms,
        ValidIssuers = [options!.Issuer, options.Issuer + "/"],
        ValidAudiences = options.Audiences,
        RequireSignedTokens = true,
        RequireExpirationTime = true,
        ValidateIssuerSigningKey = true,
        LifetimeValidator = (from, until, _, _) => InTime(from, until),
        LogValidationExceptions = false,
    };

    private bool InTime(DateTime? from, DateTime? until)
    {
        var now = clock.GetUtcNow().UtcDateTime;
        if (until is not { } end) return false;
        if (end + options!.Skew <= now) throw new SecurityTokenExpiredException();
        return from is not { } start || start - options.Skew <= now;
    }

    private static string Reason(Exception why) => why switch
    {
        SecurityTokenExpiredException => "Token expired",
        SecurityTokenInvalidAudienceException => "Invalid audience",
        SecurityTokenInvalidIssuerException => "Invalid issuer",
        _ => Invalid,
    };
}
