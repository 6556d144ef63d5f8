using System.Text;
using SQLitePCL;

namespace Aos.Storage;

/// <summary>
/// One prepared statement of the writer, bound and stepped through the driver's own lower layer: the command objects above it
/// cost several times what the statement itself does, and every step of every run comes through here.
/// </summary>
internal sealed class Statement : IDisposable
{
    private readonly sqlite3 db;
    private readonly sqlite3_stmt handle;
    private int bound;

    internal Statement(sqlite3 db, string sql)
    {
        this.db = db;
        if (raw.sqlite3_prepare_v2(db, sql, out handle) != raw.SQLITE_OK)
            throw new Microsoft.Data.Sqlite.SqliteException(raw.sqlite3_errmsg(db).utf8_to_string(), raw.sqlite3_errcode(db));
    }

    internal Statement With(long value) => Checked(raw.sqlite3_bind_int64(handle, ++bound, value));

    internal Statement With(long? value) => value is { } number ? With(number) : Nothing();

    internal Statement With(ReadOnlySpan<byte> blob) => Checked(raw.sqlite3_bind_blob(handle, ++bound, blob));

    internal Statement With(string? text)
    {
        if (text is null) return Nothing();
        if (text.Length > 256) return Checked(raw.sqlite3_bind_text(handle, ++bound, Encoding.UTF8.GetBytes(text)));
        Span<byte> utf8 = stackalloc byte[3 * text.Length];
        return Checked(raw.sqlite3_bind_text(handle, ++bound, utf8[..Encoding.UTF8.GetBytes(text, utf8)]));
    }

    internal Statement Nothing() => Checked(raw.sqlite3_bind_null(handle, ++bound));

    /// <summary>Runs to the end; rows changed.</summary>
    internal int Execute()
    {
        try
        {
            Next();
            return raw.sqlite3_changes(db);
        }
        finally
        {
            Reset();
        }
    }

    /// <summary>True: a row is there, to be read by <see cref="Long"/> and its like. Whoever steps must <see cref="Reset"/>.</summary>
    internal bool Next() => raw.sqlite3_step(handle) switch
    {
        raw.SQLITE_ROW => true,
        raw.SQLITE_DONE => false,
        var code => throw new Microsoft.Data.Sqlite.SqliteException(raw.sqlite3_errmsg(db).utf8_to_string(), code & 0xFF, code),
    };

    internal long Long(int column) => raw.sqlite3_column_int64(handle, column);

    internal string Text(int column) => raw.sqlite3_column_text(handle, column).utf8_to_string();

    internal ReadOnlySpan<byte> Blob(int column) => raw.sqlite3_column_blob(handle, column);

    internal void Reset()
    {
        bound = 0;
        _ = raw.sqlite3_reset(handle); // It repeats the code of the step, which was thrown already.
    }

    public void Dispose() => handle.Dispose();

    private Statement Checked(int code)
    {
        if (code == raw.SQLITE_OK) return this;
        Reset();
        throw new Microsoft.Data.Sqlite.SqliteException(raw.sqlite3_errmsg(db).utf8_to_string(), code & 0xFF, code);
    }
}
