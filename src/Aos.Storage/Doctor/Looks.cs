using Aos.Contracts;

namespace Aos.Storage;

/// <summary>Findings as they come.</summary>
internal sealed class Looks
{
    private readonly List<Finding> findings = [];

    internal IReadOnlyList<Finding> Findings => findings;

    internal void Ok(string check, string message) => findings.Add(new Finding(check, FindingLevel.Ok, message));

    internal void Warn(string check, string message, string advice) => findings.Add(new Finding(check, FindingLevel.Warning, message, advice));

    internal void Problem(string check, string message, string advice) => findings.Add(new Finding(check, FindingLevel.Problem, message, advice));

    /// <summary>One look after another: what one of them cannot see is a finding too, and the others go on.</summary>
    internal async Task TryAsync(string check, Func<Task> look)
    {
        try
        {
            await look();
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Warn(check, $"Could not be looked at: {e.Message}", "Look at the message; the role may lack a right, or the connection broke.");
        }
    }
}
