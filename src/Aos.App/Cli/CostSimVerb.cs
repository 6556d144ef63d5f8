using System.CommandLine;

namespace Aos.App.Cli;

/// <summary><c>aos costsim</c>: what stands behind the estimates.</summary>
internal static class CostSimVerb
{
    internal static Command Command() => new("costsim", "The cost models behind simulations, and what calls really cost.\n\nExample: aos costsim drift --window-hours 168")
    {
        DivergenceVerbs.Divergence(), DivergenceVerbs.Drift(), DivergenceVerbs.Provenance(), CostBackfillVerb.Command(),
    };
}
