using Npgsql;
using NpgsqlTypes;

namespace Aos.Storage;

/// <summary>Rows of one kind in a batch, column by column.</summary>
internal abstract class BatchColumns
{
    private readonly List<IBatchColumn> columns = [];

    internal int Count { get; private set; }

    /// <summary>In the order in which the columns were made.</summary>
    internal IEnumerable<NpgsqlParameter> Parameters => columns.Select(column => column.Parameter);

    internal void Clear()
    {
        Count = 0;
        foreach (var column in columns) column.Clear();
    }

    protected BatchColumn<T> Column<T>(NpgsqlDbType type)
    {
        var column = new BatchColumn<T>(type);
        columns.Add(column);
        return column;
    }

    /// <summary>A row begins; the caller adds a value to each column.</summary>
    protected void Begin() => Count++;
}

internal interface IBatchColumn
{
    NpgsqlParameter Parameter { get; }

    void Clear();
}

/// <summary>
/// A column of a batch: its values go as one array parameter, and <c>unnest</c> makes rows of them again. List and parameter are kept
/// from batch to batch.
/// </summary>
internal sealed class BatchColumn<T> : IBatchColumn
{
    private readonly List<T> values = [];

    internal BatchColumn(NpgsqlDbType type) => Parameter = new NpgsqlParameter<List<T>> { TypedValue = values, NpgsqlDbType = NpgsqlDbType.Array | type };

    public NpgsqlParameter Parameter { get; }

    internal void Add(T value) => values.Add(value);

    public void Clear() => values.Clear();
}
