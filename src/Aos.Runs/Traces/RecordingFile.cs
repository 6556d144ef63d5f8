using System.Security.Cryptography;
using System.Text;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Runs;

/// <summary>
/// Recordings with their signature files. A signature file has a line <c>aos.golden.v1 KEY PUBLIC_KEY SIGNATURE</c> (base64; ECDSA P-256
/// over <see cref="Message"/>), and before it, under a golden secret, the HMAC-SHA-256 of the recording's bytes in hex, as the older engine writes it.
/// </summary>
internal static class RecordingFile
{
    internal static byte[] Message(ReadOnlySpan<byte> file) => Encoding.UTF8.GetBytes($"{Recording.Format}\n{ContentHash.Hex(file)}\n");

    internal static string SignatureLine(string keyId, byte[] publicKey, byte[] value) =>
        $"{Recording.Format} {keyId} {Convert.ToBase64String(publicKey)} {Convert.ToBase64String(value)}\n";

    /// <summary>Checks a recording of either form. See <see cref="RunsRoom.VerifyRecording"/>.</summary>
    internal static TraceVerdict Verify(ReadOnlyMemory<byte> file, string? signature, IReadOnlySet<string>? trusted, string? secret)
    {
        if (!Recording.IsOne(file.Span))
        {
            return signature is null ? Bad(0, "It has no signature.")
                : secret is not { Length: > 0 } ? Bad(0, "It is a recording of the older engine: its signature is checked under the golden secret (GOLDEN_SECRET).")
                : TraceFile.VerifyGolden(file, signature, secret);
        }

        try
        {
            var recording = Recording.Read(file.Span);
            var count = recording.Events.Length;
            if (signature is null) return Bad(count, "It has no signature.");
            var (key, value, id, mac) = Read(signature);
            if (mac is not null && secret is { Length: > 0 } && !Golden.Verify(file.Span, mac, secret)) return Bad(count, "The HMAC does not fit: the file was changed, or signed under another secret.");
            if (key is null && (mac is null || secret is not { Length: > 0 })) return Bad(count, "The signature file holds no signature that can be checked.");
            if (key is not null && !Holds(key, Message(file.Span), value!)) return Bad(count, $"The signature is not of key {id} over this file: the file was changed, or signed by another key.");
            if (trusted is not null && (id is null || !trusted.Contains(id))) return Bad(count, $"It is signed by key {id ?? "none"}, which is none of those you trust.");
            return new TraceVerdict(Recording.Format, true, count, null, null, "", recording.Events[^1].Data.GetText("root_hash"), id is null ? [] : [id]);
        }
        catch (TraceException e)
        {
            return Bad(0, e.Message);
        }
    }

    /// <summary>The signature's key, its value, the key's id, and the HMAC; each null where there is none, or none that is well formed.</summary>
    internal static (byte[]? Key, byte[]? Value, string? Id, string? Mac) Read(string signature)
    {
        (byte[]? Key, byte[]? Value, string? Id, string? Mac) found = default;
        foreach (var line in signature.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (line.Length == 64 && line.All(char.IsAsciiHexDigit)) found.Mac = line;
            if (line.Split(' ') is not [Recording.Format, var id, var key, var value]) continue;
            var bytes = Base64(key);
            if (bytes is null || Base64(value) is not { } signed || ContentHash.Hex(bytes)[..16] != id) continue; // An id is the fingerprint of its key.
            (found.Key, found.Value, found.Id) = (bytes, signed, id);
        }

        return found;
    }

    private static byte[]? Base64(string text)
    {
        var bytes = new byte[text.Length];
        return Convert.TryFromBase64String(text, bytes, out var length) ? bytes[..length] : null;
    }

    private static bool Holds(byte[] publicKey, byte[] message, byte[] value) => Signatures.Holds(publicKey, message, value);

    private static TraceVerdict Bad(int events, string reason) => TraceVerdict.Bad(TraceForms.Golden, events, null, reason);
}
