namespace Aos.Contracts;

/// <summary>How a finding stands. On the wire in lower case.</summary>
public enum FindingLevel { Ok, Warning, Problem }

/// <summary>One thing that was looked at.</summary>
/// <param name="Check">For instance <c>durability</c>.</param>
/// <param name="Message">What was found, and what it means.</param>
/// <param name="Advice">What to do; null: nothing.</param>
public sealed record Finding(string Check, FindingLevel Level, string Message, string? Advice = null);

/// <summary>Looks at the store and what it stands on, and changes nothing. Works without a running server, and beside one.</summary>
public interface IDoctor
{
    /// <summary>What was found, in the order of the looks. Where the store cannot be reached that is the only finding about it.</summary>
    Task<IReadOnlyList<Finding>> LookAsync(CancellationToken cancel);
}
