using System.Data.Common;
using Dapper;

namespace Aos.Memory;

/// <summary>What a tenant has, and the last numbers given out: read under the tenant's lock, and written back by the same transaction.</summary>
internal sealed class PinUsage
{
    private readonly string tenant;
    private bool isChanged;

    private PinUsage(string tenant) => this.tenant = tenant;

    internal long Pins { get; private set; }

    internal long Bytes { get; private set; }

    private long LastId { get; set; }

    private long LastVersion { get; set; }

    internal static PinUsage Read(DbConnection connection, DbTransaction transaction, string tenant)
    {
        using var row = (DbDataReader)connection.ExecuteReader("SELECT pins, bytes, last_id, last_version FROM memory_usage WHERE tenant_id = @tenant", new { tenant }, transaction);
        return row.Read()
            ? new PinUsage(tenant) { Pins = row.GetInt64(0), Bytes = row.GetInt64(1), LastId = row.GetInt64(2), LastVersion = row.GetInt64(3) }
            : new PinUsage(tenant);
    }

    internal long NextId() => ++LastId;

    internal long NextVersion() => ++LastVersion;

    internal void Add(long pins, long bytes)
    {
        (Pins, Bytes, isChanged) = (Pins + pins, Bytes + bytes, true);
    }

    internal void Save(DbConnection connection, DbTransaction transaction)
    {
        if (!isChanged) return;
        connection.Execute(
            """
            INSERT INTO memory_usage (tenant_id, pins, bytes, last_id, last_version) VALUES (@tenant, @Pins, @Bytes, @LastId, @LastVersion)
            ON CONFLICT (tenant_id) DO UPDATE SET pins = excluded.pins, bytes = excluded.bytes, last_id = excluded.last_id, last_version = excluded.last_version
            """,
            new { tenant, Pins, Bytes, LastId, LastVersion }, transaction);
    }
}
