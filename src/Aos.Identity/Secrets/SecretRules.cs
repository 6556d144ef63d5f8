using System.Text;
using System.Text.RegularExpressions;
using Aos.Contracts;

namespace Aos.Identity;

/// <summary>What a secret may be.</summary>
internal static partial class SecretRules
{
    /// <summary>Bytes of a value in UTF-8.</summary>
    private const int ValueBytesMax = 64 * 1024;

    /// <summary>A shorter value stands in too many texts by chance: hiding it would destroy results.</summary>
    private const int ValueCharsMin = 4;

    private static readonly TimeSpan LifetimeMin = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LifetimeMax = TimeSpan.FromDays(3_660);
    private static readonly TimeSpan OverlapMax = TimeSpan.FromDays(90);

    /// <summary>What is wrong with the wish, null: nothing. Never holds a part of the value.</summary>
    internal static string? Problem(SecretWish wish)
    {
        if (!Name().IsMatch(wish.Name)) return "name: a letter or _, then up to 63 letters, digits and _.";
        if (wish.Value is { } value && (value.Length < ValueCharsMin || Encoding.UTF8.GetByteCount(value) > ValueBytesMax)) return $"value: {ValueCharsMin} characters to {ValueBytesMax} bytes.";
        if (wish.Overlap < TimeSpan.Zero || wish.Overlap > OverlapMax) return $"overlap: 0s to {OverlapMax.TotalDays:0}d.";
        if (wish.Lifetime is { } lifetime && (lifetime < LifetimeMin || lifetime > LifetimeMax)) return $"expires_in: {LifetimeMin.TotalMinutes:0}m to {LifetimeMax.TotalDays:0}d.";
        return AllowanceRules.Problem(wish.Allowed);
    }

    [GeneratedRegex("^[A-Za-z_][A-Za-z0-9_]{0,63}\\z", RegexOptions.CultureInvariant)]
    private static partial Regex Name();
}
