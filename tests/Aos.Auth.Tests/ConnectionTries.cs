using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Aos.Egress;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.Auth.Tests;

/// <summary><c>POST /api/v1/connections/{name}/test</c>: what comes of a try is the answer.</summary>
public sealed class ConnectionTries : IAsyncLifetime
{
    private AuthHouse house = null!;
    private MadeKey admin = null!;

    public async ValueTask InitializeAsync()
    {
        house = await AuthHouse.OpenAsync();
        admin = await house.KeyAsync("admin", """ "tenant_id":"acme" """);
    }

    public async ValueTask DisposeAsync() => await house.DisposeAsync();

    [Fact]
    [Trait("id", "CONN-60")]
    public async Task A_web_server_is_asked_and_the_answer_holds_no_secret()
    {
        await using var peer = await EchoPeer.OpenAsync();
        var value = SecretHouse.NewValue();
        await house.PutSecretAsync(admin, "K", value);
        await house.PutBearerAsync(admin, "crm", peer.Url, "K");
        await house.PutBearerAsync(admin, "refusing", peer.Url + "/refuse", "K");
        await house.PutBearerAsync(admin, "unset", peer.Url, "NONE");

        var (good, refused, unset) = (await TestAsync("crm"), await TestAsync("refusing"), await TestAsync("unset"));

        Assert.Equal((200, true, "http", 1), (good.Status, good["ok"].GetBoolean(), good.Text("kind"), good["version"].GetInt32()));
        Assert.Equal(["connect", "answer"], good.Texts("checked"));
        Assert.InRange(good["latency_ms"].GetInt64(), 0, 10_000);
        Assert.Equal((200, false, "HTTP_4XX", 401), (refused.Status, refused["ok"].GetBoolean(), refused.Text("error.code"), refused["error.details.upstream_status"].GetInt32()));
        Assert.Contains("you said Bearer [REDACTED]", refused.Text("error.details.body"), StringComparison.Ordinal);
        Assert.Equal(("CONFIG_INVALID", "missing"), (unset.Text("error.code"), unset.Text("error.details.reason")));
        Assert.Equal(["Bearer " + value, "Bearer " + value], peer.Seen);
        Assert.All(new[] { good, refused, unset }, reply => Assert.DoesNotContain(value, reply.Body.GetRawText(), StringComparison.Ordinal));
    }

    [Fact]
    [Trait("id", "CONN-63")]
    public async Task A_try_is_made_as_an_agent_that_may_use_it_and_a_bound_key_as_its_own()
    {
        await using var peer = await EchoPeer.OpenAsync();
        await house.PutSecretAsync(admin, "K", SecretHouse.NewValue());
        await house.PutBearerAsync(admin, "crm", peer.Url, "K", """ "allow":{"agents":["mailer"]} """);
        var bound = await house.KeyAsync("dev", """ "tenant_id":"acme","agent_id":"bot" """);

        Assert.True((await TestAsync("crm"))["ok"].GetBoolean());
        Assert.Equal(("PERMISSION_DENIED", "agent"), Why(await TestAsync("crm", """{"agent_id":"bot"}""")));
        Assert.Equal(("PERMISSION_DENIED", "agent"), Why(await house.AsAsync(bound, "POST", "/api/v1/connections/crm/test")));
        Assert.Equal(403, (await house.AsAsync(bound, "POST", "/api/v1/connections/crm/test", """{"agent_id":"mailer"}""")).Status);
        Assert.Equal(422, (await TestAsync("crm", """{"agent":"mailer"}""")).Status);
        Assert.Single(peer.Seen);
    }

    [Fact]
    [Trait("id", "CONN-61")]
    [Trait("store", "postgres")]
    public async Task A_database_is_connected_to_and_asked()
    {
        var url = new Uri(Environment.GetEnvironmentVariable("AOS_TEST_POSTGRES")!);
        var user = url.UserInfo.Split(':');
        await house.PutSecretAsync(admin, "PW", user[1]);
        await house.PutSecretAsync(admin, "WRONG", "not the password");
        await house.PutSecretAsync(admin, "URL", $"postgres://{user[0]}:{user[1]}@127.0.0.1:{url.Port}/postgres?sslmode=disable");
        await house.PutSecretAsync(admin, "FILES", $"postgres://{user[0]}:{user[1]}@127.0.0.1:{url.Port}/postgres?sslmode=disable&sslkey=/etc/hosts");
        await house.PutSecretAsync(admin, "SOCKET", $"postgres://{user[0]}:{user[1]}@127.0.0.1/postgres?sslmode=disable&host=/var/run/postgresql");
        await house.PutSecretAsync(admin, "NO_URL", "mysql://h/d");

        await PutAsync("good", Settings("PW"));
        await PutAsync("by_url", """{"url":"secret:URL"}""");
        foreach (var name in new[] { "good", "by_url" })
        {
            var test = await TestAsync(name);
            Assert.True(test["ok"].GetBoolean(), test.Body.GetRawText());
            Assert.Equal(["connect", "auth", "query"], test.Texts("checked"));
        }

        await PutAsync("wrong", Settings("WRONG"));
        await PutAsync("nowhere", Settings("PW", database: "nowhere"));
        await PutAsync("closed", Settings("PW", port: 1));
        await PutAsync("plain", Settings("PW", tls: "verify-full"));
        await PutAsync("files", """{"url":"secret:FILES"}""");
        await PutAsync("socket", """{"url":"secret:SOCKET"}""");
        await PutAsync("no_url", """{"url":"secret:NO_URL"}""");
        Assert.Equal(("PERMISSION_DENIED", "credentials"), Why(await TestAsync("wrong")));
        Assert.Equal(("NOT_FOUND", "database"), Why(await TestAsync("nowhere")));
        Assert.Equal("CONNECTION_REFUSED", (await TestAsync("closed")).Text("error.code"));
        Assert.Equal("TLS_FAILURE", (await TestAsync("plain")).Text("error.code"));
        foreach (var name in new[] { "files", "socket", "no_url" })
        {
            var test = await TestAsync(name);
            Assert.Equal("CONFIG_INVALID", test.Text("error.code"));
            Assert.DoesNotContain(user[1], test.Body.GetRawText(), StringComparison.Ordinal);
        }

        string Settings(string secret, string database = "postgres", int? port = null, string tls = "disable") =>
            $$"""{"host":"127.0.0.1","port":{{port ?? url.Port}},"database":"{{database}}","user":"{{user[0]}}","password":"secret:{{secret}}","sslmode":"{{tls}}"}""";
    }

