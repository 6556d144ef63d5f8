using Aos.Kernel;

namespace Aos.Contracts;

/// <summary>How an outside system signs what it sends. On the wire in lower case.</summary>
public enum WebhookScheme
{
    /// <summary>As AOS itself does: <see cref="WebhookSignature"/>.</summary>
    Aos,

    /// <summary><c>X-Hub-Signature-256</c> over the body alone: neither time nor id is signed, so the body itself is the delivery's id.</summary>
    GitHub,

    /// <summary><c>Stripe-Signature: t=…,v1=…</c> over <c>t.body</c>; the delivery's id is the body's <c>id</c>.</summary>
    Stripe,
}

/// <summary>Which run hears of a delivery, and by what signal.</summary>
/// <param name="Run">Always this run; null: the one that the body names.</param>
/// <param name="RunField">Where in a JSON body its id stands, such as <c>data.object.metadata.run_id</c>; null where <paramref name="Run"/> is set.</param>
public sealed record WebhookForward(string Signal, RunId? Run, string? RunField);

/// <summary>Where an outside system posts to.</summary>
/// <param name="Id">32 hex digits, by chance: part of its address.</param>
/// <param name="Secret">Name of the tenant's secret that deliveries are signed with; no other endpoint has it.</param>
/// <param name="Forward">Null: deliveries are kept and nothing else happens.</param>
/// <param name="Window">How far the signed time may be from now, either way.</param>
public sealed record WebhookEndpoint(TenantId Tenant, string Id, string Name, string Secret, WebhookScheme Scheme, WebhookForward? Forward, bool IsEnabled, TimeSpan Window)
{
    public required DateTimeOffset CreatedAt { get; init; }

    public required string CreatedBy { get; init; }

    public required DateTimeOffset UpdatedAt { get; init; }

    public required string UpdatedBy { get; init; }
}

/// <summary>Endpoints. Everything is of the caller's tenant; changes hold on all nodes at once.</summary>
public interface IWebhookEndpoints
{
    /// <summary>Endpoints of a tenant.</summary>
    const int EndpointsMax = 100;

    /// <summary>Characters of a name.</summary>
    const int NameMax = 100;

    /// <summary>Seconds of a window.</summary>
    const int WindowMin = 30, WindowMax = 3_600, WindowUsual = 300;

    /// <summary>Oldest first.</summary>
    Task<IReadOnlyList<WebhookEndpoint>> ListAsync(Caller caller, CancellationToken cancel);

    Task<WebhookEndpoint?> FindAsync(Caller caller, string id, CancellationToken cancel);

    /// <summary>Refused is a secret that is not there or may not be used so, one that another endpoint has, and more than <see cref="EndpointsMax"/>.</summary>
    Task<(WebhookEndpoint? Made, Failure? Refusal)> CreateAsync(
        Caller caller, string name, string secret, WebhookScheme scheme, WebhookForward? forward, TimeSpan window, CancellationToken cancel);

    /// <summary>Changes name, secret, forward, window or whether it is enabled. Both null: unknown to this tenant.</summary>
    Task<(WebhookEndpoint? Before, WebhookEndpoint? After, Failure? Refusal)> ChangeAsync(
        Caller caller, string id, Func<WebhookEndpoint, WebhookEndpoint> change, CancellationToken cancel);

    /// <summary>The endpoint as it was; its deliveries stay until their time is over. Null: there was none.</summary>
    Task<WebhookEndpoint?> DeleteAsync(Caller caller, string id, CancellationToken cancel);
}

/// <summary>A request to an endpoint's address, before anything about it is believed.</summary>
/// <param name="Endpoint">As it stands in the address.</param>
/// <param name="Headers">Each value for itself, in the order in which they came.</param>
public sealed record WebhookRequest(string Endpoint, IReadOnlyList<KeyValuePair<string, string>> Headers, string? ContentType, ReadOnlyMemory<byte> Body, string? Address);

/// <summary>What came of a request.</summary>
public enum WebhookResult
{
    /// <summary>Kept, and forwarded where the endpoint says so.</summary>
    Stored,

    /// <summary>It was kept before, by this id: nothing happened.</summary>
    Duplicate,

