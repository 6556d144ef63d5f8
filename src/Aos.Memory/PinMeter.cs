using System.Diagnostics.Metrics;

namespace Aos.Memory;

/// <summary>Figures of the memory; the name and labels are those that dashboards know.</summary>
internal sealed class PinMeter(IMeterFactory factory)
{
    private readonly Counter<long> operations = factory.Create("Aos.Memory").CreateCounter<long>(
        "memory_pins_operations_total", null, "What was done with entries of the memory, by operation (put, get, list, delete, cleanup, run_read) and status (success, absent, refused).");

    internal void Done(string operation, string status) => operations.Add(1, new("operation", operation), new("status", status));
}
