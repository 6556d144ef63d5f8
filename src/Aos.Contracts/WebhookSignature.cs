using System.Security.Cryptography;
using System.Text;

namespace Aos.Contracts;

/// <summary>
/// How AOS signs what it sends, and what it expects of whoever sends to it: HMAC-SHA256 under the UTF-8 bytes of the secret, over
/// timestamp, line feed, id, line feed and the exact bytes of the body. No header holds a line feed, so no two deliveries sign the same.
/// </summary>
public static class WebhookSignature
{
    /// <summary>The delivery's id, the same at every repeat.</summary>
    public const string IdHeader = "X-Webhook-Id";

    /// <summary>Unix seconds of this try.</summary>
    public const string TimestampHeader = "X-Webhook-Timestamp";

    /// <summary><c>sha256=</c> and 64 hex digits.</summary>
    public const string SignatureHeader = "X-Webhook-Signature";

    /// <summary>Which secret it is, for whoever rotates it.</summary>
    public const string KeyVersionHeader = "X-Webhook-Key-Version";

    public const string Prefix = "sha256=";

    /// <summary>The value of <see cref="SignatureHeader"/>.</summary>
    public static string Of(string secret, string timestamp, string id, ReadOnlySpan<byte> body) =>
        Prefix + Convert.ToHexStringLower(Mac(secret, Before(timestamp, id), body));

    /// <summary>What is signed before the body.</summary>
    public static byte[] Before(string timestamp, string id) => Encoding.UTF8.GetBytes($"{timestamp}\n{id}\n");

    /// <summary>32 bytes.</summary>
    public static byte[] Mac(string secret, ReadOnlySpan<byte> before, ReadOnlySpan<byte> body)
    {
        var key = Encoding.UTF8.GetBytes(secret);
        try
        {
            using var mac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, key);
            mac.AppendData(before);
            mac.AppendData(body);
            return mac.GetHashAndReset();
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }
}
