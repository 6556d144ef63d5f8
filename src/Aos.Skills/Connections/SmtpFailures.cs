using System.Text.Json;
using System.Text.RegularExpressions;
using Aos.Kernel;

namespace Aos.Skills;

/// <summary>
/// What an SMTP server's refusal means. Servers quote addresses in what they say; failures are logged and kept, so they stand in none of them.
/// </summary>
internal static partial class SmtpFailures
{
    /// <summary>Servers that put off a stranger's mail, or are busy, seldom take it sooner.</summary>
    private static readonly TimeSpan RetryAfter = TimeSpan.FromMinutes(1);

    /// <summary>Null: it is the answer that was wanted.</summary>
    internal static Failure? Unless(int wanted, string host, SmtpReply reply) => reply.Code == wanted ? null : Of(host, reply);

    internal static Failure Of(string host, SmtpReply reply, JsonElement? details = null) => reply.Code switch
    {
        421 or (>= 450 and <= 452) => FailureCatalog.Fail("RATE_LIMITED", Text(host, reply), RetryAfter, details),
        >= 400 and < 500 => FailureCatalog.Fail("SERVICE_UNAVAILABLE", Text(host, reply), null, details),
        530 => Credentials(host, reply),
        552 => FailureCatalog.Fail("INPUT_TOO_LARGE", Text(host, reply), null, details),
        _ => FailureCatalog.Fail("DELIVERY_FAILED", Text(host, reply), null, details),
    };

    internal static Failure Credentials(string host, SmtpReply reply) =>
        FailureCatalog.Fail("PERMISSION_DENIED", $"{host} does not take the user and password: {reply.Code} {Said(reply)}", null, Json.Write(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("reason", "credentials");
            writer.WriteEndObject();
        }));

    /// <summary>What the server said, without anybody's address.</summary>
    internal static string Said(SmtpReply reply) => Address().Replace(reply.Said, "[ADDRESS]");

    private static string Text(string host, SmtpReply reply) => $"{host} answered {reply.Code} {Said(reply)}";

    [GeneratedRegex("[^\\s<>\"'(),;:]+@[^\\s<>\"'(),;:]+", RegexOptions.CultureInvariant)]
    private static partial Regex Address();
}
