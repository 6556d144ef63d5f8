using System.Data.Common;

namespace Aos.Contracts;

/// <summary>
/// Where rooms keep their own tables. All writes go through the one writer; reads run beside it. SQL is plain text with
/// parameters only, one text for both dialects where it can be; every statement names the tenant.
/// </summary>
public interface IDatabase
{
    Dialect Dialect { get; }

    /// <summary>Runs <paramref name="read"/> on a pooled reading connection.</summary>
    Task<T> ReadAsync<T>(Func<DbConnection, CancellationToken, Task<T>> read, CancellationToken cancel);

    /// <summary>Runs <paramref name="write"/> in one durable transaction on the writer.</summary>
    Task<T> WriteAsync<T>(Func<DbConnection, DbTransaction, T> write, CancellationToken cancel);
}

public enum Dialect { Sqlite, Postgres }
