using System.Security.Cryptography;
using System.Text;

namespace Aos.Identity;

/// <summary>The form of an API key: <c>aos_ID_SECRET</c>, 16 and 64 hex digits. 256 bits of it are secret, so it needs no slow hash.</summary>
internal static class KeyText
{
    internal const int IdChars = 16;

    private const string Prefix = "aos_";

    private const int SecretBytes = 32;

    private static readonly int Length = Prefix.Length + IdChars + 1 + (SecretBytes * 2);

    /// <summary>A new key.</summary>
    internal static (string Id, string Text) Make()
    {
        var id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(IdChars / 2));
        return (id, $"{Prefix}{id}_{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(SecretBytes))}");
    }

    /// <summary>The id in a key; null: the text is no key of this form.</summary>
    internal static string? IdOf(string text)
    {
        if (text.Length != Length || !text.StartsWith(Prefix, StringComparison.Ordinal) || text[Prefix.Length + IdChars] != '_') return null;
        var id = text.AsSpan(Prefix.Length, IdChars);
        return IsHex(id) && IsHex(text.AsSpan(Prefix.Length + IdChars + 1)) ? id.ToString() : null;
    }

    internal static bool IsId(string text) => text.Length == IdChars && IsHex(text);

    /// <summary>What of a key stays in memory.</summary>
    internal static byte[] Digest(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));

    private static bool IsHex(ReadOnlySpan<char> text) => !text.ContainsAnyExcept("0123456789abcdef");
}
