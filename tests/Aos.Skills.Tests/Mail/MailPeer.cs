using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Aos.Skills.Tests;

/// <summary>A mail as the server took it.</summary>
/// <param name="Order">The whole MAIL order.</param>
/// <param name="Data">The bytes between DATA and the dot, its stuffing taken away.</param>
/// <param name="Wire">The same as they came.</param>
/// <param name="IsSafe">It came over TLS.</param>
internal sealed record TakenMail(string Order, IReadOnlyList<string> To, byte[] Data, byte[] Wire, bool IsSafe)
{
    internal string Text => Encoding.UTF8.GetString(Data);
}

/// <summary>A mail server of this machine that takes one user, over TLS with a certificate that nobody else trusts. It misbehaves as a test says.</summary>
/// <param name="auth">What it offers under TLS, such as <c>PLAIN LOGIN</c>; empty: it takes mail of anybody.</param>
internal sealed class MailPeer : IAsyncDisposable
{
    /// <summary>An answer that is none: the connection is closed instead.</summary>
    internal const string Cut = "\0cut";

    /// <summary>An answer that never comes.</summary>
    internal const string Hang = "\0hang";

    /// <summary>What <see cref="Answers"/> is asked for when the whole mail has come.</summary>
    internal const string Dot = ".";

    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stop = new();
    private readonly X509Certificate2 certificate = Certificate();
    private readonly string auth;
    private readonly bool isImplicit;
    private readonly Task serving;

    internal MailPeer(string auth = "PLAIN", bool isImplicit = false)
    {
        (this.auth, this.isImplicit) = (auth, isImplicit);
        listener.Start();
        serving = ServeAsync();
    }

    internal int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    internal string Password { get; set; } = $"pw-{Guid.NewGuid():N}";

    /// <summary>Lines in the clear, in the order in which they came.</summary>
    internal List<string> Overheard { get; } = [];

    /// <summary>All lines but those of mails, and but the good-bye, for whose answer nobody waits.</summary>
    internal ConcurrentQueue<string> Heard { get; } = new();

    internal ConcurrentQueue<TakenMail> Taken { get; } = new();

    /// <summary>What it offers beside TLS and AUTH, such as <c>SIZE 1000</c>.</summary>
    internal string[] Extras { get; set; } = [];

    internal bool OffersTls { get; set; } = true;

    /// <summary>Its answer to a line (to nothing: the greeting); null: as a good server does.</summary>
    internal Func<string, string?> Answers { get; set; } = _ => null;

    /// <summary>Sent in the clear with the answer to STARTTLS, as somebody in between can.</summary>
    internal string SlippedIn { get; set; } = "";

    /// <summary>Whether this is the server's certificate.</summary>
    internal bool Trusts(object sender, X509Certificate? shown, X509Chain? chain, SslPolicyErrors errors) => certificate.Equals(shown);

    /// <summary>As it was when it was made.</summary>
    internal void Forget()
    {
        Overheard.Clear();
        Heard.Clear();
        Taken.Clear();
        (Extras, OffersTls, Answers, SlippedIn) = ([], true, _ => null, "");
    }

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
        var talks = new List<Task>();
        while (!stop.IsCancellationRequested)
        {
            try
            {
                talks.Add(ServeAsync(await listener.AcceptTcpClientAsync(stop.Token)));
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException or InvalidOperationException) // It was stopped in between.
            {
                continue;
            }
        }

