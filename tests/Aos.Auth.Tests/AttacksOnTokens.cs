using System.Security.Cryptography;
using System.Text;
using Aos.Identity;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.IdentityModel.Tokens;

namespace Aos.Auth.Tests;

/// <summary>Tokens that bring their own key or name a place of it, and an issuer's set of keys that is not what it should be.</summary>
[Trait("store", "none")]
public sealed class AttacksOnTokens : IAsyncLifetime
{
    private Issuer issuer = null!;
    private RsaSecurityKey rsa = null!;
    private RSA theirs = null!;

    public async ValueTask InitializeAsync()
    {
        issuer = await Issuer.OpenAsync();
        rsa = issuer.AddRsa("one");
        theirs = RSA.Create(2048);
    }

    public async ValueTask DisposeAsync()
    {
        theirs.Dispose();
        await issuer.DisposeAsync();
    }

    [Fact]
    [Trait("id", "ATTACK-key-confusion")]
    public async Task The_issuers_public_key_is_no_shared_secret_in_whatever_form_it_is_written()
    {
        await using var house = await OpenAsync();
        var right = issuer.Token(rsa, "RS256");
        var open = rsa.Rsa.ExportParameters(includePrivateParameters: false);
        var pem = rsa.Rsa.ExportSubjectPublicKeyInfoPem();
        byte[][] secrets =
        [
            Encoding.ASCII.GetBytes(pem), Encoding.ASCII.GetBytes(pem + "\n"), Encoding.ASCII.GetBytes(pem.Replace("\n", "\r\n", StringComparison.Ordinal)), Encoding.ASCII.GetBytes(rsa.Rsa.ExportRSAPublicKeyPem()),
            rsa.Rsa.ExportSubjectPublicKeyInfo(), rsa.Rsa.ExportRSAPublicKey(), open.Modulus!, Encoding.ASCII.GetBytes(Base64UrlEncoder.Encode(open.Modulus!)), [],
        ];

        foreach (var secret in secrets)
        {
            Assert.Equal(401, await AsAsync(house, Issuer.Forged("""{"alg":"HS256","kid":"one"}""", right, text => HMACSHA256.HashData(secret, Encoding.ASCII.GetBytes(text)))));
            Assert.Equal(401, await AsAsync(house, Issuer.Forged("""{"alg":"HS512","kid":"one"}""", right, text => HMACSHA512.HashData(secret, Encoding.ASCII.GetBytes(text)))));
        }

        Assert.Equal(200, await AsAsync(house, right));
    }

    [Theory]
    [Trait("id", "ATTACK-kid")]
    [InlineData("../../../dev/null")]
    [InlineData("/dev/null")]
    [InlineData("one' OR '1'='1")]
    [InlineData("one'; DROP TABLE api_keys; --")]
    [InlineData("one\\u0000")]
    [InlineData("ONE")]
    [InlineData("*")]
    [InlineData("STRANGER/keys")]
    public async Task A_key_id_is_a_word_to_look_up_and_nothing_else(string kid)
    {
        await using var stranger = await Issuer.OpenAsync();
        await using var house = await OpenAsync();
        var header = $$"""{"alg":"RS256","kid":"{{kid.Replace("STRANGER", stranger.Url, StringComparison.Ordinal)}}"}""";

        Assert.Equal(401, await AsAsync(house, Issuer.Forged(header, issuer.Token(rsa, "RS256"), Sign)));
        Assert.Equal(401, await AsAsync(house, Issuer.Forged(header, issuer.Token(rsa, "RS256"), text => HMACSHA256.HashData(Array.Empty<byte>(), Encoding.ASCII.GetBytes(text)))));
        Assert.Equal(0, stranger.Asked);
        Assert.Equal(200, await AsAsync(house, issuer.Token(rsa, "RS256")));
    }

