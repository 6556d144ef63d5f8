using System.Net.Security;
using System.Security.Authentication;
using System.Text;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Skills;

/// <summary>Greets a mail server, goes over to TLS and signs in, as the connection says. Sends no mail.</summary>
/// <param name="trusts">Judges certificates; null: as every client of this machine does.</param>
internal sealed class SmtpProbe(IEgress egress, RemoteCertificateValidationCallback? trusts = null)
{
    private const string Hello = "EHLO aos.invalid";

    internal async Task<(Failure? Failure, IReadOnlyList<string> Checked)> TryAsync(OpenConnection connection, CancellationToken cancel)
    {
        var settings = connection.Settings;
        var (host, tls) = (settings.GetText("host")!.Trim('[', ']'), settings.GetText("tls") ?? "starttls");
        var port = settings.Get("port") is { } number ? number.GetInt32() : tls == "implicit" ? 465 : 587;
        var seen = new List<string>();
        var (stream, refusal) = await egress.ConnectAsync(host, port, EgressProtocol.Smtp, cancel);
        if (refusal is not null) return (refusal, seen);
        seen.Add("connect");
        await using var plain = stream!;
        await using var safe = new SslStream(plain, leaveInnerStreamOpen: true);
        try
        {
            return (await TalkAsync(plain, safe, host, tls, settings, seen, cancel), seen);
        }
        catch (AuthenticationException e)
        {
            return (FailureCatalog.Fail("TLS_FAILURE", $"{host}: {e.Message}"), seen);
        }
        catch (IOException e)
        {
            return (FailureCatalog.Fail("CONNECTION_RESET", $"{host}: {e.Message}."), seen);
        }
    }

    private async Task<Failure?> TalkAsync(Stream plain, SslStream safe, string host, string tls, JsonElement settings, List<string> seen, CancellationToken cancel)
    {
        if (tls == "implicit") await SecureAsync(safe, host, seen, cancel);
        var talk = new SmtpTalk(tls == "implicit" ? safe : plain);
        if (Wrong(host, await talk.ReadAsync(cancel), 220) is { } unfriendly) return unfriendly;
        seen.Add("greeting");
        var offers = await talk.SayAsync(Hello, cancel);
        if (Wrong(host, offers, 250) is { } unwilling) return unwilling;
        seen.Add("ehlo");
        if (tls == "starttls")
        {
            if (offers.Offer("STARTTLS") is null) return FailureCatalog.Fail("TLS_FAILURE", $"{host} does not offer STARTTLS.");
            if (Wrong(host, await talk.SayAsync("STARTTLS", cancel), 220) is { } insecure) return insecure;
            await SecureAsync(safe, host, seen, cancel);
            talk = new SmtpTalk(safe);
            offers = await talk.SayAsync(Hello, cancel);
            if (Wrong(host, offers, 250) is { } changed) return changed;
        }

        if (settings.GetText("user") is { } user)
        {
            if (await SignInAsync(talk, host, offers, user, settings.GetText("password")!, cancel) is { } unknown) return unknown;
            seen.Add("auth");
        }

        await talk.SayAsync("QUIT", cancel);
        return null;
    }

    private async Task SecureAsync(SslStream stream, string host, List<string> seen, CancellationToken cancel)
    {
        await stream.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = host, RemoteCertificateValidationCallback = trusts }, cancel);
        seen.Add("tls");
    }

    private static async Task<Failure?> SignInAsync(SmtpTalk talk, string host, SmtpReply offers, string user, string password, CancellationToken cancel)
    {
        var ways = (offers.Offer("AUTH") ?? "").Split(' ');
        if (ways.Contains("PLAIN", StringComparer.OrdinalIgnoreCase)) return Judged(host, await talk.SayAsync("AUTH PLAIN " + Base64($"\0{user}\0{password}"), cancel));
        if (!ways.Contains("LOGIN", StringComparer.OrdinalIgnoreCase)) return FailureCatalog.Fail("NOT_AVAILABLE", $"{host} offers neither AUTH PLAIN nor AUTH LOGIN: the password was not tried.");
        if (Wrong(host, await talk.SayAsync("AUTH LOGIN", cancel), 334) is { } no) return no;
        if (Wrong(host, await talk.SayAsync(Base64(user), cancel), 334) is { } stranger) return stranger;
        return Judged(host, await talk.SayAsync(Base64(password), cancel));
    }

    private static Failure? Judged(string host, SmtpReply reply) => reply.Code switch
    {
        235 => null,
        530 or 534 or 535 or 538 => FailureCatalog.Fail("PERMISSION_DENIED", $"{host} does not take the user and password: {reply.Code} {reply.Said}", null, Json.Write(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("reason", "credentials");
            writer.WriteEndObject();
        })),
        _ => Wrong(host, reply, 235),
    };

    private static Failure? Wrong(string host, SmtpReply reply, int wanted) =>
        reply.Code == wanted ? null
        : FailureCatalog.Fail(reply.Code is >= 400 and < 500 ? "SERVICE_UNAVAILABLE" : "EXECUTION_ERROR", $"{host} answered {reply.Code} {reply.Said}");

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
}
