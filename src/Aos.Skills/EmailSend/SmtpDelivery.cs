using System.Globalization;
using System.Security.Authentication;
using System.Text;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Skills;

/// <summary>What a server took.</summary>
/// <param name="Reply">What it said then.</param>
internal sealed record Delivered(IReadOnlyList<string> Accepted, IReadOnlyList<EmailRefused> Rejected, string Reply);

/// <summary>
/// Hands one mail to a server. Up to the line that ends it, the mail was certainly not sent, whatever breaks, and every failure says so by
/// a code that is definite. From then on until the answer nobody knows.
/// </summary>
internal sealed class SmtpDelivery(IEgress egress, SmtpTrust trust, TimeProvider clock)
{
    /// <summary>The part of a call's time in which the mail must be ready to be ended: the rest is for the answer to it.</summary>
    private const double EarlyShare = 0.9;

    /// <summary>Throws only when cancelled, or out of time when nobody knows whether the mail was sent.</summary>
    internal async Task<(Delivered? Delivered, Failure? Failure)> SendAsync(EmailDraft draft, string message, JsonElement settings, TimeSpan time, CancellationToken cancel)
    {
        using var late = new CancellationTokenSource(time * EarlyShare, clock);
        using var early = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancel);
        SmtpSession? session = null;
        try
        {
            (session, var refusal) = await SmtpSession.ConnectAsync(egress, settings, trust, early.Token);
            if (session is null) return (null, Definite(refusal!));
            if (await session.BeginAsync(early.Token) is { } unwilling) return (null, unwilling);
            var (taken, refused) = await OfferAsync(session, draft, message, early.Token);
            if (taken is null) return (null, refused);
            return await EndAsync(session, taken, cancel);
        }
        catch (AuthenticationException e)
        {
            return (null, FailureCatalog.Fail("TLS_FAILURE", $"{SmtpSession.HostOf(settings)}: {e.Message}"));
        }
        catch (IOException e)
        {
            return (null, FailureCatalog.Fail("SERVICE_UNAVAILABLE", $"{SmtpSession.HostOf(settings)}: {e.Message}. The mail was not sent."));
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested && !cancel.IsCancellationRequested)
        {
            return (null, FailureCatalog.Fail("SERVICE_UNAVAILABLE", string.Create(CultureInfo.InvariantCulture, $"{SmtpSession.HostOf(settings)} was not ready for the mail within {(time * EarlyShare).TotalSeconds:0.###} s. The mail was not sent.")));
        }
        finally
        {
            if (session is not null) await session.DisposeAsync();
        }
    }

    /// <summary>A connection that never was is no connection that broke: the mail was not sent.</summary>
    private static Failure Definite(Failure failure) =>
        failure.Code == "CONNECTION_RESET" ? FailureCatalog.Fail("SERVICE_UNAVAILABLE", failure.Message) : failure;

    /// <summary>Everything but the line that ends the mail.</summary>
    private static async Task<(Delivered? Taken, Failure? Failure)> OfferAsync(SmtpSession session, EmailDraft draft, string message, CancellationToken cancel)
    {
        if (Unfit(session, draft, message) is { } unfit) return (null, unfit);
        var mail = $"MAIL FROM:<{draft.From.Address}>";
        if (session.Offers.Offer("SIZE") is not null) mail += string.Create(CultureInfo.InvariantCulture, $" SIZE={Encoding.UTF8.GetByteCount(message)}");
        if (draft.NeedsUtf8) mail += " BODY=8BITMIME SMTPUTF8";
        if (SmtpFailures.Unless(250, session.Host, await session.Talk.SayAsync(mail, cancel)) is { } unwelcome) return (null, unwelcome);
        var (accepted, rejected) = (new List<string>(), new List<EmailRefused>());
        foreach (var box in draft.Recipients)
        {
            var reply = await session.Talk.SayAsync($"RCPT TO:<{box.Address}>", cancel);
            if (reply.Code == 421) return (null, SmtpFailures.Of(session.Host, reply)); // It is about to close.
            if (reply.Code is >= 250 and <= 252) accepted.Add(box.Address);
            else rejected.Add(new EmailRefused(box.Address, reply.Code, reply.Said));
        }

        if (accepted.Count == 0) return (null, Nobody(session.Host, rejected));
        if (SmtpFailures.Unless(354, session.Host, await session.Talk.SayAsync("DATA", cancel)) is { } closed) return (null, closed);
        await session.Talk.WriteAsync(Encoding.UTF8.GetBytes(Stuffed(message)), cancel);
        return (new Delivered(accepted, rejected, ""), null);
    }

    /// <summary>The line that ends the mail, and the answer to it.</summary>
    private static async Task<(Delivered? Delivered, Failure? Failure)> EndAsync(SmtpSession session, Delivered taken, CancellationToken cancel)
    {
        SmtpReply reply;
        try
        {
            await session.Talk.WriteAsync(".\r\n"u8.ToArray(), cancel);
            reply = await session.Talk.ReadAsync(cancel);
        }
        catch (IOException e)
        {
            return (null, Unknown(session.Host, e.Message));
        }

        if (reply.Code is >= 400 and < 600) return (null, SmtpFailures.Of(session.Host, reply));
        if (reply.Code is < 200 or > 299) return (null, Unknown(session.Host, $"it answered {reply.Code}, which means nothing here"));
        await session.LeaveAsync(cancel);
        return (taken with { Reply = reply.Said }, null);
    }

    private static Failure Unknown(string host, string what) =>
        FailureCatalog.Fail("CONNECTION_RESET", $"{host}: {what}, after the whole mail was handed over. Nobody knows whether it was sent.");

    /// <summary>Why the server would not take the mail by what it said of itself.</summary>
    private static Failure? Unfit(SmtpSession session, EmailDraft draft, string message)
    {
        if (draft.NeedsUtf8 && session.Offers.Offer("SMTPUTF8") is null)
            return FailureCatalog.Fail("DELIVERY_FAILED", $"{session.Host} takes no addresses with letters beyond ASCII (SMTPUTF8).");
        var size = session.Offers.Offer("SIZE") is { Length: > 5 } offer && long.TryParse(offer.AsSpan(5), NumberStyles.None, CultureInfo.InvariantCulture, out var most) && most > 0 ? most : long.MaxValue;
        var bytes = Encoding.UTF8.GetByteCount(message);
        return bytes <= size ? null : FailureCatalog.Fail("INPUT_TOO_LARGE", $"The mail has {bytes} bytes, and {session.Host} takes {size} at most.");
    }

    /// <summary>All were refused. As long as one was only put off, a later try may reach somebody.</summary>
    private static Failure Nobody(string host, List<EmailRefused> rejected)
    {
        var first = rejected.Find(one => one.Code < 500) ?? rejected[0];
        return SmtpFailures.Of(host, new SmtpReply(first.Code, [first.Message]), Json.Write(writer =>
        {
            writer.WriteStartObject();
            writer.WriteStartArray("rejected");
            foreach (var (i, one) in rejected.Index())
            {
                writer.WriteStartObject();
                writer.WriteNumber("recipient", i + 1);
                writer.WriteNumber("code", one.Code);
                writer.WriteString("message", SmtpFailures.Said(new SmtpReply(one.Code, [one.Message])));
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }));
    }

    /// <summary>A line that is a dot would end the mail: each that begins with one gets a second.</summary>
    private static string Stuffed(string message) => (message.StartsWith('.') ? "." : "") + message.Replace("\r\n.", "\r\n..", StringComparison.Ordinal);
}
