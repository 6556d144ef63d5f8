using System.Data.Common;
using Aos.Kernel;

namespace Aos.Contracts;

/// <summary>
/// Where rooms keep their own tables. SQL is plain text with parameters only (<c>@name</c>), one text for both dialects where
/// it can be; every statement names the tenant.
/// </summary>
public interface IDatabase
{
    Dialect Dialect { get; }

    /// <summary>
    /// For what is done on behalf of one tenant. PostgreSQL holds these statements to the tenant's rows by row-level security: those of
    /// others are not there for them and cannot be written, whatever their text says.
    /// </summary>
    ITables For(TenantId tenant);

    /// <summary>For what is the house's own: chores over all tenants, tables without a tenant, a credential whose tenant is not known yet.</summary>
    ITables ForHouse { get; }

    /// <summary>
    /// Waits until no other transaction of any node holds this name, and holds it until the end of this one. Taken before the rows
    /// are read that the write decides by; several names in the same order everywhere.
    /// </summary>
    /// <param name="name">Such as <c>agents:TENANT</c>.</param>
    void Lock(DbConnection connection, DbTransaction transaction, string name);
}

/// <summary>Reads and writes of the database within one scope.</summary>
public interface ITables
{
    /// <summary>
    /// Runs <paramref name="read"/> on a pooled reading connection. Throws <see cref="JournalUnavailableException"/> when the
    /// database cannot be reached.
    /// </summary>
    Task<T> ReadAsync<T>(Func<DbConnection, CancellationToken, Task<T>> read, CancellationToken cancel);

    /// <summary>
    /// Runs <paramref name="write"/> in one durable transaction. The embedded store has one writer. On PostgreSQL the writes of all
    /// nodes run at once, each statement sees what was committed before it began, and a write that met another one is run
    /// again from its start: so it must do nothing but write. Throws <see cref="JournalUnavailableException"/> when the
    /// database cannot write.
    /// </summary>
    Task<T> WriteAsync<T>(Func<DbConnection, DbTransaction, T> write, CancellationToken cancel);
}

public enum Dialect { Sqlite, Postgres }
