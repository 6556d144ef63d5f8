using System.Threading.Channels;
using Aos.Contracts;
using Microsoft.Data.Sqlite;

namespace Aos.Storage;

/// <summary>
/// The one writer of the embedded store. Work of all callers is collected from a queue and written in one transaction;
/// each caller hears of its part after the commit and its fsync (WAL, synchronous = FULL), never before.
/// </summary>
internal sealed class SqliteStore : IAsyncDisposable
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);
    private readonly Channel<Work> queue;
    private readonly SqliteConnection writer;
    private readonly StorageOptions options;
    private readonly TimeProvider clock;
    private readonly string readerString;
    private readonly WriterThreads thread = new(1, "aos writer");
    private readonly Task loop;
    private readonly CancellationTokenSource disposing = new();
    private volatile Exception? closed;

    public SqliteStore(DataDirectory directory, StorageOptions options, IEnumerable<Migration> migrations, TimeProvider clock)
    {
        this.options = options;
        this.clock = clock;
        queue = Channel.CreateBounded<Work>(new BoundedChannelOptions(options.QueueMax) { SingleReader = true });
        readerString = $"Data Source={Quoted(directory.DatabaseFile)};Pooling=True;Default Timeout=30";
        writer = Open(directory.DatabaseFile);
        Migrator.Up(writer, migrations);
        Statements = new Statements(writer);
        loop = Task.Factory.StartNew(WriteLoopAsync, CancellationToken.None, TaskCreationOptions.None, thread).Unwrap();
    }

    /// <summary>This process, the only one that has the store open.</summary>
    internal NodeId Node { get; } = new(Guid.NewGuid());

    /// <summary>Prepared once for the life of the writing connection; only touched by the writer.</summary>
    internal Statements Statements { get; }

    /// <summary>A part of a batch. <see cref="Apply"/> may refuse by writing nothing; <see cref="Done"/> runs after the commit.</summary>
    internal abstract class Work
    {
        internal abstract void Apply(SqliteConnection connection, SqliteTransaction transaction);

        internal abstract void Done();

        internal abstract void Fail(Exception e);
    }

    internal async Task EnqueueAsync(Work work, CancellationToken cancel)
    {
        if (closed is { } why) throw Unavailable(why);
        try
        {
            await queue.Writer.WriteAsync(work, cancel);
        }
        catch (ChannelClosedException e)
        {
            throw Unavailable(e);
        }
    }

    internal async Task<T> ReadAsync<T>(Func<SqliteConnection, T> read, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        await using var connection = new SqliteConnection(readerString);
        connection.Open();
        return read(connection);
    }

    internal SqliteConnection Reader()
    {
        var connection = new SqliteConnection(readerString);
        connection.Open();
        return connection;
    }

    public async ValueTask DisposeAsync()
    {
        queue.Writer.TryComplete();
        await disposing.CancelAsync();
        await loop;
        thread.Dispose();
        disposing.Dispose();
        Statements.Dispose();
        await writer.DisposeAsync();
        SqliteConnection.ClearAllPools();
    }

    /// <summary>By hand: the builder of connection strings loads regular expressions, a twentieth of a second at every start.</summary>
    private static string Quoted(string file) => $"\"{file.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    /// <summary>Opens or makes the file for writing, and checks it. Throws <see cref="StoreCorruptException"/>.</summary>
    internal static SqliteConnection Open(string file)
    {
        var connection = new SqliteConnection($"Data Source={Quoted(file)};Pooling=False;Default Timeout=1");
        try
        {
            connection.Open();
            using var pragma = connection.CreateCommand();
            pragma.CommandText = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000; PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY; PRAGMA quick_check(1);";
            using var reader = pragma.ExecuteReader();
            do
            {
                while (reader.Read())
                {
                    if (reader.GetName(0) == "quick_check" && reader.GetString(0) != "ok") throw new StoreCorruptException(file, reader.GetString(0));
                }
            }
            while (reader.NextResult());
            return connection;
        }
        catch (SqliteException e) when (e.SqliteErrorCode is 11 or 26)
        {
            connection.Dispose();
            throw new StoreCorruptException(file, e.Message);
        }
    }

    private async Task WriteLoopAsync()
    {
        var batch = new List<Work>(options.BatchMax);
        while (await queue.Reader.WaitToReadAsync())
        {
            batch.Clear();
            while (batch.Count < options.BatchMax && queue.Reader.TryRead(out var work)) batch.Add(work);
            if (batch.Count > 0) await WriteAsync(batch);
        }
    }

    private async Task WriteAsync(List<Work> batch)
    {
        var delay = TimeSpan.FromMilliseconds(100);
        while (true)
        {
            try
            {
                Commit(batch);
                closed = null;
                foreach (var work in batch) work.Done();
                return;
            }
            catch (Exception e) when (IsOutage(e))
            {
                // The disk is full, broken or busy: the batch is kept, nothing new is taken, and it is tried again.
                closed = e;
                if (disposing.IsCancellationRequested)
                {
                    foreach (var work in batch) work.Fail(Unavailable(e));
                    return;
                }

                await Task.Delay(delay, clock, disposing.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
                if (delay < TimeSpan.FromSeconds(5)) delay *= 2;
            }
            catch (Exception) when (batch.Count > 1)
            {
                // One of them is bad: halves, until it stands alone.
                await WriteAsync(batch[..(batch.Count / 2)]);
                await WriteAsync(batch[(batch.Count / 2)..]);
                return;
            }
            catch (Exception e)
            {
                // The last catch of the writer: whatever one part does, the next batch is written.
                batch[0].Fail(e);
                return;
            }
        }
    }

    /// <summary>Whether the store as a whole cannot write now: BUSY, LOCKED, NOMEM, READONLY, IOERR, FULL, CANTOPEN, PROTOCOL.</summary>
    internal static bool IsOutage(Exception e) => e is SqliteException { SqliteErrorCode: 5 or 6 or 7 or 8 or 10 or 13 or 14 or 15 };

    private static JournalUnavailableException Unavailable(Exception why) => new($"The store cannot write now: {why.Message}", RetryAfter, why);

    private void Commit(List<Work> batch)
    {
        using var transaction = writer.BeginTransaction();
        foreach (var work in batch) work.Apply(writer, transaction);
        transaction.Commit();
    }
}
