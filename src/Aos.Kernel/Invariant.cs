using System.Diagnostics.CodeAnalysis;

namespace Aos.Kernel;

/// <summary>A rule of the house does not hold: the run is quarantined and its journal stays readable.</summary>
public sealed class InvariantBrokenException(string message) : Exception(message);

/// <summary>Asserts that stay on in production.</summary>
public static class Invariant
{
    public static void Holds([DoesNotReturnIf(false)] bool condition, string rule)
    {
        if (!condition) throw new InvariantBrokenException(rule);
    }
}