        await Task.WhenAll(talks);
    }

    private async Task ServeAsync(TcpClient client)
    {
        try
        {
            using (client) await new Talk(this, client.GetStream()).HoldAsync();
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or System.Security.Authentication.AuthenticationException)
        {
            return; // A client that hangs up, or does not trust the certificate.
        }
    }

    private static X509Certificate2 Certificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var made = new CertificateRequest("CN=mail.test", key, HashAlgorithmName.SHA256).CreateSelfSigned(TimeProvider.System.GetUtcNow().AddDays(-1), TimeProvider.System.GetUtcNow().AddDays(1));
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pfx), null);
    }

    /// <summary>One connection.</summary>
    private sealed class Talk
    {
        private readonly MailPeer house;
        private readonly Stream plain;
        private readonly List<string> to = [];
        private Stream stream;
        private bool isSafe;
        private bool isKnown;
        private string from = "";

        internal Talk(MailPeer house, Stream plain)
        {
            (this.house, this.plain, stream) = (house, plain, plain);
            isKnown = house.auth.Length == 0;
        }

        private CancellationToken Stop => house.stop.Token;

        internal async Task HoldAsync()
        {
            if (house.isImplicit) await SecureAsync();
            if (!await SayAsync("", "220 mail.test ready")) return;
            while (await LineAsync() is { } line)
            {
                if (line != "QUIT") house.Heard.Enqueue(line);
                if (!isSafe) house.Overheard.Add(line);
                if (!await ObeyAsync(line)) return;
            }
        }

        private async Task<bool> ObeyAsync(string line)
        {
            switch (line.Split(' ', ':')[0].ToUpperInvariant())
            {
                case "EHLO":
                    return await SayAsync(line, Hello());
                case "STARTTLS":
                    if (!await SayAsync(line, "220 go on" + house.SlippedIn)) return false;
                    await SecureAsync();
                    return true;
                case "AUTH":
                    return await AuthAsync(line);
                case "MAIL":
                    from = line;
                    return await SayAsync(line, isKnown ? "250 OK" : "530 5.7.0 Authentication required");
                case "RCPT":
                    var answer = house.Answers(line) ?? "250 OK";
                    if (answer.StartsWith('2')) to.Add(line["RCPT TO:<".Length..^1]);
                    return await WriteAsync(answer);
                case "DATA":
                    return await DataAsync();
                case "QUIT":
                    await SayAsync(line, "221 bye");
                    return false;
                default:
                    return await SayAsync(line, "500 what?");
            }
        }

        private string Hello()
        {
            string[] lines = ["mail.test", .. house.Extras, .. isSafe || !house.OffersTls ? Array.Empty<string>() : ["STARTTLS"], .. isSafe && house.auth.Length > 0 ? [$"AUTH {house.auth}"] : Array.Empty<string>()];
            return string.Join("\r\n", lines.Select((text, i) => $"250{(i == lines.Length - 1 ? ' ' : '-')}{text}"));
        }

        private async Task<bool> DataAsync()
        {
            if (house.Answers("DATA") is { } no && !no.StartsWith('3')) return await WriteAsync(no);
            if (!await SayAsync("DATA", "354 go on")) return false;
            using var wire = new MemoryStream();
            var (last, one) = ("", new byte[1]);
            while (!last.EndsWith("\r\n.\r\n", StringComparison.Ordinal))
            {
                if (await stream.ReadAsync(one, Stop) == 0) return false;
                wire.Write(one);
                last = (last.Length < 5 ? last : last[1..]) + (char)one[0];
            }

            var bytes = wire.ToArray()[..^3];
            // Before the answer, after which a test looks.
            if (house.Answers(Dot)?.StartsWith('2') != false) house.Taken.Enqueue(new TakenMail(from, [.. to], Unstuffed(bytes), bytes, isSafe));
            to.Clear();
            return await SayAsync(Dot, "250 2.0.0 OK: queued as 4711");
        }

        private static byte[] Unstuffed(byte[] wire)
        {
            var text = Encoding.Latin1.GetString(wire);
            return Encoding.Latin1.GetBytes((text.StartsWith("..", StringComparison.Ordinal) ? text[1..] : text).Replace("\r\n..", "\r\n.", StringComparison.Ordinal));
        }

        private async Task<bool> AuthAsync(string line)
        {
            string said;
            if (line.StartsWith("AUTH PLAIN ", StringComparison.Ordinal)) said = Decoded(line["AUTH PLAIN ".Length..]);
            else
            {
                await WriteAsync("334 VXNlcm5hbWU6");
                var shown = (await LineAsync())!;
                if (house.Answers(shown) is { } no) return await WriteAsync(no);
                var user = Decoded(shown);
                await WriteAsync("334 UGFzc3dvcmQ6");
                said = $"\0{user}\0{Decoded((await LineAsync())!)}";
            }

            isKnown |= said == $"\0robot\0{house.Password}";
            return await SayAsync("AUTH", isKnown ? "235 welcome" : $"535 no {line} {said.Replace('\0', ' ')}");
        }

        private async Task SecureAsync()
        {
            var safe = new SslStream(plain);
            await safe.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = house.certificate }, Stop);
            (stream, isSafe) = (safe, true);
        }

        /// <summary>False: the connection is over.</summary>
        private Task<bool> SayAsync(string line, string otherwise) => WriteAsync(house.Answers(line) ?? otherwise);

        private async Task<bool> WriteAsync(string answer)
        {
            if (answer == Cut) return false;
            if (answer == Hang)
            {
                while (await LineAsync() is not null)
                {
                }

                return false;
            }

            await stream.WriteAsync(Encoding.UTF8.GetBytes(answer + "\r\n"), Stop);
            return true;
        }

        private async Task<string?> LineAsync()
        {
            var bytes = new List<byte>();
            var one = new byte[1];
            while (await stream.ReadAsync(one, Stop) > 0)
            {
                if (one[0] == '\n') return Encoding.UTF8.GetString([.. bytes]).TrimEnd('\r');
                bytes.Add(one[0]);
            }

            return null;
        }

        private static string Decoded(string text) => Encoding.UTF8.GetString(Convert.FromBase64String(text));
    }
}
