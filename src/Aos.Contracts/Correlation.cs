using System.Security.Cryptography;
using System.Text;
using Aos.Kernel;

namespace Aos.Contracts;

/// <summary>What ties a run to the work it was started for, in logs, traces and lists.</summary>
public static class Correlation
{
    /// <summary>Label of a run that came with an id of its caller's. Children and forks have it too.</summary>
    public const string Label = "correlation_id";

    /// <summary>Longest id, characters.</summary>
    public const int LengthMax = 128;

    /// <summary>The caller's id, else one that follows from the run's: <c>corr-</c> and 12 hex digits. The same at every node and after every restart.</summary>
    public static string Of(RunStarted start) => Given(start) ?? "corr-" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(start.Run.Value.ToString("D"))).AsSpan(0, 6));

    /// <summary>The caller's id; null: there was none.</summary>
    public static string? Given(RunStarted start) => start.Labels.TryGetValue(Label, out var given) && given.Length > 0 ? given : null;

    /// <summary>True for what may stand in a header and a log: visible ASCII.</summary>
    public static bool IsOne(string text)
    {
        if (text.Length is 0 or > LengthMax) return false;
        foreach (var c in text)
        {
            if (c is <= ' ' or >= '\x7f') return false;
        }

        return true;
    }
}
