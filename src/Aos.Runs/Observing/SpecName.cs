using System.Security.Cryptography;
using System.Text;
using Aos.Kernel;

namespace Aos.Runs;

/// <summary>What a run is called where it is measured. Only names that somebody stored: what a caller makes up would grow the page.</summary>
internal static class SpecName
{
    /// <summary>Runs of a plan that came with its request.</summary>
    internal const string Inline = "inline";

    /// <summary>The stored workflow's name, whatever its version.</summary>
    internal static string Of(RunState state) => state.Start?.Workflow?.Name ?? Inline;

    /// <summary>The skill, or the kind of a step that has none.</summary>
    internal static string Of(PlanStep step) => step.Skill ?? step.Kind switch
    {
        StepKind.Sleep => "sleep",
        StepKind.Await => "await",
        StepKind.Child => "child",
        _ => "agent",
    };

    /// <summary>The first 8 hex digits of SHA-256: a tenant's name is on no page.</summary>
    internal static string Hash(TenantId tenant) => tenant.Value is not { Length: > 0 } name
        ? "unknown"
        : Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)).AsSpan(0, 4));
}
