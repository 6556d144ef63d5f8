using Aos.Kernel;

namespace Aos.Contracts;

/// <summary>Door of the memory room: says, and counts, what memory changed in an execution.</summary>
public interface IMemoryDrift
{
    /// <summary>Names that a caller may have left out.</summary>
    public const int IgnoredMax = 100;

    /// <param name="baseline">Without memory.</param>
    /// <param name="memory">With memory.</param>
    /// <param name="ignored">Names of members that are not compared, beside those that always differ; at most <see cref="IgnoredMax"/>.</param>
    /// <param name="threshold">0 to 100: a score above it is drift.</param>
    DriftResult Compare(ExecutionTrace baseline, ExecutionTrace memory, IReadOnlyList<string> ignored, double threshold);
}
