using System.IO.Compression;
using System.Text.Json;
using Aos.Kernel;

namespace Aos.CostSim;

/// <summary>Canonical JSON, or lines of it, as stored: one byte that says how, then the bytes.</summary>
internal static class Payload
{
    private const byte Plain = 0;
    private const byte Brotli = 1;

    /// <summary>Bytes of a payload, unpacked, that are read at most: more is no payload of ours.</summary>
    private const int BytesMax = 64 * 1024 * 1024;

    internal static byte[] Pack(JsonElement json, bool compress) => Pack(CanonicalJson.Bytes(json), compress);

    internal static byte[] Pack(byte[] bytes, bool compress)
    {
        var packed = new byte[1 + BrotliEncoder.GetMaxCompressedLength(bytes.Length)];
        // Quality 4: most of what the highest gives, at a hundredth of its time.
        if (compress && BrotliEncoder.TryCompress(bytes, packed.AsSpan(1), out var written, quality: 4, window: 20) && written < bytes.Length)
        {
            packed[0] = Brotli;
            return packed[..(written + 1)];
        }

        return [Plain, .. bytes];
    }

    internal static JsonElement Unpack(byte[] packed) => Json.Parse(Bytes(packed));

    /// <summary>As they were packed.</summary>
    internal static byte[] Bytes(byte[] packed)
    {
        if (packed is [Plain, ..]) return packed[1..];
        if (packed is not [Brotli, ..]) throw new InvalidDataException("A payload of the provenance was written by a newer build: its first byte is unknown.");
        using var brotli = new BrotliStream(new MemoryStream(packed, 1, packed.Length - 1), CompressionMode.Decompress);
        using var plain = new MemoryStream();
        var buffer = new byte[81_920];
        for (int read; (read = brotli.Read(buffer)) > 0;)
        {
            plain.Write(buffer, 0, read);
            if (plain.Length > BytesMax) throw new InvalidDataException("A payload of the provenance is larger than 64 MiB.");
        }

        return plain.ToArray();
    }
}
