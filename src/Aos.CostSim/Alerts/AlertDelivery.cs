using System.Globalization;
using System.Text;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.CostSim;

/// <summary>
/// Posts alerts to the Alertmanager of the moment, so that what was given up under a wrong address can be sent again under the right one. An alert that comes
/// again is the same one to the Alertmanager, and its incident counts it once.
/// </summary>
internal sealed class AlertDelivery(IEgress egress, BreakerTable table, BreakerOptions options, BreakerMeter meter, ICluster cluster) : IDelivery
{
    private const int ShownChars = 200;
    private const int ResponseBytesMax = 64 * 1024;

    public string Kind => AlertQueue.Kind;

    public async Task<Failure?> DeliverAsync(OutboxItem item, CancellationToken cancel)
    {
        var (kind, incident, alerts) = AlertPayload.Read(item);
        if (options.AlertsUrl is not { } url)
        {
            meter.Unsent(kind, "not_configured");
            return FailureCatalog.Fail("NOT_AVAILABLE", "ALERTMANAGER_URL is not set on this node: set it and send the alert again.");
        }

        var (response, failure) = await egress.SendAsync(new EgressRequest("POST", url, [], alerts, "application/json", options.AlertTimeout, ResponseBytesMax, RedirectsMax: 0), cancel);
        failure ??= Refused(url, response!);
        if (failure is not null)
        {
            meter.Unsent(kind, Error(response, failure));
            return failure;
        }

        if (incident is not null) await table.SentAsync(incident, cluster.Now, Shown(response!), cancel);
        return null;
    }

    public async Task GaveUpAsync(OutboxItem item, Failure why, CancellationToken cancel)
    {
        if (AlertPayload.Read(item).Incident is { } incident) await table.UnsentAsync(incident, $"not sent: {why.Code}: {why.Message}", cancel);
    }

    private static string Error(EgressResponse? response, Failure failure) => response switch
    {
        { Status: >= 200 and < 300 } => "invalid_answer",
        { Status: var status } => string.Create(CultureInfo.InvariantCulture, $"http_{status}"),
        null => failure.Code switch { "TIMEOUT" => "timeout", "EGRESS_BLOCKED" => "blocked", _ => "connection" },
    };

    private static Failure? Refused(string url, EgressResponse response) => response.Status switch
    {
        >= 200 and < 300 => IsTaken(response.Body)
            ? null
            : FailureCatalog.Fail("HTTP_4XX", $"{url} answered {response.Status} with something that no Alertmanager says: {Shown(response)}. Look at ALERTMANAGER_URL and at what stands in between."),
        429 => FailureCatalog.Fail("RATE_LIMITED", $"{url} answered 429."),
        408 or >= 500 => FailureCatalog.Fail("HTTP_5XX", $"{url} answered {Shown(response)}."),
        _ => FailureCatalog.Fail("HTTP_4XX", $"{url} answered {Shown(response)}: look at ALERTMANAGER_URL, which is its address without the path of the API."),
    };

    /// <summary>Alerts are taken with an empty answer, or with one that reports no error; a page of a login or a proxy takes nothing.</summary>
    private static bool IsTaken(byte[] body)
    {
        if (body.AsSpan().Trim(" \t\r\n"u8).IsEmpty) return true;
        try
        {
            var answer = Json.Parse(body);
            return answer.ValueKind != JsonValueKind.Object || answer.GetText("status") != "error";
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>Status and the begin of the body, in characters that every store takes.</summary>
    private static string Shown(EgressResponse response)
    {
        var text = Encoding.UTF8.GetString(response.Body).Trim();
        var shown = string.Concat(text.EnumerateRunes().Where(rune => !Rune.IsControl(rune)).Take(ShownChars).Select(rune => rune.ToString()));
        return string.Create(CultureInfo.InvariantCulture, $"{response.Status} {shown}").TrimEnd();
    }
}