    [Fact]
    [Trait("id", "CONN-61")]
    public async Task A_certificate_of_a_database_is_held_to_the_name_and_the_password_kept_from_a_stranger()
    {
        using var certificate = Certificate();
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var stranger = StrangerAsync(listener, certificate);
        await using var own = await AuthHouse.OpenAsync(more: services => services.AddSingleton(new EgressOptions { Allow = ["localhost"] }));
        var key = await own.KeyAsync("admin", """ "tenant_id":"acme" """);
        await own.PutSecretAsync(key, "PW", "some password");
        await own.PutConnectionAsync(key, "db", $$"""{"kind":"postgres","settings":{"host":"localhost","port":{{((IPEndPoint)listener.LocalEndpoint).Port}},"database":"d","user":"u","password":"secret:PW"} }""");

        var test = await own.AsAsync(key, "POST", "/api/v1/connections/db/test");

        Assert.True(test.Text("error.code") == "TLS_FAILURE", test.Body.GetRawText());
        Assert.Equal(("localhost", 0), await stranger);
    }

    [Fact]
    [Trait("id", "CONN-63")]
    public async Task A_try_goes_through_the_guard_whatever_it_speaks()
    {
        await using var strict = await AuthHouse.OpenAsync(more: services => services.AddSingleton(new EgressOptions()));
        var key = await strict.KeyAsync("admin", """ "tenant_id":"acme" """);
        await strict.PutSecretAsync(key, "PW", "some password");
        await strict.PutSecretAsync(key, "URL", "postgres://u:some-password@127.0.0.1:5432/d");
        foreach (var body in new[]
        {
            """{"kind":"http","settings":{"base_url":"http://127.0.0.1:1"}}""", """{"kind":"http","settings":{"base_url":"http://169.254.169.254/latest"}}""",
            """{"kind":"postgres","settings":{"host":"127.0.0.1","database":"d","user":"u","password":"secret:PW"}}""", """{"kind":"postgres","settings":{"url":"secret:URL"}}""",
            """{"kind":"postgres","settings":{"host":"93.184.216.34","port":6379,"database":"d","user":"u","password":"secret:PW"}}""",
            """{"kind":"smtp","settings":{"host":"10.0.0.1","from":"a@example.com"}}""", """{"kind":"smtp","settings":{"host":"localhost","port":25,"from":"a@example.com"}}""",
        })
        {
            await strict.PutConnectionAsync(key, "it", body);
            Assert.Equal("EGRESS_BLOCKED", (await strict.AsAsync(key, "POST", "/api/v1/connections/it/test")).Text("error.code"));
        }
    }

    /// <summary>Speaks TLS as a PostgreSQL does, with a certificate that nobody trusts: the name that it was asked for, and what it was told after that.</summary>
    private static async Task<(string? Name, int Bytes)> StrangerAsync(TcpListener listener, X509Certificate2 certificate)
    {
        using var client = await listener.AcceptTcpClientAsync(TestContext.Current.CancellationToken);
        var plain = client.GetStream();
        await plain.ReadExactlyAsync(new byte[8], TestContext.Current.CancellationToken); // SSLRequest.
        await plain.WriteAsync("S"u8.ToArray(), TestContext.Current.CancellationToken);
        string? name = null;
        await using var safe = new SslStream(plain);
        try
        {
            await safe.AuthenticateAsServerAsync(
                (_, hello, _, _) =>
                {
                    name = hello.ServerName;
                    return ValueTask.FromResult(new SslServerAuthenticationOptions { ServerCertificate = certificate });
                },
                null, TestContext.Current.CancellationToken);
            return (name, await safe.ReadAsync(new byte[1_000], TestContext.Current.CancellationToken));
        }
        catch (Exception e) when (e is IOException or AuthenticationException)
        {
            return (name, 0);
        }
    }

    private static X509Certificate2 Certificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var now = TimeProvider.System.GetUtcNow();
        using var made = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256).CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pfx), null);
    }

    private Task PutAsync(string name, string settings) => house.PutConnectionAsync(admin, name, $$"""{"kind":"postgres","settings":{{settings}} }""");

    private Task<Reply> TestAsync(string name, string? body = null) => house.AsAsync(admin, "POST", $"/api/v1/connections/{name}/test", body);

    private static (string? Code, string? Reason) Why(Reply reply) => (reply.Text("error.code"), reply.Text("error.details.reason"));
}
