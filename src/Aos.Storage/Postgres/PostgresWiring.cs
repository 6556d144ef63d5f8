using Aos.Contracts;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.Storage;

/// <summary>The store on PostgreSQL, behind the same ports as the embedded one.</summary>
internal static class PostgresWiring
{
    internal static void AddJournal(IServiceCollection services)
    {
        services.AddSingleton(_ => new PostgresLease(TimeProvider.System)); // Leases live by the machine's own clock, whatever time the runs have.
        services.AddMetrics();
        services.AddSingleton<StoreMeter>();
        services.AddSingleton<PostgresWriter>();
        services.AddSingleton<IJournal, PostgresJournal>();
        services.AddSingleton<IRunRows, PostgresRunRows>();
        services.AddSingleton<ICluster, PostgresCluster>();
        services.AddSingleton<ChoreSlot>();
        services.AddSingleton<ILater, SharedChores>();
        services.AddSingleton<IChore, PartitionChore>();
    }
}
