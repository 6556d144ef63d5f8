using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Aos.App.Server;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.Auth.Tests;

/// <summary>A server with a certificate: TLS and nothing else, and a new certificate without a restart.</summary>
[Trait("id", "SERVER-tls")]
[Trait("store", "none")]
public sealed class ServerTls : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("aos-tls-").FullName;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string CertificateFile => Path.Combine(folder, "server.pem");

    private string KeyFile => Path.Combine(folder, "server.key");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task Answers_come_by_tls_alone_and_say_that_they_always_will()
    {
        Write(Made("one"));
        await using var house = await OpenAsync();
        using var http = Client(out var shown);

        using var answer = await http.GetAsync(new Uri(house.Address, "/healthz"), Cancel);

        Assert.Equal("https", house.Address.Scheme);
        Assert.Equal((HttpStatusCode.OK, new Version(2, 0)), (answer.StatusCode, answer.Version));
        Assert.Equal("max-age=31536000; includeSubDomains", answer.Headers.GetValues("Strict-Transport-Security").Single());
        Assert.Equal("CN=one", shown().Subject);
        Assert.DoesNotContain("HTTP/", await house.RawAsync("GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(SslProtocols.Tls12, true)]
    [InlineData(SslProtocols.Tls13, true)]
#pragma warning disable CS0618, SYSLIB0039 // What must not be spoken has to be named.
    [InlineData(SslProtocols.Tls11, false)]
#pragma warning restore CS0618, SYSLIB0039
    public async Task Only_current_versions_are_spoken(SslProtocols version, bool isSpoken)
    {
        Write(Made("one"));
        using var log = new CapturedLog();
        await using var house = await OpenAsync(log: log);

        if (isSpoken) await using (await ConnectAsync(house, version)) return;
        await Assert.ThrowsAnyAsync<Exception>(async () => await ConnectAsync(house, version));
        Assert.Equal(200, (await house.AskAsync("GET", "/healthz")).Status);
        Assert.Empty(log.Entries); // Whoever cannot speak to the server must not fill its log either.
    }

    [Fact]
    public async Task A_new_certificate_holds_for_new_connections_and_open_ones_go_on()
    {
        Write(Made("one"));
        await using var house = await OpenAsync();
        await using var open = await ConnectAsync(house);
        Write(Made("two"));

        house.Services.GetRequiredService<ServerCertificate>().Look();
        await using var fresh = await ConnectAsync(house);

        Assert.Equal(("CN=one", "CN=two"), (open.RemoteCertificate!.Subject, fresh.RemoteCertificate!.Subject));
        Assert.StartsWith("HTTP/1.1 200 ", await AskAsync(open), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 200 ", await AskAsync(fresh), StringComparison.Ordinal);
        Assert.Contains("\naos_tls_reloads_total{result=\"success\"} 1\n", await MetricsAsync(house), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_files_are_looked_at_by_the_server_itself()
    {
        Write(Made("one"));
        await using var house = await OpenAsync(TimeSpan.FromMilliseconds(10));
        Write(Made("two"));

        var subject = "";
        while (subject != "CN=two")
        {
            await using var connection = await ConnectAsync(house);
            subject = connection.RemoteCertificate!.Subject;
        }
    }

    [Theory]
    [InlineData("garbage")]
    [InlineData("empty")]
    [InlineData("gone")]
    [InlineData("key of another")]
    public async Task A_broken_new_certificate_changes_nothing_and_is_seen(string how)
    {
        Write(Made("one"));
        using var log = new CapturedLog();
        await using var house = await OpenAsync(log: log);
        var (first, firstKey) = (File.ReadAllText(CertificateFile), File.ReadAllText(KeyFile));
        switch (how)
        {
            case "garbage": File.WriteAllText(CertificateFile, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"); break;
            case "empty": File.WriteAllText(CertificateFile, ""); break;
            case "gone": File.Delete(KeyFile); break;
            default: File.WriteAllText(KeyFile, Made("two").GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem()); break;
        }

        var certificate = house.Services.GetRequiredService<ServerCertificate>();
        certificate.Look();
        certificate.Look();

        await using (var connection = await ConnectAsync(house)) Assert.Equal("CN=one", connection.RemoteCertificate!.Subject);
        Assert.StartsWith("warning: ", (await ReadyAsync(house))["checks.tls"].GetString(), StringComparison.Ordinal);
        Assert.Equal(200, (await ReadyAsync(house)).Status);
        Assert.Contains("\naos_tls_reloads_total{result=\"error\"} 1\n", await MetricsAsync(house), StringComparison.Ordinal);
        var told = Assert.Single(log.Entries, entry => entry.Contains("[1011]", StringComparison.Ordinal));
        Assert.Contains(CertificateFile, told, StringComparison.Ordinal);
        Assert.DoesNotContain("PRIVATE KEY", told, StringComparison.Ordinal);
        (string Certificate, string Key) = (first, firstKey);
        File.WriteAllText(CertificateFile, Certificate);
        File.WriteAllText(KeyFile, Key);
        certificate.Look();
        Assert.StartsWith("ok (until ", (await ReadyAsync(house))["checks.tls"].GetString(), StringComparison.Ordinal);
        File.WriteAllText(CertificateFile, "broken again");
        certificate.Look();
        Assert.StartsWith("warning: ", (await ReadyAsync(house))["checks.tls"].GetString(), StringComparison.Ordinal);
        Write(Made("three"));
        certificate.Look();
        Assert.StartsWith("ok (until ", (await ReadyAsync(house))["checks.tls"].GetString(), StringComparison.Ordinal);
        await using (var connection = await ConnectAsync(house)) Assert.Equal("CN=three", connection.RemoteCertificate!.Subject);
    }

    [Fact]
    public async Task A_pfx_with_a_password_and_a_certificate_with_those_above_it_are_shown_whole()
    {
        using var root = Made("root", isAuthority: true);
        using var middle = Made("middle", root, isAuthority: true);
        using var leaf = Made("leaf", middle);
        var pfx = Path.Combine(folder, "server.pfx");
        File.WriteAllBytes(pfx, new X509Certificate2Collection { leaf, X509CertificateLoader.LoadCertificate(middle.RawData) }.Export(X509ContentType.Pkcs12, "of the pfx")!);
        var options = TlsOptions.Read(name => name switch { "AOS_TLS_CERTIFICATE" => pfx, "AOS_TLS_PASSWORD" => "of the pfx", _ => null }, [])!;
        await using var house = await AuthHouse.OpenAsync(server: new ServerOptions { Tls = options });
        var sent = new List<string>();

        await using var connection = await ConnectAsync(house, seen: chain => sent.AddRange(chain.ChainPolicy.ExtraStore.Select(one => one.Subject)));

        Assert.Equal("CN=leaf", connection.RemoteCertificate!.Subject);
        Assert.Contains("CN=middle", sent);
    }

    [Fact]
    public void Settings_of_tls_that_make_no_sense_are_named_without_what_is_in_the_files()
    {
        using var certificate = Made("one");
        Write(certificate);
        var key = certificate.GetECDsaPrivateKey()!.ExportEncryptedPkcs8PrivateKeyPem("secret-of-the-key", new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1));
        File.WriteAllText(KeyFile, key);
        var missing = Problems(("AOS_TLS_CERTIFICATE", Path.Combine(folder, "nothing.pem")));
        var alone = Problems(("AOS_TLS_KEY", KeyFile));
        var wrong = Problems(("AOS_TLS_CERTIFICATE", CertificateFile), ("AOS_TLS_KEY", KeyFile), ("AOS_TLS_PASSWORD", "not-that-one"));
        var right = Problems(("AOS_TLS_CERTIFICATE", CertificateFile), ("AOS_TLS_KEY", KeyFile), ("AOS_TLS_PASSWORD", "secret-of-the-key"));

        Assert.Contains("nothing.pem", Assert.Single(missing), StringComparison.Ordinal);
        Assert.Contains("plain HTTP", Assert.Single(alone), StringComparison.Ordinal);
        Assert.DoesNotContain("not-that-one", Assert.Single(wrong), StringComparison.Ordinal);
        Assert.Empty(right);
    }

    private static List<string> Problems(params (string Name, string Value)[] settings)
    {
        var problems = new List<string>();
        TlsOptions.Read(name => settings.FirstOrDefault(setting => setting.Name == name).Value, problems);
        return problems;
    }

    private static X509Certificate2 Made(string name, X509Certificate2? issuer = null, bool isAuthority = false)
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(isAuthority, false, 0, true));
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        var now = TimeProvider.System.GetUtcNow();
        if (issuer is null) return request.CreateSelfSigned(now.AddDays(-1), now.AddDays(30));
        using var signed = request.Create(issuer, now.AddDays(-1), now.AddDays(20), RandomNumberGenerator.GetBytes(8));
        return signed.CopyWithPrivateKey(key);
    }

    private static HttpClient Client(out Func<X509Certificate2> shown)
    {
        X509Certificate2? seen = null;
        shown = () => seen!;
        var handler = new SocketsHttpHandler
        {
            SslOptions = { RemoteCertificateValidationCallback = (_, certificate, _, _) => (seen = X509CertificateLoader.LoadCertificate(certificate!.GetRawCertData())) is not null },
        };
        return new HttpClient(handler) { DefaultRequestVersion = HttpVersion.Version20 };
    }

    private static async Task<SslStream> ConnectAsync(AuthHouse house, SslProtocols version = SslProtocols.None, Action<X509Chain>? seen = null)
    {
        var client = new TcpClient();
        await client.ConnectAsync(house.Address.Host, house.Address.Port, Cancel);
        var tls = new SslStream(client.GetStream());
        await tls.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = "127.0.0.1", EnabledSslProtocols = version,
                RemoteCertificateValidationCallback = (_, _, chain, _) =>
                {
                    seen?.Invoke(chain!);
                    return true;
                },
            },
            Cancel);
        return tls;
    }

    private static async Task<string> AskAsync(SslStream tls)
    {
        await tls.WriteAsync(Encoding.ASCII.GetBytes("GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"), Cancel);
        using var reader = new StreamReader(tls, leaveOpen: true);
        return await reader.ReadToEndAsync(Cancel);
    }

    private static Task<Reply> ReadyAsync(AuthHouse house) => house.AskAsync("GET", "/readyz");

    private static async Task<string> MetricsAsync(AuthHouse house) => (await house.AsFirstAsync("GET", "/metrics")).Body.GetString()!;

    private void Write(X509Certificate2 certificate)
    {
        File.WriteAllText(CertificateFile, certificate.ExportCertificatePem());
        File.WriteAllText(KeyFile, certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
    }

    private Task<AuthHouse> OpenAsync(TimeSpan? lookEvery = null, CapturedLog? log = null) => AuthHouse.OpenAsync(
        server: new ServerOptions { Tls = new TlsOptions(CertificateFile, KeyFile, null) { LookEvery = lookEvery ?? TimeSpan.FromHours(1) } },
        more: services =>
        {
            if (log is not null) services.AddSingleton<Microsoft.Extensions.Logging.ILoggerProvider>(log);
        });
}
