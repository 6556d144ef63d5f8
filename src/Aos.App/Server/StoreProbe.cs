using System.Data.Common;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary>
/// Whether the store can be written, found out by writing: one row, at most once a second however many ask, given up after two
/// seconds.
/// </summary>
internal sealed class StoreProbe(IDatabase database, TimeProvider clock) : IDisposable
{
    internal static Migration Migration { get; } = new("server", 1, "probe", """
        CREATE TABLE server_probes (tenant_id TEXT NOT NULL, name TEXT NOT NULL, at BIGINT NOT NULL, PRIMARY KEY (tenant_id, name));
        """);

    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private readonly SemaphoreSlim gate = new(1, 1);
    private (DateTimeOffset At, string? Problem)? last;

    /// <summary>Null: it was written. Else why not.</summary>
    internal async Task<string?> ProblemAsync(CancellationToken cancel)
    {
        await gate.WaitAsync(cancel);
        try
        {
            if (last is { } known && clock.GetUtcNow() - known.At < Fresh) return known.Problem;
            var problem = await WriteAsync(cancel);
            last = (clock.GetUtcNow(), problem);
            return problem;
        }
        finally
        {
            gate.Release();
        }
    }

    public void Dispose() => gate.Dispose();

    private async Task<string?> WriteAsync(CancellationToken cancel)
    {
        try
        {
            var now = clock.GetUtcNow().UtcTicks;
            await database.ForHouse.WriteAsync((connection, transaction) => Stamp(connection, transaction, now), cancel).WaitAsync(Patience, clock, cancel);
            return null;
        }
        catch (TimeoutException)
        {
            return $"no commit within {Patience.TotalSeconds:0} s";
        }
        catch (Exception e) when (e is JournalUnavailableException or DbException)
        {
            return e.Message;
        }
    }

    private static int Stamp(DbConnection connection, DbTransaction transaction, long now)
    {
        using var write = connection.CreateCommand();
        write.Transaction = transaction;
        write.CommandText = """
            INSERT INTO server_probes (tenant_id, name, at) VALUES (@tenant, 'write', @at)
            ON CONFLICT (tenant_id, name) DO UPDATE SET at = excluded.at
            """;
        foreach (var (name, value) in new (string, object)[] { ("@tenant", TenantId.Default.Value), ("@at", now) })
        {
            var parameter = write.CreateParameter();
            (parameter.ParameterName, parameter.Value) = (name, value);
            write.Parameters.Add(parameter);
        }

        return write.ExecuteNonQuery();
    }
}
