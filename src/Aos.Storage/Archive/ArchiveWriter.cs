using System.Buffers;
using System.Globalization;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Storage;

/// <summary>
/// Writes a file of runs: gzip members one after another, each of some whole runs and readable by itself, the last one the manifest. So
/// one run is read by reading its block, and <c>zcat</c> reads it all.
/// </summary>
internal sealed class ArchiveWriter(Stream output, Guid file, string store) : IDisposable
{
    /// <summary>Runs go into one block until it holds as many bytes before compression: enough to compress well, little to read for one run.</summary>
    internal const int BlockBytes = 128 * 1024;

    internal const string Format = "aos.archive.v1";

    private readonly IncrementalHash whole = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly ArrayBufferWriter<byte> block = new(BlockBytes);
    private readonly List<RunId> inBlock = [];
    private readonly List<(ArchiveBlock Block, int Runs, string Sha256)> blocks = [];
    private readonly Dictionary<RunId, ArchiveBlock> places = [];

    internal long Bytes { get; private set; }

    internal int Runs => places.Count;

    internal long Events { get; private set; }

    internal async Task AddAsync(RunRow row, IReadOnlyList<JournalEntry> entries, CancellationToken cancel)
    {
        ArchivedRunForm.Write(block, row, entries);
        inBlock.Add(row.Id);
        Events += entries.Count;
        if (block.WrittenCount >= BlockBytes) await FlushAsync(cancel);
    }

    /// <summary>Ends the file. Replies its SHA-256, 64 hex digits.</summary>
    internal async Task<string> EndAsync(CancellationToken cancel)
    {
        await FlushAsync(cancel);
        await WriteAsync(Manifest(), cancel);
        return Convert.ToHexStringLower(whole.GetHashAndReset());
    }

    /// <summary>Where a run lies, once the file has ended.</summary>
    internal ArchiveBlock Place(RunId run) => places[run];

    public void Dispose() => whole.Dispose();

    private async Task FlushAsync(CancellationToken cancel)
    {
        if (inBlock.Count == 0) return;
        var at = Bytes;
        var packed = await WriteAsync(block.WrittenMemory, cancel);
        var place = new ArchiveBlock(at, packed.Length);
        blocks.Add((place, inBlock.Count, Convert.ToHexStringLower(SHA256.HashData(packed.Span))));
        foreach (var run in inBlock) places[run] = place;
        inBlock.Clear();
        block.ResetWrittenCount();
    }

    private async Task<ReadOnlyMemory<byte>> WriteAsync(ReadOnlyMemory<byte> plain, CancellationToken cancel)
    {
        var packed = new MemoryStream(plain.Length / 4);
        await using (var gzip = new GZipStream(packed, CompressionLevel.Optimal, leaveOpen: true)) gzip.Write(plain.Span);
        var bytes = packed.GetBuffer().AsMemory(0, (int)packed.Length);
        await output.WriteAsync(bytes, cancel);
        whole.AppendData(bytes.Span);
        Bytes += bytes.Length;
        return bytes;
    }

    private ReadOnlyMemory<byte> Manifest()
    {
        var line = new ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(line))
        {
            writer.WriteStartObject();
            writer.WriteStartObject("manifest");
            writer.WriteString("format", Format);
            writer.WriteString("file", file.ToString("D", CultureInfo.InvariantCulture));
            writer.WriteString("store", store);
            writer.WriteNumber("runs", Runs);
            writer.WriteNumber("events", Events);
            writer.WriteStartArray("blocks");
            foreach (var (place, runs, sha256) in blocks)
            {
                writer.WriteStartObject();
                writer.WriteNumber("at", place.At);
                writer.WriteNumber("bytes", place.Bytes);
                writer.WriteNumber("runs", runs);
                writer.WriteString("sha256", sha256);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        line.Write("\n"u8);
        return line.WrittenMemory;
    }
}
