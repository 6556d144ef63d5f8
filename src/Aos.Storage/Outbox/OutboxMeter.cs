using System.Diagnostics.Metrics;

namespace Aos.Storage;

/// <summary>Counts deliveries that were given up.</summary>
internal sealed class OutboxMeter(IMeterFactory factory)
{
    private readonly Counter<long> givenUp = factory.Create("Aos.Storage").CreateCounter<long>(
        "nova_webhook_fallback_writes_total", null, "Deliveries that were given up after all tries and lie in the outbox for a person to look at.");

    internal void GivenUp() => givenUp.Add(1);
}
