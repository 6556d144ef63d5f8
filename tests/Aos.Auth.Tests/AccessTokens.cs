using System.Security.Cryptography;
using System.Text;
using Aos.Identity;
using Microsoft.IdentityModel.Tokens;

namespace Aos.Auth.Tests;

/// <summary>Access tokens of a real issuer: its keys, their rotation and loss, and everything a token can be wrong in.</summary>
[Trait("store", "none")]
public sealed class AccessTokens : IAsyncLifetime
{
    private Issuer issuer = null!;
    private AuthHouse house = null!;
    private RsaSecurityKey rsa = null!;

    public async ValueTask InitializeAsync()
    {
        issuer = await Issuer.OpenAsync();
        rsa = issuer.AddRsa("one");
        house = await OpenAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await house.DisposeAsync();
        await issuer.DisposeAsync();
    }

    [Fact]
    [Trait("id", "C8.1-18")]
    [Trait("id", "C8.1-19")]
    [Trait("id", "C8.2-06")]
    public async Task A_tokens_claims_become_the_caller()
    {
        var token = issuer.Token(
            rsa, "RS256",
            ("realm_access", Roles("aos-developer", "offline_access", "admin")),
            ("resource_access", new Dictionary<string, object> { ["aos-backend"] = Roles("aos-machine"), ["account"] = Roles("aos-admin") }),
            ("roles", "aos-readonly"), ("groups", new[] { "/ops", "/admin" }), ("azp", "console"), ("scope", "openid run:read trace:*"), ("rate_limit_tier", "pro"));

        var me = await MeAsync(token);

        Assert.Equal((200, "oidc:ada", "acme", "pro"), (me.Status, me.Text("principal"), me.Text("tenant_id"), me.Text("tier")));
        Assert.Equal(["developer", "machine", "readonly", "operator"], me.Texts("roles"));
        Assert.Equal(["run:read", "trace:*"], me.Texts("scopes"));
        Assert.Equal(["run:read", "trace:read", "trace:write", "trace:operate", "trace:delete"], me.Texts("permissions"));
        Assert.False(me["is_house"].GetBoolean());
        Assert.NotNull(me.Text("expires_at"));
    }

    [Fact]
    public async Task All_three_algorithms_are_taken_with_the_keys_they_are_for()
    {
        var ec = issuer.AddEc("curve");

        foreach (var token in new[] { issuer.Token(rsa, "RS256"), issuer.Token(rsa, "PS256"), issuer.Token(ec, "ES256") }) Assert.Equal(200, (await MeAsync(token)).Status);
    }

    [Theory]
    [InlineData("exp", 1_000_000_000L, "Token expired")]
    [InlineData("exp", null, "Invalid token")]
    [InlineData("nbf", 9_000_000_000L, "Invalid token")]
    [InlineData("aud", "another-api", "Invalid audience")]
    [InlineData("aud", null, "Invalid audience")]
    [InlineData("iss", "https://id.example.com", "Invalid issuer")]
    [InlineData("iss", null, "Invalid issuer")]
    [InlineData("sub", null, "The token names no subject")]
    [InlineData("sub", "", "The token names no subject")]
    [InlineData("tenant_id", null, "The token names no tenant")]
    [InlineData("tenant_id", "../other", "The token names no tenant")]
    public async Task A_claim_that_is_wrong_or_missing_is_named(string claim, object? value, string problem)
    {
        var reply = await MeAsync(issuer.Token(rsa, "RS256", (claim, value)));

        Assert.Equal((401, problem), (reply.Status, reply.Text("error.message")));
        Assert.Equal($"Bearer realm=\"aos\", error=\"invalid_token\", error_description=\"{problem}\"", reply.Headers["WWW-Authenticate"]);
    }

    [Theory]
    [Trait("id", "C8.3-02")]
    [InlineData("enterprise", "aos-readonly", "enterprise")]
    [InlineData(null, "aos-admin", "unlimited")]
    [InlineData(null, "aos-developer", "dev")]
    [InlineData(null, "aos-readonly", "free")]
    [InlineData("standard", "aos-developer", "dev")]
    public async Task The_tier_is_the_tokens_or_that_of_its_role(string? named, string role, string tier) =>
        Assert.Equal(tier, (await MeAsync(issuer.Token(rsa, "RS256", ("rate_limit_tier", named), ("realm_access", Roles(role))))).Text("tier"));

    [Fact]
    public async Task A_minute_of_skew_is_forgiven_and_no_more()
    {
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();

        Assert.Equal(200, (await MeAsync(issuer.Token(rsa, "RS256", ("exp", now - 20), ("nbf", now + 20)))).Status);
        Assert.Equal(401, (await MeAsync(issuer.Token(rsa, "RS256", ("exp", now - 90)))).Status);
        Assert.Equal(401, (await MeAsync(issuer.Token(rsa, "RS256", ("nbf", now + 180)))).Status);
    }

