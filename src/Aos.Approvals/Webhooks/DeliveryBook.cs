using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Approvals;

/// <summary>What was kept: looked for, and forwarded again on purpose.</summary>
internal sealed class DeliveryBook(DeliveryTable table, EndpointTable endpoints) : IWebhookDeliveries
{
    public async Task<IReadOnlyList<StoredDelivery>> ListAsync(WebhookFilter filter, string? before, int limit, CancellationToken cancel) =>
        await table.ListAsync(filter, before, Math.Clamp(limit, 1, 1_000), cancel);

    public Task<StoredDelivery?> FindAsync(TenantId tenant, string id, CancellationToken cancel) => table.FindAsync(tenant, id, cancel);

    public async Task<(StoredDelivery? Delivery, Failure? Refusal)> ReplayAsync(Caller caller, string id, CancellationToken cancel)
    {
        if (await table.FindAsync(caller.Tenant, id, cancel) is not { } delivery) return default;
        var forward = (await endpoints.FindAsync(caller.Tenant, delivery.EndpointId, cancel))?.Forward;
        var (run, problem) = Targets.Of(forward, WebhookBody.Read(delivery.Body.Span));
        if (run is not { } to) return (null, FailureCatalog.Fail("INVALID_STATE", problem ?? $"The endpoint {delivery.EndpointId} is gone or forwards nothing: say where to, then replay."));
        if (await table.ReplayAsync(delivery, to, forward!.Signal, cancel) is not { } number) return default;
        return (delivery with { Replays = number, Forwarding = WebhookForwarding.Waiting, Run = to, Signal = forward.Signal, Problem = null }, null);
    }
}
