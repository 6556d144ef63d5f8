using System.Security.Authentication;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Skills;

/// <summary>Greets a mail server, goes over to TLS and signs in, as the connection says. Sends no mail.</summary>
internal sealed class SmtpProbe(IEgress egress, SmtpTrust trust)
{
    internal async Task<(Failure? Failure, IReadOnlyList<string> Checked)> TryAsync(OpenConnection connection, CancellationToken cancel)
    {
        var (opened, refusal) = await SmtpSession.ConnectAsync(egress, connection.Settings, trust, cancel);
        if (opened is null) return (refusal, []);
        await using var session = opened;
        try
        {
            var failure = await session.BeginAsync(cancel);
            if (failure is null) await session.LeaveAsync(cancel);
            return (failure, session.Seen);
        }
        catch (AuthenticationException e)
        {
            return (FailureCatalog.Fail("TLS_FAILURE", $"{session.Host}: {e.Message}"), session.Seen);
        }
        catch (IOException e)
        {
            return (FailureCatalog.Fail("CONNECTION_RESET", $"{session.Host}: {e.Message}."), session.Seen);
        }
    }
}
