using System.Security.Cryptography;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Approvals;

/// <summary>
/// Takes deliveries. Who asks for an endpoint that is not there is answered as one who signed wrongly: after the same statements, the same
/// hashing and by the same words.
/// </summary>
internal sealed class WebhookReceiver(
    EndpointTable endpoints, ISecretVersions secrets, DeliveryTable deliveries, ISharedLimits limits, WebhookOptions options, WebhookMeter meter, TimeProvider clock) : IWebhookReceiver
{
    /// <summary>Values of one secret that can be good at once; so many hashes are always made.</summary>
    private const int KeysMax = 2;

    private const string Purpose = "webhooks";

    /// <summary>Hex digits of an endpoint's id.</summary>
    private const int IdChars = 32;

    /// <summary>Stands for endpoints that are not there: no id is ever made so.</summary>
    private const string Nobody = "-";

    /// <summary>Hashed with where there is no key, so that as much is done.</summary>
    private static readonly string Decoy = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));

    public int BodyBytesMax => options.BodyBytesMax;

    public async ValueTask<TimeSpan?> TakeAsync(string endpoint, string? address, CancellationToken cancel)
    {
        if (!options.LimitsRequests) return null;
        var reply = await limits.TakeAsync(
            [
                new Want(LimitKey.OfHouse(Purpose, $"address {address}"), RateLimit.PerMinute(options.AddressPerMinute), 1),
                new Want(LimitKey.OfHouse(Purpose, $"endpoint {Known(endpoint)}"), RateLimit.PerMinute(options.EndpointPerMinute), 1),
            ],
            cancel);
        meter.Limited(reply.Short switch { < 0 => null, 0 => "ip", _ => "endpoint" });
        return reply.IsGranted ? null : reply.Wait;
    }

    public async Task<WebhookReceipt> ReceiveAsync(WebhookRequest request, CancellationToken cancel)
    {
        var began = clock.GetTimestamp();
        var endpoint = await endpoints.OpenAsync(Known(request.Endpoint), cancel);
        var keys = await secrets.GoodAsync(endpoint?.Tenant ?? TenantId.Default, endpoint?.Secret ?? Nobody, cancel);
        var claim = Claim.Of(endpoint?.Scheme ?? WebhookScheme.Aos, request);
        var version = SignedWith(claim, keys, request.Body.Span);
        var reason = Refusal(endpoint, keys, claim, version);
        var id = reason is null ? claim!.IdIn(request.Body.Span) : null;
        if (id is null)
        {
            meter.Refused(reason ?? "form");
            meter.Took(clock.GetElapsedTime(began));
            return new WebhookReceipt(WebhookResult.Refused, null);
        }

        var receipt = await deliveries.KeepAsync(Delivery(endpoint!, id, version!.Value, request), cancel);
        meter.Received(receipt.Result);
        meter.Took(clock.GetElapsedTime(began));
        return receipt;
    }

    /// <summary>Why the request is not believed; null: it is. For the operator alone, whoever sent it learns nothing.</summary>
    private string? Refusal(WebhookEndpoint? endpoint, IReadOnlyList<SecretVersion> keys, Claim? claim, long? version)
    {
        if (endpoint is null) return "endpoint";
        if (!endpoint.IsEnabled) return "disabled";
        if (keys.Count == 0) return "secret";
        if (claim is null) return "form";
        if (claim.Version is { } named && keys.All(key => key.Number != named)) return "version";
        if (version is null) return "signature";
        return claim.SignedAt is { } at && Math.Abs(clock.GetUtcNow().ToUnixTimeSeconds() - at) > endpoint.Window.TotalSeconds ? "time" : null;
    }

    /// <summary>The version of the secret that one of the signatures was made with; null: none. All are tried, whichever fits.</summary>
    private static long? SignedWith(Claim? claim, IReadOnlyList<SecretVersion> keys, ReadOnlySpan<byte> body)
    {
        long? fits = null;
        for (var i = 0; i < KeysMax; i++)
        {
            var key = i < keys.Count ? keys[i] : null;
            var mac = WebhookSignature.Mac(key?.Value ?? Decoy, claim?.Before ?? [], body);
            foreach (var signature in claim?.Signatures ?? [])
            {
                if (CryptographicOperations.FixedTimeEquals(mac, signature) & key is not null && (claim!.Version ?? key!.Number) == key!.Number) fits = key.Number;
            }
        }

        return fits;
    }

    private StoredDelivery Delivery(WebhookEndpoint endpoint, string id, long version, WebhookRequest request)
    {
        var now = clock.GetUtcNow();
        var body = WebhookBody.Read(request.Body.Span);
        var alert = Alert.Of(body);
        var (run, problem) = Targets.Of(endpoint.Forward, body);
        return new StoredDelivery(endpoint.Tenant, Guid.CreateVersion7(now).ToString("D"), endpoint.Id, id, now)
        {
            ContentType = request.ContentType is { Length: > 255 } type ? type[..255] : request.ContentType,
            Headers = KeptHeaders.Of(request.Headers),
            Body = request.Body,
            BodySize = request.Body.Length,
            BodyHash = ContentHash.Hex(request.Body.Span),
            Address = request.Address,
            AlertName = alert.Name,
            Severity = alert.Severity,
            Status = alert.Status,
            KeyVersion = version,
            Forwarding = run is null ? WebhookForwarding.None : WebhookForwarding.Waiting,
            Run = run,
            Signal = run is null ? null : endpoint.Forward!.Signal,
            Problem = problem,
        };
    }

    /// <summary>What cannot be an id is asked for all the same, as nobody's.</summary>
    private static string Known(string id) => id.Length == IdChars && id.All(char.IsAsciiHexDigitLower) ? id : Nobody;
}
