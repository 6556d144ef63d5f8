using System.Globalization;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Egress;

/// <summary>
/// Delivers outbox items by POST to the URL that is their endpoint. A repeat carries the same delivery id; with a secret
/// configured timestamp, id and body are signed (<see cref="WebhookSignature"/>).
/// </summary>
internal sealed class WebhookDelivery(IEgress egress, EgressOptions options, TimeProvider clock) : IDelivery
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(15);

    public string Kind => "webhook";

    public async Task<Failure?> DeliverAsync(OutboxItem item, CancellationToken cancel)
    {
        var timestamp = clock.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        var id = item.Id.ToString("D");
        var headers = new List<KeyValuePair<string, string>>
        {
            new(WebhookSignature.IdHeader, id), new("X-Webhook-Delivery", id), new("Idempotency-Key", id), new(WebhookSignature.TimestampHeader, timestamp),
        };
        if (options.WebhookSecret is { } secret)
        {
            headers.Add(new(WebhookSignature.SignatureHeader, WebhookSignature.Of(secret, timestamp, id, item.Body.Span)));
            headers.Add(new(WebhookSignature.KeyVersionHeader, options.WebhookKeyVersion));
        }

        var request = new EgressRequest("POST", item.Endpoint, headers, item.Body, "application/json", Timeout, ResponseBytesMax: 64 * 1024, RedirectsMax: 0);
        var (response, failure) = await egress.SendAsync(request, cancel);
        if (failure is not null) return failure;
        return response!.Status switch
        {
            >= 200 and < 300 => null,
            429 => FailureCatalog.Fail("RATE_LIMITED", $"{item.Endpoint} answered 429."),
            408 or >= 500 => FailureCatalog.Fail("HTTP_5XX", $"{item.Endpoint} answered {response.Status}."),
            _ => FailureCatalog.Fail("HTTP_4XX", $"{item.Endpoint} answered {response.Status}: it does not want this."),
        };
    }
}
