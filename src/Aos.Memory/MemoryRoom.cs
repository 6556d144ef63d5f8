using Aos.Contracts;

namespace Aos.Memory;

/// <summary>The door of the memory room.</summary>
public static class MemoryRoom
{
    public const string Name = "memory";

    /// <param name="pins">Settings of the entries by key; null: what holds where nothing is set.</param>
    /// <param name="recall">Settings of agents' notes; null: the same.</param>
    public static AosBuilder AddMemory(this AosBuilder aos, PinOptions? pins = null, RecallOptions? recall = null)
    {
        pins ??= new PinOptions();
        return aos.AddPins(pins).AddRecall(recall ?? new RecallOptions(), pins.Redact).Door<IMemoryDrift, DriftDesk>();
    }
}
