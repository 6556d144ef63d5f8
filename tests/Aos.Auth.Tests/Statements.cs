using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.Auth.Tests;

/// <summary>Counts what one server sends to its database.</summary>
internal sealed class Statements : IDisposable
{
    private readonly MeterListener listener = new();
    private int sent;

    internal Statements(IServiceProvider services)
    {
        var own = services.GetRequiredService<IMeterFactory>();
        listener.InstrumentPublished = (instrument, listening) =>
        {
            if (instrument.Name == "aos_store_statements_total" && ReferenceEquals(instrument.Meter.Scope, own)) listening.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((_, count, _, _) => Interlocked.Add(ref sent, (int)count));
        listener.Start();
    }

    internal async Task<int> OfAsync(Func<Task> ask)
    {
        var before = Volatile.Read(ref sent);
        await ask();
        return Volatile.Read(ref sent) - before;
    }

    public void Dispose() => listener.Dispose();
}