    [Fact]
    [Trait("id", "ATTACK-jwt-none")]
    [Trait("id", "ATTACK-key-confusion")]
    [Trait("id", "ATTACK-kid")]
    public async Task Signatures_that_prove_nothing_are_refused()
    {
        var right = issuer.Token(rsa, "RS256");
        var modulus = rsa.Rsa.ExportSubjectPublicKeyInfoPem();
        using var other = RSA.Create(2048);
        var stranger = new RsaSecurityKey(other) { KeyId = "one" };
        var own = other.ExportParameters(includePrivateParameters: false);
        var jwk = $$"""{"kty":"RSA","kid":"one","n":"{{Base64UrlEncoder.Encode(own.Modulus!)}}","e":"{{Base64UrlEncoder.Encode(own.Exponent!)}}"}""";
        byte[] ByOther(string text) => other.SignData(Encoding.ASCII.GetBytes(text), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        byte[] ByText(string text) => HMACSHA256.HashData(Encoding.ASCII.GetBytes(modulus), Encoding.ASCII.GetBytes(text));
        string[] wrong =
        [
            Issuer.Forged("""{"alg":"none","kid":"one"}""", right, _ => []), Issuer.Forged("""{"alg":"None","kid":"one"}""", right, _ => []), Issuer.Forged("""{"kid":"one"}""", right, _ => []),
            Issuer.Forged("""{"alg":"HS256","kid":"one"}""", right, ByText), Issuer.Forged("""{"alg":"RS256"}""", right, ByOther), Issuer.Forged("""{"alg":"RS512","kid":"one"}""", right, ByOther),
            Issuer.Forged("""{"alg":"RS256","kid":"../../etc/passwd"}""", right, ByOther), Issuer.Forged("""{"alg":"RS256","kid":"' OR 1=1"}""", right, ByOther),
            Issuer.Forged($$"""{"alg":"RS256","kid":"one","jwk":{{jwk}}}""", right, ByOther), Issuer.Forged($$"""{"alg":"RS256","kid":"one","jku":"{{issuer.Url}}/keys"}""", right, ByOther),
            Issuer.Forged("""{"alg":"ES256","kid":"one"}""", right, _ => new byte[64]), issuer.Token(stranger, "RS256"), right[..^4] + "AAAA", right + "A", right[..right.LastIndexOf('.')] + ".",
            "a.b.c", "..", Issuer.Forged("[]", right, _ => []), Issuer.Forged("""{"alg":7,"kid":"one"}""", right, _ => []),
        ];

        foreach (var token in wrong)
        {
            var reply = await MeAsync(token);
            Assert.True(reply.Status == 401, $"{reply.Status}: {token}");
        }

        Assert.Equal(200, (await MeAsync(right)).Status);
    }

    [Fact]
    [Trait("id", "ATTACK-jwks")]
    public async Task What_may_sign_no_token_in_the_set_of_keys_signs_none()
    {
        var small = issuer.AddRsa("small", 1024);
        issuer.AddRaw($$"""{"kty":"oct","kid":"shared","k":"{{Base64UrlEncoder.Encode(new byte[32])}}"}""");
        issuer.AddRaw("""{"kty":"RSA","use":"enc","kid":"enc","n":"AQAB","e":"AQAB"}""");
        issuer.AddRaw("""{"kty":"RSA","kid":"hollow"}""");
        issuer.AddRaw("7");
        var right = issuer.Token(rsa, "RS256");

        Assert.Equal(401, (await MeAsync(Issuer.Forged("""{"alg":"RS256","kid":"small"}""", right, text => small.Rsa.SignData(Encoding.ASCII.GetBytes(text), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)))).Status);
        Assert.Equal(401, (await MeAsync(Issuer.Forged("""{"alg":"HS256","kid":"shared"}""", right, text => HMACSHA256.HashData(new byte[32], Encoding.ASCII.GetBytes(text))))).Status);
        Assert.Equal(401, (await MeAsync(Issuer.Forged("""{"alg":"RS256","kid":"hollow"}""", right, _ => new byte[256]))).Status);
        Assert.Equal(200, (await MeAsync(right)).Status);
    }

    [Fact]
    public async Task A_new_key_of_the_issuer_is_found_by_the_first_token_it_signs()
    {
        await using var fresh = await OpenAsync(); // Its keys are not known there yet.
        var next = issuer.AddEc("two");

        Assert.Equal(200, (await MeAsync(issuer.Token(next, "ES256"), fresh)).Status);
        Assert.Equal(1, issuer.Asked);
        for (var i = 0; i < 20; i++) Assert.Equal(200, (await MeAsync(issuer.Token(rsa, "RS256"), fresh)).Status);
        Assert.Equal(1, issuer.Asked);
    }

    [Fact]
    [Trait("id", "ATTACK-kid")]
    public async Task Made_up_key_ids_do_not_make_the_issuer_be_asked_again_and_again()
    {
        await MeAsync(issuer.Token(rsa, "RS256"));
        var asked = issuer.Asked;
        var right = issuer.Token(rsa, "RS256");
        var began = System.Diagnostics.Stopwatch.GetTimestamp();

        for (var i = 0; i < 50; i++) Assert.Equal(401, (await MeAsync(Issuer.Forged($$"""{"alg":"RS256","kid":"k{{i}}"}""", right, _ => new byte[256]))).Status);

        Assert.InRange(issuer.Asked - asked, 0, 1 + (int)(System.Diagnostics.Stopwatch.GetElapsedTime(began).TotalSeconds / 5));
    }

    [Fact]
    public async Task While_the_issuer_is_away_its_known_keys_hold_and_without_any_the_answer_is_503()
    {
        var token = issuer.Token(rsa, "RS256");
        Assert.Equal(200, (await MeAsync(token)).Status);
        issuer.IsDown = true;

        Assert.Equal(200, (await MeAsync(token)).Status);
        await using var fresh = await OpenAsync();
        var reply = await MeAsync(token, fresh);
        Assert.Equal((503, "SERVICE_UNAVAILABLE"), (reply.Status, reply.Text("error.code")));
        Assert.Equal("5", reply.Headers["Retry-After"]);
        Assert.Equal(200, (await fresh.AsFirstAsync("GET", "/api/v1/me")).Status);
    }

    [Fact]
    [Trait("id", "ATTACK-jwks")]
    public async Task A_discovery_document_of_somebody_else_is_not_believed()
    {
        issuer.FalseIssuer = "http://127.0.0.1:1";
        await using var one = await OpenAsync();
        Assert.Equal(503, (await MeAsync(issuer.Token(rsa, "RS256"), one)).Status);

        (issuer.FalseIssuer, issuer.FalseKeysUrl) = (null, "http://id.example.com/keys");
        await using var two = await OpenAsync();
        Assert.Equal(503, (await MeAsync(issuer.Token(rsa, "RS256"), two)).Status);
    }

    [Fact]
    public async Task Clients_and_the_houses_role_are_what_the_settings_say()
    {
        await using var strict = await OpenAsync(("AOS_OIDC_CLIENTS", "console,cli"), ("AOS_OIDC_HOUSE_ROLE", "platform-owner"), ("AOS_OIDC_TENANT", "shared"), ("AOS_OIDC_ROLES", "platform-owner=admin"));

        Assert.Equal("Invalid client", (await MeAsync(issuer.Token(rsa, "RS256"), strict)).Text("error.message"));
        Assert.Equal("Invalid client", (await MeAsync(issuer.Token(rsa, "RS256", ("azp", "other")), strict)).Text("error.message"));
        var plain = await MeAsync(issuer.Token(rsa, "RS256", ("azp", "cli"), ("tenant_id", null)), strict);
        Assert.Equal((200, "shared", false), (plain.Status, plain.Text("tenant_id"), plain["is_house"].GetBoolean()));
        var owner = await MeAsync(issuer.Token(rsa, "RS256", ("client_id", "console"), ("realm_access", Roles("platform-owner"))), strict);
        Assert.True(owner["is_house"].GetBoolean());
        Assert.Equal(["admin"], owner.Texts("roles"));
    }

    [Fact]
    public async Task A_house_that_trusts_no_issuer_takes_no_token()
    {
        await using var plain = await AuthHouse.OpenAsync();

        Assert.Equal((401, "Invalid API key"), (await MeAsync(issuer.Token(rsa, "RS256"), plain)) is var reply ? (reply.Status, reply.Text("error.message")) : default);
    }

    private static Dictionary<string, object> Roles(params string[] roles) => new() { ["roles"] = roles };

    private Task<Reply> MeAsync(string token, AuthHouse? at = null) => (at ?? house).AskAsync("GET", "/api/v1/me", null, ("Authorization", $"Bearer {token}"));

    private Task<AuthHouse> OpenAsync(params (string Name, string Value)[] settings) => AuthHouse.OpenAsync(options =>
    {
        var problems = new List<string>();
        options.Oidc = OidcOptions.Read(
            name => name switch
            {
                "OIDC_ISSUER_URL" => issuer.Url,
                "AOS_OIDC_ROLES" when settings.Length == 0 => "group:/ops=operator",
                _ => settings.FirstOrDefault(setting => setting.Name == name).Value,
            },
            problems);
        Assert.Empty(problems);
    });
}
