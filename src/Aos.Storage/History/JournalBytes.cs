using Aos.Contracts;
using Aos.Kernel;
using Dapper;

namespace Aos.Storage;

/// <summary>What the events of a tenant's runs take in the database; archived ones lie in files and are not counted.</summary>
internal sealed class JournalBytes(IDatabase database) : IKeepsBytes
{
    public Task<long> BytesAsync(TenantId tenant, CancellationToken cancel) => database.For(tenant).ReadAsync(
        async (connection, token) => await connection.ExecuteScalarAsync<long?>(new CommandDefinition(
            "SELECT CAST(sum(length(j.body)) AS BIGINT) FROM runs r JOIN journal j ON j.run_id = r.id WHERE r.tenant_id = @tenant", new { tenant = tenant.Value }, commandTimeout: 300, cancellationToken: token)) ?? 0,
        cancel);
}
