namespace Aos.Runs;

/// <summary>Mistakes that a simulation plants, to see that its checks find them. A host makes none of them.</summary>
internal sealed record Mistakes
{
    internal static Mistakes None { get; } = new();

    /// <summary>An append without an answer is taken as failed and decided anew.</summary>
    internal bool DecidesAnew { get; init; }

    /// <summary>A run that is taken over forgets that a call was started.</summary>
    internal bool ForgetsStarted { get; init; }
}
