using System.Text;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Approvals;

/// <summary>
/// Signals runs of deliveries, out of the outbox: after a crash again. The signal's id follows from the delivery, and a run counts an id once, so
/// however often this is tried, the run hears of it once.
/// </summary>
internal sealed class SignalDelivery(DeliveryTable table, Lazy<IRuns> runs, WebhookMeter meter, TimeProvider clock) : IDelivery
{
    /// <summary>A run that takes longer to decide is asked again: other deliveries wait behind this one.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    public string Kind => "signal";

    /// <param name="replay">0: as it came; else the how manyeth replay.</param>
    internal static OutboxItem Item(Guid id, StoredDelivery delivery, RunId run, int replay) => new(
        id, delivery.Tenant, run, $"webhook:{delivery.EndpointId}", "signal", Encoding.UTF8.GetBytes(Json.Write(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("delivery", delivery.Id);
            writer.WriteNumber("replay", replay);
            writer.WriteEndObject();
        }).GetRawText()));

    public async Task<Failure?> DeliverAsync(OutboxItem item, CancellationToken cancel)
    {
        var (id, replay) = Read(item);
        if (await table.FindAsync(item.Tenant, id, cancel) is not { Signal: { } signal } delivery)
            return FailureCatalog.Fail("DATA_NOT_FOUND", $"The delivery {id} is no longer kept.");
        var failure = await SignalAsync(item, new SignalRun(replay == 0 ? $"webhook:{id}" : $"webhook:{id}:{replay}", signal, Payload(delivery, replay)), cancel);
        meter.Forwarded(failure is null);
        await table.ForwardedAsync(
            item.Tenant, id, failure is null ? WebhookForwarding.Done : WebhookForwarding.Waiting, failure is null ? null : Told(failure), clock.GetUtcNow(), cancel);
        return failure;
    }

    public Task GaveUpAsync(OutboxItem item, Failure why, CancellationToken cancel) =>
        table.ForwardedAsync(item.Tenant, Read(item).Delivery, WebhookForwarding.Failed, Told(why), clock.GetUtcNow(), cancel);

    private async Task<Failure?> SignalAsync(OutboxItem item, SignalRun signal, CancellationToken cancel)
    {
        using var patience = new CancellationTokenSource(Patience, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancel);
        try
        {
            return await runs.Value.CommandAsync(Caller.System(item.Tenant), item.Run!.Value, signal, either.Token) switch
            {
                CommandReply.Done => null,
                CommandReply.Refused refused => refused.Why,
                _ => FailureCatalog.Fail("RUN_NOT_FOUND", $"There is no run {item.Run}."),
            };
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return FailureCatalog.Fail("TIMEOUT", $"The run {item.Run} did not answer within {Patience.TotalSeconds:0} s.");
        }
        catch (JournalUnavailableException e)
        {
            return FailureCatalog.Fail("STORE_UNAVAILABLE", e.Message, e.RetryAfter);
        }
    }

    private static JsonElement Payload(StoredDelivery delivery, int replay) => Json.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("id", delivery.Id);
        writer.WriteString("delivery_id", delivery.DeliveryId);
        writer.WriteString("endpoint_id", delivery.EndpointId);
        writer.WriteString("received_at", delivery.ReceivedAt.UtcDateTime);
        writer.WriteNumber("replay", replay);
        writer.WritePropertyName("body");
        WebhookBody.Write(writer, delivery.Body.Span, isRedacted: false);
        writer.WriteEndObject();
    });

    private static (string Delivery, int Replay) Read(OutboxItem item)
    {
        var order = Json.Parse(item.Body.Span);
        return (order.GetText("delivery")!, order.GetProperty("replay").GetInt32());
    }

    private static string Told(Failure failure) => $"{failure.Code}: {failure.Message}";
}
