using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Aos.Skills.Tests;

/// <summary>A mail server of this machine that takes one user, over TLS with a certificate that nobody else trusts.</summary>
internal sealed class MailPeer : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stop = new();
    private readonly X509Certificate2 certificate = Certificate();
    private readonly string auth;
    private readonly bool isImplicit;
    private readonly Task serving;

    /// <param name="auth">What it offers under TLS, such as <c>PLAIN LOGIN</c>.</param>
    internal MailPeer(string auth = "PLAIN", bool isImplicit = false)
    {
        (this.auth, this.isImplicit) = (auth, isImplicit);
        listener.Start();
        serving = ServeAsync();
    }

    internal int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    internal string Password { get; } = $"pw-{Guid.NewGuid():N}";

    /// <summary>Lines in the clear, in the order in which they came.</summary>
    internal List<string> Overheard { get; } = [];

    /// <summary>Whether this is the server's certificate.</summary>
    internal bool Trusts(object sender, X509Certificate? shown, X509Chain? chain, SslPolicyErrors errors) => certificate.Equals(shown);

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        listener.Stop();
        await serving;
        certificate.Dispose();
        stop.Dispose();
    }

    private async Task ServeAsync()
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                using var client = await listener.AcceptTcpClientAsync(stop.Token);
                await TalkAsync(client.GetStream());
            }
            catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or System.Security.Authentication.AuthenticationException)
            {
                continue; // A client that hangs up, or does not trust the certificate.
            }
        }
    }

    private async Task TalkAsync(Stream plain)
    {
        var stream = isImplicit ? await SecureAsync(plain) : plain;
        var isSafe = isImplicit;
        await SayAsync(stream, "220 mail.test ready");
        while (await LineAsync(stream) is { } line)
        {
            if (!isSafe) Overheard.Add(line);
            switch (line.Split(' ')[0])
            {
                case "EHLO":
                    await SayAsync(stream, isSafe ? $"250-mail.test\r\n250 AUTH {auth}" : "250-mail.test\r\n250 STARTTLS");
                    break;
                case "STARTTLS":
                    await SayAsync(stream, "220 go on");
                    (stream, isSafe) = (await SecureAsync(plain), true);
                    break;
                case "AUTH":
                    await AuthAsync(stream, line);
                    break;
                default:
                    await SayAsync(stream, "221 bye");
                    return;
            }
        }
    }

    private async Task AuthAsync(Stream stream, string line)
    {
        string said;
        if (line.StartsWith("AUTH PLAIN ", StringComparison.Ordinal)) said = Decoded(line["AUTH PLAIN ".Length..]);
        else
        {
            await SayAsync(stream, "334 VXNlcm5hbWU6");
            var user = Decoded((await LineAsync(stream))!);
            await SayAsync(stream, "334 UGFzc3dvcmQ6");
            said = $"\0{user}\0{Decoded((await LineAsync(stream))!)}";
        }

        await SayAsync(stream, said == $"\0robot\0{Password}" ? "235 welcome" : $"535 no {line} {said.Replace('\0', ' ')}");
    }

    private async Task<Stream> SecureAsync(Stream plain)
    {
        var safe = new SslStream(plain);
        await safe.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = certificate }, stop.Token);
        return safe;
    }

    private async Task SayAsync(Stream stream, string line) => await stream.WriteAsync(Encoding.UTF8.GetBytes(line + "\r\n"), stop.Token);

    private async Task<string?> LineAsync(Stream stream)
    {
        var bytes = new List<byte>();
        var one = new byte[1];
        while (await stream.ReadAsync(one, stop.Token) > 0)
        {
            if (one[0] == '\n') return Encoding.UTF8.GetString([.. bytes]).TrimEnd('\r');
            bytes.Add(one[0]);
        }

        return null;
    }

    private static string Decoded(string text) => Encoding.UTF8.GetString(Convert.FromBase64String(text));

    private static X509Certificate2 Certificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var made = new CertificateRequest("CN=mail.test", key, HashAlgorithmName.SHA256).CreateSelfSigned(TimeProvider.System.GetUtcNow().AddDays(-1), TimeProvider.System.GetUtcNow().AddDays(1));
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pfx), null);
    }
}
