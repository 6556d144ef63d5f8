using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Aos.E2E.Tests;

/// <summary>A server whose secrets lie in files and come from commands, and that speaks TLS.</summary>
public sealed class ServerSettings : InFolder
{
    private const string Key = "the-key-that-nobody-may-see";

    [Fact]
    [Trait("id", "SERVER-secrets")]
    public async Task A_server_takes_its_key_out_of_a_file_and_speaks_tls()
    {
        Aos.Environment.Add(("AOS_API_KEY_FILE", Aos.Write("key.txt", Key + "\n")));
        Aos.Environment.Add(("MACHINE_SECRET_TOKEN_COMMAND", "echo a-machine-token-of-this-test"));
        Aos.Environment.Add(("AOS_TLS_CERTIFICATE", Aos.Write("server.pem", Certificate())));
        using var process = Aos.Start("serve", "--port", "0");
        var address = await Command.AddressAsync(process, TestContext.Current.CancellationToken);
        Assert.StartsWith("https://127.0.0.1:", address.ToString(), StringComparison.Ordinal);
        using var http = new HttpClient(new HttpClientHandler { ServerCertificateCustomValidationCallback = HttpClientHandler.DangerousAcceptAnyServerCertificateValidator })
        {
            BaseAddress = address,
        };

        Assert.Equal(HttpStatusCode.OK, await AsAsync(http, "X-AOS-Key", Key));
        Assert.Equal(HttpStatusCode.OK, await AsAsync(http, "X-Machine-Token", "a-machine-token-of-this-test"));
        Assert.Equal(HttpStatusCode.Unauthorized, await AsAsync(http, "X-AOS-Key", Key + "-not"));
        Command.Interrupt(process);
        var ended = await Command.EndAsync(process);
        Assert.Equal(0, ended.Code);
        Assert.DoesNotContain(Key, ended.Output + ended.Errors, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "SERVER-secrets")]
    public async Task Secrets_that_lie_elsewhere_are_shown_by_where_and_never_as_they_are()
    {
        var file = Aos.Write("key.txt", Key);
        Aos.Environment.Add(("AOS_API_KEY_FILE", file));
        Aos.Environment.Add(("MACHINE_SECRET_TOKEN_COMMAND", $"echo {Key}"));
        var json = await Aos.RunAsync("config", "--json");
        var text = await Aos.RunAsync("config");

        Assert.Equal((0, 0), (json.Code, text.Code));
        Assert.Equal($"**** (from the file {file})", json.Json.GetProperty("environment").GetText("AOS_API_KEY"));
        Assert.Equal("**** (printed by echo ****)", json.Json.GetProperty("environment").GetText("MACHINE_SECRET_TOKEN"));
        Assert.DoesNotContain(Key, json.Output + json.Errors + text.Output + text.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [Trait("id", "SERVER-settings")]
    [InlineData("serve", "--port", "0")]
    [InlineData("config")]
    [InlineData("runs", "list")]
    [InlineData("runs", "list", "--server", "http://127.0.0.1:1")]
    public async Task Two_places_of_one_secret_stop_every_command_and_both_are_named(params string[] arguments)
    {
        Aos.Environment.Add(("AOS_API_KEY", Key));
        Aos.Environment.Add(("AOS_API_KEY_FILE", Aos.Write("key.txt", Key + "-other")));
        var ended = await Aos.RunAsync(arguments);

        Assert.Equal(5, ended.Code);
        Assert.Contains("CONFIG_INVALID: AOS_API_KEY and AOS_API_KEY_FILE are set", ended.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain(Key, ended.Output + ended.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [Trait("id", "SERVER-settings")]
    [InlineData("AOS_TLS_CERTIFICATE", "no-such-file.pem")]
    [InlineData("AOS_CORS_ORIGINS", "*")]
    [InlineData("AOS_BODY_BYTES_MAX", "many")]
    public async Task A_server_setting_that_makes_no_sense_stops_the_server_and_no_other_command(string name, string value)
    {
        Aos.Environment.Add((name, value));
        var served = await Aos.RunAsync("serve", "--port", "0");
        var listed = await Aos.RunAsync("runs", "list");

        Assert.Equal((5, 0), (served.Code, listed.Code));
        Assert.Contains($"CONFIG_INVALID: ", served.Errors, StringComparison.Ordinal);
        Assert.Contains(value, served.Errors, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "SERVER-limit-left")]
    public async Task Whoami_says_how_many_requests_are_left()
    {
        var ended = await Aos.RunAsync("auth", "whoami");

        Assert.Equal(0, ended.Code);
        Assert.Matches("(?m)^limit        1000000000 of 1000000000 requests a minute left, all of them at \\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ$", ended.Output);
    }

    private static string Certificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var now = TimeProvider.System.GetUtcNow();
        using var certificate = new CertificateRequest("CN=aos", key, HashAlgorithmName.SHA256).CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        return certificate.ExportCertificatePem() + "\n" + key.ExportPkcs8PrivateKeyPem() + "\n";
    }

    private static async Task<HttpStatusCode> AsAsync(HttpClient http, string header, string value)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/me");
        request.Headers.TryAddWithoutValidation(header, value);
        using var answer = await http.SendAsync(request, TestContext.Current.CancellationToken);
        return answer.StatusCode;
    }
}
