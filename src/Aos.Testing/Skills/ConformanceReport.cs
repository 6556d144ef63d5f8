using System.Collections.Immutable;

namespace Aos.Testing;

/// <summary>One call of a skill that its author knows the outcome of.</summary>
/// <param name="Params">The parameters, a JSON object.</param>
public sealed record SkillSample(string Params)
{
    /// <summary>The code it fails with; null: it succeeds.</summary>
    public string? Fails { get; init; }

    /// <summary>True: left alone it would run for longer than anybody waits. It is timed out and called off, nothing else.</summary>
    public bool IsLong { get; init; }
}

/// <summary>What the author knows of a skill that its contract does not say.</summary>
public sealed record ConformanceOptions
{
    /// <summary>Effects that have happened so far, counted where they happen; null: nobody counts them.</summary>
    public Func<int>? Effects { get; init; }

    /// <summary>What the skill was given as its logger; null: it has none.</summary>
    public ConformanceLog? Log { get; init; }

    /// <summary>How long a skill may go on after it was told to stop.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a call that is no <see cref="SkillSample.IsLong"/> may take.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);
}

/// <summary>Something that the skill does not keep.</summary>
/// <param name="Check">For instance <c>redaction</c>.</param>
/// <param name="Sample">The parameters it showed with; null: with any.</param>
public sealed record ConformanceFinding(string Check, string? Sample, string Message)
{
    public override string ToString() => $"{Check}: {Message}{(Sample is null ? "" : $" ({(Sample.Length > 120 ? Sample[..120] + "..." : Sample)})")}";
}

/// <summary>What came of the checks.</summary>
/// <param name="Checks">Those that were made, in their order; one that says nothing of this skill is not among them.</param>
public sealed record ConformanceReport(string Skill, ImmutableArray<string> Checks, ImmutableArray<ConformanceFinding> Findings)
{
    public bool Passed => Findings.IsEmpty;

    public override string ToString() => string.Join('\n',
    [
        .. Checks.Select(check => $"{(Findings.Any(finding => finding.Check == check) ? "FAILED" : "ok    ")} {check}"),
        .. Findings.Select(finding => finding.ToString()),
        $"{Skill}: {(Passed ? "conforms" : "does not conform")}",
    ]);
}
