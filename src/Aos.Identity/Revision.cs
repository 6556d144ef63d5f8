using System.Data.Common;
using Aos.Contracts;

namespace Aos.Identity;

/// <summary>
/// The number that every change of keys and policies moves on. A node that is asked something looks at it when it last looked half a
/// second ago, so what one node changes holds on all of them within a second, and nodes that nobody asks anything ask nothing.
/// </summary>
internal sealed class Revision(IDatabase database, TimeProvider clock)
{
    internal static Migration Migration { get; } = new("identity", 1, "revision", """
        CREATE TABLE identity_revision (tenant_id TEXT NOT NULL, revision BIGINT NOT NULL, PRIMARY KEY (tenant_id))
        """) { HouseTables = ["identity_revision"] };

    /// <summary>The row is the house's: no tenant can be named so.</summary>
    internal const string House = "*";

    /// <summary>Looked at again after that, beside the requests that go on.</summary>
    private static readonly TimeSpan Fresh = TimeSpan.FromMilliseconds(400);

    /// <summary>Requests wait for the look when the last one is older.</summary>
    private static readonly TimeSpan StaleMax = TimeSpan.FromMilliseconds(800);

    private readonly Lock gate = new();
    private Task looking = Task.CompletedTask;
    private long known = -1;
    private long lookedAt;
    private bool hasLooked;

    /// <summary>Something changed, here or elsewhere.</summary>
    internal event Action? Changed;

    /// <summary>Returns when what is known is less than a second old. Throws <see cref="JournalUnavailableException"/> when the database does not answer.</summary>
    internal ValueTask FreshAsync(CancellationToken cancel)
    {
        if (database.Dialect == Dialect.Sqlite) return ValueTask.CompletedTask; // One process: it made every change itself.
        Task look;
        TimeSpan age;
        lock (gate)
        {
            age = hasLooked ? clock.GetElapsedTime(lookedAt) : TimeSpan.MaxValue;
            if (age < Fresh) return ValueTask.CompletedTask;
            if (looking.IsCompleted) looking = LookAsync();
            look = looking;
        }

        return age < StaleMax ? ValueTask.CompletedTask : new ValueTask(look.WaitAsync(cancel));
    }

    /// <summary>Moves the number on, in the transaction of a change.</summary>
    internal static void Next(DbConnection connection, DbTransaction transaction)
    {
        using var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = """
            INSERT INTO identity_revision (tenant_id, revision) VALUES (@tenant, 1)
            ON CONFLICT (tenant_id) DO UPDATE SET revision = identity_revision.revision + 1
            """;
        command.Parameters.Add(Parameter(command, "tenant", House));
        command.ExecuteNonQuery();
    }

    /// <summary>Said after the commit of a change made here.</summary>
    internal void Tell() => Changed?.Invoke();

    private static DbParameter Parameter(DbCommand command, string name, object value)
    {
        var parameter = command.CreateParameter();
        (parameter.ParameterName, parameter.Value) = (name, value);
        return parameter;
    }

    private async Task LookAsync()
    {
        var began = clock.GetTimestamp();
        var revision = await database.ForHouse.ReadAsync(
            async (connection, token) =>
            {
                await using var command = connection.CreateCommand();
                command.CommandText = "SELECT revision FROM identity_revision WHERE tenant_id = @tenant";
                command.Parameters.Add(Parameter(command, "tenant", House));
                return await command.ExecuteScalarAsync(token) is long found ? found : 0;
            },
            CancellationToken.None);
        var isNew = Interlocked.Exchange(ref known, revision) != revision;
        if (isNew) Changed?.Invoke();
        lock (gate) (lookedAt, hasLooked) = (began, true);
    }
}
