using System.Net.Security;
using System.Text;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Skills;

/// <summary>Who judges certificates of mail servers.</summary>
/// <param name="Judge">Null: as every client of this machine does.</param>
internal sealed record SmtpTrust(RemoteCertificateValidationCallback? Judge = null);

/// <summary>
/// A session with a mail server, secured and signed in to as its connection says. Where TLS is wanted nothing but the greeting is said
/// without it: a server, or somebody in between, that does not offer it gets no mail.
/// </summary>
internal sealed class SmtpSession : IAsyncDisposable
{
    private readonly Stream plain;
    private readonly SslStream safe;
    private readonly JsonElement settings;
    private readonly string tls;
    private readonly SmtpTrust trust;
    private readonly List<string> seen = ["connect"];

    private SmtpSession(Stream plain, JsonElement settings, SmtpTrust trust)
    {
        (this.plain, this.settings, this.trust) = (plain, settings, trust);
        safe = new SslStream(plain, leaveInnerStreamOpen: true);
        (Host, tls) = (HostOf(settings), TlsOf(settings));
        Talk = new SmtpTalk(tls == "implicit" ? safe : plain);
    }

    internal string Host { get; }

    internal SmtpTalk Talk { get; private set; }

    /// <summary>What the server said to the last EHLO.</summary>
    internal SmtpReply Offers { get; private set; } = new(0, [""]);

    /// <summary>What was found to work, in order.</summary>
    internal IReadOnlyList<string> Seen => seen;

    internal static string HostOf(JsonElement settings) => settings.GetText("host")!.Trim('[', ']');

    internal static int PortOf(JsonElement settings) => settings.Get("port") is { } number ? number.GetInt32() : TlsOf(settings) == "implicit" ? 465 : 587;

    /// <summary>A connection, over which nothing was said yet; or why there is none.</summary>
    internal static async Task<(SmtpSession? Session, Failure? Refusal)> ConnectAsync(IEgress egress, JsonElement settings, SmtpTrust trust, CancellationToken cancel)
    {
        var (stream, refusal) = await egress.ConnectAsync(HostOf(settings), PortOf(settings), EgressProtocol.Smtp, cancel);
        return refusal is null ? (new SmtpSession(stream!, settings, trust), null) : (null, refusal);
    }

    /// <summary>
    /// Everything before the first mail: greeting, EHLO, TLS, AUTH. Throws <see cref="IOException"/> when the connection breaks and
    /// <see cref="System.Security.Authentication.AuthenticationException"/> when TLS fails.
    /// </summary>
    internal async Task<Failure?> BeginAsync(CancellationToken cancel)
    {
        if (tls == "implicit") await SecureAsync(cancel);
        if (SmtpFailures.Unless(220, Host, await Talk.ReadAsync(cancel)) is { } unfriendly) return unfriendly;
        seen.Add("greeting");
        if (await GreetAsync(cancel) is { } unwilling) return unwilling;
        seen.Add("ehlo");
        if (tls == "starttls")
        {
            if (Offers.Offer("STARTTLS") is null) return FailureCatalog.Fail("TLS_FAILURE", $"{Host} does not offer STARTTLS.");
            if (SmtpFailures.Unless(220, Host, await Talk.SayAsync("STARTTLS", cancel)) is { } insecure) return insecure;
            await SecureAsync(cancel);
            Talk = new SmtpTalk(safe);
            if (await GreetAsync(cancel) is { } changed) return changed;
        }

        if (settings.GetText("user") is not { } user) return null;
        if (await SignInAsync(user, settings.GetText("password")!, cancel) is { } unknown) return unknown;
        seen.Add("auth");
        return null;
    }

    /// <summary>Out of politeness: what was wanted is done, and an answer to this is nothing to wait for.</summary>
    internal async Task LeaveAsync(CancellationToken cancel)
    {
        try
        {
            await Talk.WriteAsync("QUIT\r\n"u8.ToArray(), cancel);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            return;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await safe.DisposeAsync();
        await plain.DisposeAsync();
    }

    private static string TlsOf(JsonElement settings) => settings.GetText("tls") ?? "starttls";

    private async Task<Failure?> GreetAsync(CancellationToken cancel)
    {
        // Servers ask for a name that resolves; the sender's is the only one that this house is known by.
        Offers = await Talk.SayAsync("EHLO " + (Mailbox.Read(settings.GetText("from") ?? "", out _)?.Domain ?? "aos.invalid"), cancel);
        return SmtpFailures.Unless(250, Host, Offers);
    }

    private async Task SecureAsync(CancellationToken cancel)
    {
        await safe.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = Host, RemoteCertificateValidationCallback = trust.Judge }, cancel);
        seen.Add("tls");
    }

    private async Task<Failure?> SignInAsync(string user, string password, CancellationToken cancel)
    {
        var ways = (Offers.Offer("AUTH") ?? "").Split(' ');
        if (ways.Contains("PLAIN", StringComparer.OrdinalIgnoreCase)) return Judged(await Talk.SayAsync("AUTH PLAIN " + Base64($"\0{user}\0{password}"), cancel));
        if (!ways.Contains("LOGIN", StringComparer.OrdinalIgnoreCase)) return FailureCatalog.Fail("NOT_AVAILABLE", $"{Host} offers neither AUTH PLAIN nor AUTH LOGIN: the password was not tried.");
        if (SmtpFailures.Unless(334, Host, await Talk.SayAsync("AUTH LOGIN", cancel)) is { } no) return no;
        if (Judged(await Talk.SayAsync(Base64(user), cancel), 334) is { } stranger) return stranger;
        return Judged(await Talk.SayAsync(Base64(password), cancel));
    }

    private Failure? Judged(SmtpReply reply, int wanted = 235) =>
        reply.Code is 534 or 535 or 538 ? SmtpFailures.Credentials(Host, reply) : SmtpFailures.Unless(wanted, Host, reply);

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
}
