using System.Collections.Immutable;

namespace Aos.Kernel;

/// <summary>What a text looks like.</summary>
public enum ScreenVerdict
{
    Clean,

    /// <summary>It may be an attempt to steer a model; worth a warning.</summary>
    Suspicious,

    /// <summary>It has what such attempts have and honest texts hardly ever do.</summary>
    Hostile,
}

/// <summary>Where a text comes from: of a goal, which says what to do, more is believed than of data, which has nobody to instruct.</summary>
public enum TextOrigin
{
    Goal,
    Data,
}

/// <summary>A rule that a text hit.</summary>
/// <param name="Start">In the text as it was given, UTF-16.</param>
public sealed record ScreenHit(string Rule, int Score, int Start, int Length);

/// <summary>What <see cref="InjectionScreen"/> found.</summary>
/// <param name="Score">Of each rule its best hit, summed.</param>
/// <param name="Hits">In the order of the text.</param>
public sealed record Screening(ScreenVerdict Verdict, int Score, ImmutableArray<ScreenHit> Hits)
{
    public static Screening Clean { get; } = new(ScreenVerdict.Clean, 0, []);

    /// <summary>Names of the rules, each once, sorted.</summary>
    public ImmutableArray<string> Rules => [.. Hits.Select(hit => hit.Rule).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
}
