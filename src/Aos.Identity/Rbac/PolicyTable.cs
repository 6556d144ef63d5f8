using System.Data.Common;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;
using Dapper;

namespace Aos.Identity;

/// <summary>Policies as versions; the newest is in force.</summary>
internal sealed class PolicyTable(IDatabase database)
{
    internal static Migration Migration { get; } = new("identity", 3, "rbac policies", """
        CREATE TABLE rbac_policies (
          tenant_id TEXT NOT NULL, number BIGINT NOT NULL, hash TEXT NOT NULL, source TEXT NOT NULL, document TEXT NOT NULL,
          created_at BIGINT NOT NULL, created_by TEXT NOT NULL, PRIMARY KEY (tenant_id, number)
        )
        """);

    /// <summary>The newest, or null: none was ever given. A document that this build cannot read is a problem of its own.</summary>
    internal Task<(string Source, string Document)?> NewestAsync(CancellationToken cancel) => database.ForHouse.ReadAsync(
        async (connection, token) =>
        {
            await using var rows = (DbDataReader)await connection.ExecuteReaderAsync(new CommandDefinition(
                "SELECT source, document FROM rbac_policies WHERE tenant_id = @House ORDER BY number DESC LIMIT 1", new { Revision.House }, cancellationToken: token));
            return await rows.ReadAsync(token) ? (rows.GetString(0), rows.GetString(1)) : default((string, string)?);
        },
        cancel);

    /// <summary>Adds a version, unless the newest is the same. True: it was added.</summary>
    internal Task<bool> AddAsync(RbacPolicy policy, string by, DateTimeOffset now, CancellationToken cancel) => database.ForHouse.WriteAsync(
        (connection, transaction) =>
        {
            database.Lock(connection, transaction, "rbac_policies");
            var newest = connection.QueryFirstOrDefault<string>(
                "SELECT hash FROM rbac_policies WHERE tenant_id = @House ORDER BY number DESC LIMIT 1", new { Revision.House }, transaction);
            if (newest == policy.Hash) return false;
            connection.Execute(
                """
                INSERT INTO rbac_policies (tenant_id, number, hash, source, document, created_at, created_by)
                VALUES (@House, (SELECT coalesce(max(number), 0) + 1 FROM rbac_policies WHERE tenant_id = @House), @hash, @source, @document, @now, @by)
                """,
                new { Revision.House, hash = policy.Hash, source = policy.Source, document = policy.Document.GetRawText(), now = now.UtcTicks, by },
                transaction);
            Revision.Next(connection, transaction);
            return true;
        },
        cancel);
}
