using System.Runtime.CompilerServices;
using Aos.Testing;

namespace Aos.Tests;

/// <summary>
/// A test or class that plants runs that end with a code that says nothing tells it by <c>[Trait("plants", "EXECUTION_ERROR")]</c>; all others
/// fail when such a run is found after them.
/// </summary>
internal static class Planting
{
    private const string Trait = "plants";

    [ModuleInitializer]
    internal static void Begin() => CatchAlls.Planted = IsPlanted;

    private static bool IsPlanted(string code)
    {
        var here = TestContext.Current;
        var traits = here.Test?.Traits ?? here.TestCase?.Traits ?? here.TestMethod?.Traits ?? here.TestClass?.Traits;
        return traits is not null && traits.TryGetValue(Trait, out var planted) && planted.Contains(code, StringComparer.Ordinal);
    }
}
