using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Skills;

/// <summary>Tries connections as calls use them.</summary>
internal sealed class ConnectionTests(
    ConnectionOpener opener, HttpProbe http, PostgresProbe postgres, SmtpProbe smtp, TimeProvider clock, IConnections? connections = null) : IConnectionTests
{
    private const string AgentDefault = "default";

    public async Task<ConnectionTest> TestAsync(Connection connection, string? agentId, CancellationToken cancel)
    {
        var began = clock.GetTimestamp();
        using var timeout = new CancellationTokenSource(IConnectionTests.TimeMax, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancel);
        var ask = new ConnectionAsk(
            connection.Tenant, connection.Name, connection.Allowed.Skills?[0] ?? SkillOf(connection.Kind), agentId ?? connection.Allowed.Agents?[0] ?? AgentDefault);
        var version = connection.Version;
        try
        {
            var answer = await connections!.FindAsync(ask, either.Token);
            if (answer.Connection is not { } found) return new ConnectionTest(version, clock.GetElapsedTime(began), answer.Refusal, []);
            version = found.Version;
            var (failure, seen) = await TryAsync(found, ask, either.Token);
            return new ConnectionTest(version, clock.GetElapsedTime(began), failure, seen);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return new ConnectionTest(version, clock.GetElapsedTime(began), FailureCatalog.Fail("TIMEOUT", $"It did not answer within {IConnectionTests.TimeMax.TotalSeconds:0} s."), []);
        }
    }

    private async Task<(Failure? Failure, IReadOnlyList<string> Checked)> TryAsync(Connection found, ConnectionAsk ask, CancellationToken cancel)
    {
        var through = await opener.FillAsync(found, ask.Skill, ask.AgentId, null, cancel);
        if (through.Connection is not { } open) return (through.Refusal, []);
        var (failure, seen) = found.Kind switch
        {
            ConnectionKinds.Http => await http.TryAsync(open, cancel),
            ConnectionKinds.Postgres => await postgres.TryAsync(open, cancel),
            _ => await smtp.TryAsync(open, cancel),
        };
        return (failure is null ? null : new OpenedParams(Json.Null, null, through.Secrets).Seal(StructuredOutcome.Failed(failure)).Failure, seen);
    }

    /// <summary>For whom secrets are asked: the skill that uses such a connection, or will be called after its kind.</summary>
    private static string SkillOf(string kind) => kind switch
    {
        ConnectionKinds.Http => "http_call",
        ConnectionKinds.Postgres => "postgres_query",
        ConnectionKinds.Smtp => "email_send",
        _ => kind,
    };
}
