namespace Aos.Storage;

/// <summary>Lines of a stream, and pieces of a length that was said before, each followed by a line feed.</summary>
internal sealed class BinaryLines(Stream input) : IDisposable
{
    /// <summary>Longest line that says something about what follows, bytes.</summary>
    private const int LineMax = 1 << 20;

    /// <summary>Longest piece, bytes: longer than an event ever is. A file that unpacks to more is not read into memory.</summary>
    private const int PieceMax = 128 << 20;

    private readonly BufferedStream buffered = new(input, 64 * 1024);
    private readonly MemoryStream line = new();

    /// <summary>The next line without its end; null: there is none.</summary>
    internal byte[]? Next()
    {
        line.SetLength(0);
        while (buffered.ReadByte() is var next && next != '\n')
        {
            if (next < 0) return line.Length == 0 ? null : throw new InvalidDataException("The last line has no end.");
            if (line.Length >= LineMax) throw new InvalidDataException("A line is too long.");
            line.WriteByte((byte)next);
        }

        return line.ToArray();
    }

    internal byte[] Take(int bytes)
    {
        if (bytes < 0) throw new InvalidDataException("A length is below zero.");
        if (bytes > PieceMax) throw new InvalidDataException($"It is said to have {bytes} bytes, which no event has");
        using var taken = new MemoryStream(Math.Min(bytes, LineMax)); // The length is not believed before the bytes are there.
        var piece = new byte[Math.Min(bytes, 81_920)];
        while (taken.Length < bytes)
        {
            var read = buffered.Read(piece, 0, (int)Math.Min(piece.Length, bytes - taken.Length));
            if (read == 0) throw new InvalidDataException("An event breaks off.");
            taken.Write(piece, 0, read);
        }

        return buffered.ReadByte() == '\n' ? taken.ToArray() : throw new InvalidDataException("An event is longer than was said.");
    }

    public void Dispose()
    {
        buffered.Dispose();
        line.Dispose();
    }
}
