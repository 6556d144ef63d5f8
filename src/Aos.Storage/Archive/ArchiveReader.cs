using System.IO.Compression;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Storage;

/// <summary>Reads one run out of a file, and holds it against its chain and the index.</summary>
internal static class ArchiveReader
{
    /// <summary>The run as it was written. Throws <see cref="ArchiveUnreadableException"/> that names the file, and the event that is not.</summary>
    internal static (RunRow Row, IReadOnlyList<JournalEntry> Entries) Read(ArchiveFolder folder, ArchiveFile file, ArchivedRow archived)
    {
        if (!folder.Has(file.Name)) throw Missing(folder, file, archived.Row.Id);
        using var stream = Open(folder, file, archived.Row.Id);
        var entries = new List<JournalEntry>();
        try
        {
            using var block = new GZipStream(new Slice(stream, archived.Block), CompressionMode.Decompress);
            foreach (var (row, _, inside) in ArchivedRunForm.Read(block))
            {
                if (row.Id != archived.Row.Id) Pass(inside);
                else return (Whole(file, archived, row, inside, entries), entries);
            }
        }
        catch (Exception e) when (e is not (ArchiveUnreadableException or OutOfMemoryException))
        {
            // What was changed in compressed bytes can come out as anything: whatever breaks while it is read is the answer.
            throw Tampered(file, archived.Row.Id, entries.Count + 1, e.Message);
        }

        throw Tampered(file, archived.Row.Id, 1, "the run is not in its block");
    }

    private static RunRow Whole(ArchiveFile file, ArchivedRow archived, RunRow row, IEnumerable<JournalEntry> inside, List<JournalEntry> entries)
    {
        var chain = ChainHash.Start;
        foreach (var entry in inside)
        {
            chain = ChainHash.Next(chain, entry.Body.Span);
            if (entry.Seq != entries.Count + 1 || !chain.AsSpan().SequenceEqual(entry.Chain))
                throw Tampered(file, row.Id, entries.Count + 1, "its chain hash does not fit its bytes");
            entries.Add(entry);
        }

        if (!chain.AsSpan().SequenceEqual(archived.Chain) || entries.Count != archived.Row.Seq)
            throw Tampered(file, row.Id, entries.Count, "the index has another last event");
        return row with { ArchivedAt = archived.Row.ArchivedAt };
    }

    private static void Pass(IEnumerable<JournalEntry> entries)
    {
        foreach (var _ in entries)
        {
            // Read to come to the next run.
        }
    }

    private static FileStream Open(ArchiveFolder folder, ArchiveFile file, RunId run)
    {
        try
        {
            return folder.Open(file.Name);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ArchiveUnreadableException(FailureCatalog.Fail("ARCHIVE_MISSING", $"Run {run} is archived in {file.Name}, which cannot be read here: {e.Message}"));
        }
    }

    private static ArchiveUnreadableException Missing(ArchiveFolder folder, ArchiveFile file, RunId run) => new(FailureCatalog.Fail(
        "ARCHIVE_MISSING",
        $"Run {run} is archived in {file.Name}, which was written to {file.Place} and is not in {folder.Place}. Ask that node, copy the file to the same name here, or let all nodes share AOS_ARCHIVE_DIR."));

    private static ArchiveUnreadableException Tampered(ArchiveFile file, RunId run, int seq, string why) => new(FailureCatalog.Fail(
        "TAMPER_DETECTED", $"Event {seq} of run {run} in the archive file {file.Name} is not as it was written: {why.TrimEnd('.')}. Restore the file from a backup."));

    /// <summary>A part of a file, to be read forward once.</summary>
    private sealed class Slice(FileStream file, ArchiveBlock block) : Stream
    {
        private long read;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => block.Bytes;

        public override long Position { get => read; set => throw new NotSupportedException(); }

        public override int Read(Span<byte> buffer)
        {
            var most = (int)Math.Min(buffer.Length, block.Bytes - read);
            if (most <= 0) return 0;
            var got = RandomAccess.Read(file.SafeFileHandle, buffer[..most], block.At + read);
            read += got;
            return got;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override void Flush()
        {
            // Nothing is written.
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
