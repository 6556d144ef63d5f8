using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Skills;

/// <summary>Asks a web server once: <c>health_path</c>, else the base URL.</summary>
internal sealed class HttpProbe(IEgress egress, TimeProvider clock)
{
    private const int ResponseBytesMax = 64 * 1024;

    internal async Task<(Failure? Failure, IReadOnlyList<string> Checked)> TryAsync(OpenConnection connection, CancellationToken cancel)
    {
        if (!HttpRoute.TryFind(connection.Settings.GetText("health_path") ?? "", null, connection, out var route, out var problem))
            return (FailureCatalog.Fail("INVALID_INPUT", problem), []);
        var time = route.TimeMax is { } max && max < IConnectionTests.TimeMax ? max : IConnectionTests.TimeMax;
        var (response, failure) = await egress.SendAsync(new EgressRequest("GET", route.Url, [.. route.Headers], null, null, time, ResponseBytesMax, RedirectsMax: 0), cancel);
        // A longer answer than a probe reads is an answer.
        if (failure is { Code: "RESPONSE_TOO_LARGE" }) return (null, ["connect", "answer"]);
        if (failure is not null) return (failure, []);
        return response!.Status >= 400 ? (HttpFailures.Of(response, route.Shown(route.Url), clock.GetUtcNow()), ["connect"]) : (null, ["connect", "answer"]);
    }
}
