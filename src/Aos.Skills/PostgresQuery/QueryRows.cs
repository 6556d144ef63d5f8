using System.Buffers;
using System.Text.Json;
using Aos.Kernel;
using Npgsql;

namespace Aos.Skills;

/// <summary>What a query gave, as far as the caps let it in.</summary>
internal sealed class QueryRows(int rowsMax, int bytesMax)
{
    private readonly ArrayBufferWriter<byte> all = new(1_024);
    private readonly ArrayBufferWriter<byte> one = new(1_024);
    private byte[] chunk = new byte[4_096];

    internal IReadOnlyList<QueryColumn> Columns { get; private set; } = [];

    internal int Count { get; private set; }

    /// <summary>What cut it off: <c>rows</c> or <c>bytes</c>; null: nothing.</summary>
    internal string? Cut { get; private set; }

    /// <summary>True: already the first row is longer than a result may be.</summary>
    internal bool IsTooLarge => Count == 0 && Cut == "bytes";

    /// <summary>How many rows to ask for next: as many as still go in, by what the rows so far are long, and one to see whether there are more.</summary>
    internal int Wanted
    {
        get
        {
            var left = rowsMax - Count + 1;
            if (Count == 0) return Math.Min(left, FirstMax);
            var size = Math.Max(1, all.WrittenCount / Count);
            return Math.Clamp((bytesMax - all.WrittenCount) / size + 1, 1, left);
        }
    }

    private const int FirstMax = 200;

    internal JsonElement ToJson()
    {
        if (Count == 0) return Json.EmptyArray;
        all.Write("]"u8);
        return Json.ParseWrapped(all.WrittenSpan);
    }

    /// <summary>Takes rows in until they end or a cap is reached; gives how many there were.</summary>
    internal async Task<int> ReadAsync(NpgsqlDataReader reader, CancellationToken cancel)
    {
        if (Columns.Count == 0) Columns = QueryColumn.Of(reader);
        var read = 0;
        while (Cut is null && await reader.ReadAsync(cancel))
        {
            read++;
            if (Count == rowsMax) Cut = "rows";
            else if (!await TakeAsync(reader, cancel)) Cut = "bytes";
        }

        return read;
    }

    private async Task<bool> TakeAsync(NpgsqlDataReader reader, CancellationToken cancel)
    {
        one.ResetWrittenCount();
        await using var writer = new Utf8JsonWriter(one, new JsonWriterOptions { MaxDepth = 128, SkipValidation = true });
        writer.WriteStartObject();
        for (var i = 0; i < Columns.Count; i++)
        {
            writer.WritePropertyName(Columns[i].Name);
            if (await reader.IsDBNullAsync(i, cancel)) writer.WriteNullValue();
            else if (await CellAsync(reader, i, cancel) is { } length) Cells.Write(writer, Columns[i], chunk.AsSpan(0, length));
            else return false;
            if (writer.BytesCommitted + writer.BytesPending > Room) return false;
        }

        writer.WriteEndObject();
        await writer.FlushAsync(cancel);
        if (one.WrittenCount > Room) return false;
        all.Write(Count == 0 ? "["u8 : ","u8);
        all.Write(one.WrittenSpan);
        Count++;
        return true;
    }

    /// <summary>Bytes that still go in.</summary>
    private int Room => bytesMax - all.WrittenCount - 2;

    /// <summary>Reads one value into <see cref="chunk"/>, its length; null: it is longer than what still goes in.</summary>
    private async Task<int?> CellAsync(NpgsqlDataReader reader, int column, CancellationToken cancel)
    {
        await using var stream = await reader.GetStreamAsync(column, cancel);
        var length = 0;
        while (true)
        {
            if (length == chunk.Length)
            {
                if (length > Room) return null;
                Array.Resize(ref chunk, length * 2);
            }

            var got = await stream.ReadAsync(chunk.AsMemory(length), cancel);
            if (got == 0) return length;
            length += got;
        }
    }
}