    /// <summary>Another body was kept before by this id: nothing happened.</summary>
    Conflict,

    /// <summary>Not signed as the endpoint expects, or there is no such endpoint: nobody learns which.</summary>
    Refused,
}

/// <param name="Delivery">Id of what is kept; null where nothing is.</param>
public readonly record struct WebhookReceipt(WebhookResult Result, string? Delivery);

/// <summary>Takes what outside systems send.</summary>
public interface IWebhookReceiver
{
    /// <summary>Bytes of a body.</summary>
    int BodyBytesMax { get; }

    /// <summary>Counts a request, before its body is read. Not null: it is one too many, for that long.</summary>
    ValueTask<TimeSpan?> TakeAsync(string endpoint, string? address, CancellationToken cancel);

    /// <summary>Verifies the signature, and keeps the delivery before it returns.</summary>
    Task<WebhookReceipt> ReceiveAsync(WebhookRequest request, CancellationToken cancel);
}

/// <summary>Where a delivery stands on its way to a run. On the wire in lower case.</summary>
public enum WebhookForwarding
{
    /// <summary>It goes nowhere: the endpoint says so, or its body names no run.</summary>
    None,

    /// <summary>Under way, or to be tried again.</summary>
    Waiting,

    /// <summary>The run has the signal.</summary>
    Done,

    /// <summary>The run could not take it.</summary>
    Failed,
}

/// <summary>A delivery as it was kept.</summary>
/// <param name="Id">UUIDv7, by which deliveries are ordered.</param>
/// <param name="DeliveryId">As its sender calls it.</param>
public sealed record StoredDelivery(TenantId Tenant, string Id, string EndpointId, string DeliveryId, DateTimeOffset ReceivedAt)
{
    public string? ContentType { get; init; }

    /// <summary>By name; values that give access were never kept.</summary>
    public required IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; }

    /// <summary>The exact bytes that were signed; of a list empty.</summary>
    public required ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>Bytes of the body, also in a list.</summary>
    public required int BodySize { get; init; }

    /// <summary>SHA-256 of the body in hex.</summary>
    public required string BodyHash { get; init; }

    public string? Address { get; init; }

    /// <summary>What an alert of Prometheus is called; the same for <see cref="Severity"/> and <see cref="Status"/>.</summary>
    public string? AlertName { get; init; }

    public string? Severity { get; init; }

    public string? Status { get; init; }

    /// <summary>Version of the secret that it was signed with.</summary>
    public long KeyVersion { get; init; }

    public WebhookForwarding Forwarding { get; init; }

    /// <summary>The run that hears of it; null: none.</summary>
    public RunId? Run { get; init; }

    public string? Signal { get; init; }

    /// <summary>Why it goes nowhere, or what went wrong last.</summary>
    public string? Problem { get; init; }

    public DateTimeOffset? ForwardedAt { get; init; }

    /// <summary>How often somebody had it forwarded again.</summary>
    public int Replays { get; init; }
}

/// <param name="Tenant">Whose.</param>
public sealed record WebhookFilter(TenantId Tenant)
{
    public string? Endpoint { get; init; }

    public string? DeliveryId { get; init; }

    public string? AlertName { get; init; }

    public string? Severity { get; init; }

    public WebhookForwarding? Forwarding { get; init; }

    public DateTimeOffset? Since { get; init; }

    public DateTimeOffset? Until { get; init; }
}

/// <summary>What was kept of deliveries.</summary>
public interface IWebhookDeliveries
{
    /// <summary>Newest first, without their bodies.</summary>
    /// <param name="before">Only those older than the one of this id; null: from the newest.</param>
    /// <param name="limit">1 to 1,000.</param>
    Task<IReadOnlyList<StoredDelivery>> ListAsync(WebhookFilter filter, string? before, int limit, CancellationToken cancel);

    Task<StoredDelivery?> FindAsync(TenantId tenant, string id, CancellationToken cancel);

    /// <summary>Forwards one again as its endpoint says now, as a signal of its own that is marked as a replay. Both null: unknown to this tenant.</summary>
    Task<(StoredDelivery? Delivery, Failure? Refusal)> ReplayAsync(Caller caller, string id, CancellationToken cancel);
}
