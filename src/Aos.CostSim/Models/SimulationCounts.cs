using Aos.Contracts;
using Aos.Kernel;
using Dapper;

namespace Aos.CostSim;

/// <summary>How often something was simulated: counted here, where two nodes at once count two, and shown in the memory.</summary>
internal sealed class SimulationCounts(IDatabase database)
{
    internal static Migration Migration { get; } = new(
        "costsim-models", 2, "counts of simulations", "CREATE TABLE simulation_counts (tenant_id TEXT NOT NULL, name TEXT NOT NULL, total BIGINT NOT NULL, PRIMARY KEY (tenant_id, name))");

    /// <summary>The count with this one.</summary>
    internal Task<long> NextAsync(TenantId tenant, string name, CancellationToken cancel) => database.For(tenant).WriteAsync(
        (connection, transaction) => connection.ExecuteScalar<long>(
            """
            INSERT INTO simulation_counts (tenant_id, name, total) VALUES (@tenant, @name, 1)
            ON CONFLICT (tenant_id, name) DO UPDATE SET total = simulation_counts.total + 1 RETURNING total
            """,
            new { tenant = tenant.Value, name }, transaction),
        cancel);
}
