using Aos.Contracts;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.Approvals;

/// <summary>The door of the room where the outside world speaks to runs.</summary>
public static class ApprovalsRoom
{
    public static AosBuilder AddApprovals(this AosBuilder aos, WebhookOptions webhooks)
    {
        aos.Migrations(EndpointTable.Migration, DeliveryTable.Migration);
        aos.Services.AddMetrics();
        aos.Services.AddSingleton(webhooks);
        aos.Services.AddSingleton<WebhookMeter>();
        aos.Services.AddSingleton<EndpointTable>();
        aos.Services.AddSingleton<DeliveryTable>();
        aos.Services.AddSingleton<IKeepsBytes>(provider => provider.GetRequiredService<DeliveryTable>());
        aos.Services.AddSingleton(provider => new Lazy<IRuns>(provider.GetRequiredService<IRuns>));
        aos.Services.AddSingleton<IDelivery, SignalDelivery>();
        return aos.Door<IWebhookEndpoints, EndpointBook>().Door<IWebhookReceiver, WebhookReceiver>().Door<IWebhookDeliveries, DeliveryBook>().Chore<DeliverySweep>();
    }
}
