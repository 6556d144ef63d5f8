using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Aos.Auth.Tests;

/// <summary>An issuer of access tokens on this machine: discovery document, keys that it makes and rotates, tokens that it signs.</summary>
internal sealed class Issuer : IAsyncDisposable
{
    private readonly List<(SecurityKey Key, string Public)> keys = [];
    private WebApplication app = null!;

    internal string Url { get; private set; } = "";

    /// <summary>True: it answers everything with 503.</summary>
    internal bool IsDown { get; set; }

    /// <summary>What the discovery document says instead of the truth.</summary>
    internal string? FalseIssuer { get; set; }

    internal string? FalseKeysUrl { get; set; }

    /// <summary>What its address of keys answers instead of them.</summary>
    internal Func<HttpContext, Task>? Instead { get; set; }

    /// <summary>How often its keys were asked for.</summary>
    internal int Asked { get; private set; }

    internal static async Task<Issuer> OpenAsync()
    {
        var issuer = new Issuer();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Error);
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        issuer.app = builder.Build();
        issuer.app.MapGet("/.well-known/openid-configuration", context => issuer.AnswerAsync(context, $$"""{"issuer":"{{issuer.FalseIssuer ?? issuer.Url}}","jwks_uri":"{{issuer.FalseKeysUrl ?? issuer.Url + "/keys"}}"}"""));
        issuer.app.MapGet("/keys", context =>
        {
            issuer.Asked++;
            return issuer.Instead is { } other ? other(context) : issuer.AnswerAsync(context, $$"""{"keys":[{{string.Join(',', issuer.keys.Select(key => key.Public))}}]}""");
        });
        await issuer.app.StartAsync();
        issuer.Url = issuer.app.Urls.First();
        return issuer;
    }

    /// <summary>A new RSA key in the set.</summary>
    internal RsaSecurityKey AddRsa(string id, int bits = 2048)
    {
        var key = new RsaSecurityKey(RSA.Create(bits)) { KeyId = id };
        var open = key.Rsa.ExportParameters(includePrivateParameters: false);
        keys.Add((key, $$"""{"kty":"RSA","use":"sig","kid":"{{id}}","n":"{{Base64UrlEncoder.Encode(open.Modulus!)}}","e":"{{Base64UrlEncoder.Encode(open.Exponent!)}}"}"""));
        return key;
    }

    internal ECDsaSecurityKey AddEc(string id)
    {
        var key = new ECDsaSecurityKey(ECDsa.Create(ECCurve.NamedCurves.nistP256)) { KeyId = id };
        var open = key.ECDsa.ExportParameters(includePrivateParameters: false);
        keys.Add((key, $$"""{"kty":"EC","use":"sig","crv":"P-256","kid":"{{id}}","x":"{{Base64UrlEncoder.Encode(open.Q.X!)}}","y":"{{Base64UrlEncoder.Encode(open.Q.Y!)}}"}"""));
        return key;
    }

    /// <summary>Something in the set that is no public key for signatures.</summary>
    internal void AddRaw(string json) => keys.Add((null!, json));

    internal void Remove(string id) => keys.RemoveAll(key => key.Key?.KeyId == id);

    /// <summary>A token with these claims over the usual ones; a claim that is null is left out.</summary>
    internal string Token(SecurityKey key, string algorithm, params (string Name, object? Value)[] claims)
    {
        var all = new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["iss"] = Url, ["aud"] = "aos-api", ["sub"] = "ada", ["tenant_id"] = "acme", ["exp"] = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() + 300,
            ["realm_access"] = new Dictionary<string, object> { ["roles"] = new[] { "aos-developer" } },
        };
        foreach (var (name, value) in claims)
        {
            if (value is null) all.Remove(name);
            else all[name] = value;
        }

        return new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(JsonSerializer.Serialize(all), new SigningCredentials(key, algorithm));
    }

    /// <summary>A token put together by hand: a header, the payload of a right one, and whatever counts as its signature.</summary>
    internal static string Forged(string header, string like, Func<string, byte[]> sign)
    {
        var signed = $"{Base64UrlEncoder.Encode(header)}.{like.Split('.')[1]}";
        return $"{signed}.{Base64UrlEncoder.Encode(sign(signed))}";
    }

    public async ValueTask DisposeAsync()
    {
        await app.StopAsync();
        await app.DisposeAsync();
    }

    private Task AnswerAsync(HttpContext context, string body)
    {
        context.Response.StatusCode = IsDown ? 503 : 200;
        context.Response.ContentType = "application/json";
        return IsDown ? Task.CompletedTask : context.Response.WriteAsync(body, Encoding.UTF8);
    }
}
