using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;

namespace Aos.Egress;

/// <summary>
/// Unpacks bodies, no further than a limit. The streams of the library take a body that was cut off for a whole one; here its end must have
/// been there.
/// </summary>
internal static class Unpacking
{
    internal const string Accepted = "gzip, deflate, br";

    /// <summary>Encodings over each other that are undone; nobody honest uses more than one.</summary>
    private const int LayersMax = 2;

    /// <summary>A gzip member of its own, put behind the body: it comes out only when the body before it was whole.</summary>
    private static readonly byte[] End = "end of the body"u8.ToArray();

    private static readonly byte[] PackedEnd = Packed(End);

    private enum Zip
    {
        None, Gzip, Deflate, Brotli,
    }

    /// <summary>The body as it was before it was packed; null: it is larger than the limit. What is not as it says is an <see cref="InvalidDataException"/>.</summary>
    /// <param name="encodings">In the order in which they were applied.</param>
    internal static byte[]? Of(byte[] body, IReadOnlyList<string> encodings, long max)
    {
        if (body.Length == 0) return body;
        if (encodings.Count > LayersMax) throw new InvalidDataException($"It is packed {encodings.Count} times.");
        byte[]? plain = body;
        for (var i = encodings.Count - 1; i >= 0 && plain is not null; i--) plain = Of(plain, Kind(encodings[i]), max);
        return plain;
    }

    internal static bool IsKnown(string encoding) => Kind(encoding) != Zip.None;

    private static Zip Kind(string encoding) => encoding.ToLowerInvariant() switch
    {
        "gzip" or "x-gzip" => Zip.Gzip,
        "deflate" => Zip.Deflate,
        "br" => Zip.Brotli,
        _ => Zip.None,
    };

    private static byte[]? Of(byte[] body, Zip kind, long max) => kind switch
    {
        Zip.Gzip => Gzip(body, max),
        Zip.Deflate => Deflate(body, max),
        Zip.Brotli => Brotli(body, max),
        _ => body,
    };

    private static byte[]? Gzip(byte[] body, long max)
    {
        using var zip = new GZipStream(new MemoryStream([.. body, .. PackedEnd]), CompressionMode.Decompress);
        if (Read(zip, max + End.Length) is not { } plain) return null;
        return plain.AsSpan().EndsWith(End) ? plain[..^End.Length] : throw Cut();
    }

    /// <summary>In the form that is meant, with a checksum at its end, or in the bare one that some servers send.</summary>
    private static byte[]? Deflate(byte[] body, long max)
    {
        if (body.Length < 6) throw Cut();
        var isBare = (body[0] & 0x0F) != 8 || BinaryPrimitives.ReadUInt16BigEndian(body) % 31 != 0;
        using Stream zip = isBare ? new DeflateStream(new MemoryStream(body), CompressionMode.Decompress) : new ZLibStream(new MemoryStream(body), CompressionMode.Decompress);
        if (Read(zip, max) is not { } plain) return null;
        return isBare || BinaryPrimitives.ReadUInt32BigEndian(body.AsSpan(^4..)) == Adler(plain) ? plain : throw Cut();
    }

    private static byte[]? Brotli(byte[] body, long max)
    {
        using var decoder = default(BrotliDecoder);
        using var plain = new MemoryStream();
        var rest = body.AsSpan();
        var chunk = new byte[16 * 1024];
        while (true)
        {
            var status = decoder.Decompress(rest, chunk, out var consumed, out var written);
            if (plain.Length + written > max) return null;
            plain.Write(chunk, 0, written);
            rest = rest[consumed..];
            if (status == OperationStatus.Done) return plain.ToArray();
            if (status != OperationStatus.DestinationTooSmall) throw Cut();
        }
    }

    private static byte[]? Read(Stream zip, long max)
    {
        using var plain = new MemoryStream();
        var chunk = new byte[16 * 1024];
        int read;
        while ((read = zip.Read(chunk)) > 0)
        {
            if (plain.Length + read > max) return null;
            plain.Write(chunk, 0, read);
        }

        return plain.ToArray();
    }

    /// <summary>The checksum of RFC 1950.</summary>
    private static uint Adler(ReadOnlySpan<byte> bytes)
    {
        const uint Modulus = 65_521;
        const int Run = 5_552; // As many sums as 32 bits can hold.
        var (a, b) = (1u, 0u);
        while (!bytes.IsEmpty)
        {
            var part = bytes[..Math.Min(Run, bytes.Length)];
            foreach (var one in part) b += a += one;
            (a, b) = (a % Modulus, b % Modulus);
            bytes = bytes[part.Length..];
        }

        return (b << 16) | a;
    }

    private static byte[] Packed(byte[] bytes)
    {
        var packed = new MemoryStream();
        using (var zip = new GZipStream(packed, CompressionLevel.Fastest)) zip.Write(bytes);
        return packed.ToArray();
    }

    private static InvalidDataException Cut() => new("It is damaged or cut off.");
}
