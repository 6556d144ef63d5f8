using System.Text.RegularExpressions;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Identity;

/// <summary>What a connection may be.</summary>
internal static partial class ConnectionRules
{
    /// <summary>Bytes of settings in UTF-8.</summary>
    private const int SettingsBytesMax = 32 * 1024;

    /// <summary>Why the wish is refused, null: it is not. Names every problem of the settings at once, and no value of them.</summary>
    /// <param name="kind">What the connection will be of; null: nothing says it.</param>
    internal static Failure? Refusal(ConnectionWish wish, string? kind)
    {
        if (!Name().IsMatch(wish.Name)) return Wrong("name: a letter or _, then up to 63 letters, digits, _ and -.");
        if (kind is null) return Wrong($"kind is missing: it is one of {string.Join(", ", ConnectionKinds.All)}.");
        if (!ConnectionKinds.All.Contains(kind, StringComparer.Ordinal)) return Wrong($"kind: there are {string.Join(", ", ConnectionKinds.All)}.");
        if (AllowanceRules.Problem(wish.Allowed) is { } allowed) return Wrong(allowed);
        if (wish.Settings is not { } settings) return null;
        if (settings.Bytes() > SettingsBytesMax) return Wrong($"settings: {SettingsBytesMax} bytes at most.");
        return ConnectionSchemas.Problems(kind, settings) is { Count: > 0 } problems ? SchemaFailure.Of("INVALID_INPUT", problems) : null;
    }

    private static Failure Wrong(string what) => FailureCatalog.Fail("INVALID_INPUT", what);

    [GeneratedRegex("^[A-Za-z_][A-Za-z0-9_-]{0,63}\\z", RegexOptions.CultureInvariant)]
    private static partial Regex Name();
}