    [Theory]
    [Trait("id", "ATTACK-jwks")]
    [InlineData("\"jku\":\"URL/keys\"")]
    [InlineData("\"x5u\":\"URL/keys\"")]
    [InlineData("\"jwk\":JWK")]
    [InlineData("\"x5c\":[\"AAAA\"]")]
    [InlineData("\"crit\":[\"jku\"],\"jku\":\"URL/keys\"")]
    public async Task A_key_that_a_token_brings_or_points_to_is_not_looked_at(string member)
    {
        await using var stranger = await Issuer.OpenAsync();
        await using var house = await OpenAsync();
        var open = theirs.ExportParameters(includePrivateParameters: false);
        var jwk = $$"""{"kty":"RSA","kid":"one","n":"{{Base64UrlEncoder.Encode(open.Modulus!)}}","e":"{{Base64UrlEncoder.Encode(open.Exponent!)}}"}""";
        stranger.AddRaw(jwk);
        foreach (var kid in new[] { "one", "theirs" })
        {
            var header = $$"""{"alg":"RS256","kid":"{{kid}}",{{member.Replace("URL", stranger.Url, StringComparison.Ordinal).Replace("JWK", jwk, StringComparison.Ordinal)}}}""";
            Assert.Equal(401, await AsAsync(house, Issuer.Forged(header, issuer.Token(rsa, "RS256"), Sign)));
        }

        Assert.Equal(0, stranger.Asked);
    }

    [Theory]
    [Trait("id", "ATTACK-jwks")]
    [InlineData("huge")]
    [InlineData("packed")]
    [InlineData("redirect")]
    [InlineData("slow")]
    [InlineData("trickle")]
    [InlineData("<html>not here</html>")]
    [InlineData("{\"keys\":7}")]
    [InlineData("{\"keys\":[[[[]]]]}")]
    [InlineData("[]")]
    [InlineData("")]
    public async Task A_set_of_keys_that_is_none_opens_nothing_and_holds_nobody_up(string what)
    {
        await using var stranger = await Issuer.OpenAsync();
        await using var house = await OpenAsync(TimeSpan.FromMilliseconds(what is "slow" or "trickle" ? 100 : 10_000));
        issuer.Instead = context => AnswerAsync(context, what, stranger);

        Assert.Equal(503, await AsAsync(house, issuer.Token(rsa, "RS256")));
        Assert.Equal(0, stranger.Asked);
        Assert.Equal(200, (await house.AsFirstAsync("GET", "/api/v1/me")).Status);
    }

    [Fact]
    [Trait("id", "ATTACK-jwks")]
    public async Task Of_a_set_without_end_only_so_many_keys_are_taken()
    {
        for (var i = 0; i < 200; i++) issuer.AddRaw($$"""{"kty":"EC","crv":"P-256","kid":"filler{{i}}","x":"AAAA","y":"AAAA"}""");
        var last = issuer.AddRsa("last");
        await using var house = await OpenAsync();

        Assert.Equal(200, await AsAsync(house, issuer.Token(rsa, "RS256")));
        Assert.Equal(401, await AsAsync(house, issuer.Token(last, "RS256")));
    }

    private static async Task AnswerAsync(HttpContext context, string what, Issuer stranger)
    {
        switch (what)
        {
            case "huge":
                await context.Response.WriteAsync("{\"keys\":[" + string.Join(',', Enumerable.Repeat("{\"kid\":\"x\"}", 200_000)) + "]}");
                return;
            case "packed":
                context.Response.Headers.ContentEncoding = "gzip";
                await using (var zip = new System.IO.Compression.GZipStream(context.Response.Body, System.IO.Compression.CompressionLevel.Fastest)) await zip.WriteAsync(new byte[20 * 1024 * 1024]);
                return;
            case "redirect":
                context.Response.Redirect(stranger.Url + "/keys");
                return;
            case "slow":
                await Never(context);
                return;
            case "trickle":
                await context.Response.WriteAsync("{\"keys\":");
                await context.Response.Body.FlushAsync();
                await Never(context);
                return;
            default:
                await context.Response.WriteAsync(what);
                return;
        }
    }

    /// <summary>Until whoever asked has gone.</summary>
    private static Task Never(HttpContext context)
    {
        var gone = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        context.RequestAborted.Register(() => gone.TrySetResult());
        return gone.Task;
    }

    private static async Task<int> AsAsync(AuthHouse house, string token) => (await house.AskAsync("GET", "/api/v1/me", null, ("Authorization", $"Bearer {token}"))).Status;

    private byte[] Sign(string text) => theirs.SignData(Encoding.ASCII.GetBytes(text), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);

    private Task<AuthHouse> OpenAsync(TimeSpan? answerMax = null) => AuthHouse.OpenAsync(options =>
        options.Oidc = OidcOptions.Read(name => name == "OIDC_ISSUER_URL" ? issuer.Url : null, [])! with { AnswerTimeMax = answerMax ?? TimeSpan.FromSeconds(10) });
}
