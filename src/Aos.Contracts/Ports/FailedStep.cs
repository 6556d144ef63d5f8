using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Aos.Kernel;

namespace Aos.Contracts;

/// <summary>
/// A call or a step that failed, kept as a row in the transaction that journals it. Each place of a run has one row: what fails there
/// again counts up its attempts.
/// </summary>
public sealed record FailedStep
{
    /// <summary>Characters of a kept message.</summary>
    public const int MessageMax = 500;

    /// <summary>Characters of a kept code or name.</summary>
    public const int NameMax = 120;

    public required RunId Run { get; init; }
    public required TenantId Tenant { get; init; }

    /// <summary>Where in the run, for instance <c>s2</c> for step 2, <c>s2.7</c> for its item 7, <c>c2</c> for what undoes it.</summary>
    public required string Place { get; init; }

    /// <summary>The event that says so.</summary>
    public required int Seq { get; init; }

    public required DateTimeOffset At { get; init; }

    /// <summary>The step's id in the plan.</summary>
    public required string Step { get; init; }

    public required string AgentId { get; init; }
    public string? Skill { get; init; }

    /// <summary>As the step failed; it need not be one of the catalog.</summary>
    public required string Code { get; init; }

    public required string Message { get; init; }

    /// <summary>The catalog's code for it; null: nobody knows what it is.</summary>
    public string? Entry { get; init; }

    public MatchKind Match { get; init; }

    /// <summary>The failure says that the call may be tried again.</summary>
    public bool Retryable { get; init; }

    /// <summary>The run tries again by itself.</summary>
    public bool Retried { get; init; }

    /// <summary>See <see cref="FailureSignature"/>.</summary>
    public required string Signature { get; init; }

    /// <summary>The row's id: it follows from run and place.</summary>
    public static Guid IdOf(RunId run, string place)
    {
        Span<byte> hash = stackalloc byte[32];
        SHA256.HashData(Encoding.UTF8.GetBytes($"failure:{run}:{place}"), hash);
        hash[6] = (byte)((hash[6] & 0x0F) | 0x80);
        hash[8] = (byte)((hash[8] & 0x3F) | 0x80);
        return new Guid(hash[..16], bigEndian: true);
    }

    public static string Text(Guid id) => id.ToString("D", CultureInfo.InvariantCulture);

    /// <summary>The text as every store can keep it: no NUL, no half of a character, at most <paramref name="max"/> characters.</summary>
    public static string Clean(string text, int max)
    {
        var clean = new StringBuilder(Math.Min(text.Length, max));
        foreach (var rune in text.EnumerateRunes())
        {
            if (clean.Length + rune.Utf16SequenceLength > max) break;
            if (rune.Value != 0) clean.Append(rune.ToString());
        }

        return clean.ToString();
    }
}

/// <summary>What failed at a place of a run has succeeded there since.</summary>
/// <param name="Seq">The event that says so.</param>
/// <param name="By">What made it succeed, for instance <c>retry</c>.</param>
public sealed record RecoveredStep(RunId Run, string Place, int Seq, DateTimeOffset At, string By);
