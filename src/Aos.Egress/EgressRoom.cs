using Aos.Contracts;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.Egress;

/// <summary>Settings of the way out.</summary>
public sealed class EgressOptions
{
    /// <summary>Private targets that are allowed all the same: <c>host</c>, <c>host:port</c>, address or CIDR.</summary>
    public IReadOnlyList<string> Allow { get; set; } = [];

    /// <summary>Signs webhooks about runs; null: they are not signed.</summary>
    public string? WebhookSecret { get; set; }

    /// <summary>Which secret it is, for receivers that rotate theirs.</summary>
    public string WebhookKeyVersion { get; set; } = "v1";
}

/// <summary>The door of the one way out.</summary>
public static class EgressRoom
{
    public static AosBuilder AddEgress(this AosBuilder aos, EgressOptions options)
    {
        aos.Services.AddSingleton(options);
        aos.Services.AddSingleton<IDelivery, WebhookDelivery>();
        aos.Services.AddSingleton<IPokes, NodePokes>();
        return aos.Door<IEgress, Egress>();
    }
}
