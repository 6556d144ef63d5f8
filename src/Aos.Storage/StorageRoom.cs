using Aos.Contracts;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Aos.Storage;

/// <summary>The door of the store.</summary>
public static class StorageRoom
{
    public static AosBuilder AddStorage(this AosBuilder aos, StorageOptions options)
    {
        aos.Migrations(Keyring.Migrations);
        aos.Migrations(ArchiveTables.Migrations);
        aos.Migrations(RequestKeys.Migration, RunRoots.Migration, FailureRows.Migration, LedgerTables.Migration);
        aos.Services.AddSingleton(options);
        if (options.DatabaseUrl is null) aos.AddEmbedded(options);
        else aos.AddPostgres();
        aos.AddArchive(options);
        aos.Services.AddSingleton<IStatusHistory, StatusHistory>();
        aos.Services.AddSingleton<IKeepsBytes, JournalBytes>();
        aos.Services.AddSingleton<ChoreLog>();
        aos.Services.AddSingleton<ILater, ChoreHost>();
        aos.Services.AddSingleton<IIdempotency, RequestKeys>();
        aos.Services.AddSingleton<IStepKeys, StepKeys>();
        aos.Services.AddSingleton<AccountTable>();
        aos.Services.AddSingleton<ILedger, Ledger>();
        aos.Services.AddSingleton<IBudgetTables, BudgetTables>();
        aos.Services.AddSingleton<OutboxSignal>();
        aos.Services.AddSingleton<OutboxTable>();
        aos.Services.AddSingleton<IOutbox>(provider => provider.GetRequiredService<OutboxTable>());
        aos.Services.AddSingleton<OutboxMeter>();
        aos.Services.AddSingleton<OutboxPost>();
        aos.Services.AddSingleton<ILater>(provider => provider.GetRequiredService<OutboxPost>());
        aos.Services.AddSingleton<MasterKey>();
        aos.Services.AddSingleton<Keyring>();
        aos.Services.AddSingleton<IKeyring>(provider => provider.GetRequiredService<Keyring>());
        aos.Services.AddSingleton<IEncryption, EncryptionKeys>();
        aos.Services.AddSingleton<IPostgresReach, PostgresReach>();
        return aos.AddLimits(options);
    }

    private static void AddEmbedded(this AosBuilder aos, StorageOptions options)
    {
        aos.Migrations(Schema.Migrations);
        aos.Migrations(StepKeys.Migration);
        aos.Services.AddSingleton<IDoctor, SqliteDoctor>();
        aos.Services.AddSingleton<IMigrations, SqliteMigrations>();
        aos.Services.AddSingleton<DataDirectory>(_ => DataDirectory.Open(options.Data));
        aos.Services.AddSingleton<SqliteStore>();
        aos.Services.AddSingleton<SqliteJournal>();
        aos.Services.AddSingleton<IJournal>(provider => provider.GetRequiredService<SqliteJournal>());
        aos.Services.AddSingleton<IEndedRuns>(provider => new SqliteEndedRuns(
            provider.GetRequiredService<SqliteStore>(), provider.GetRequiredService<IDatabase>(), provider.GetRequiredService<SqliteJournal>(), provider.GetServices<IForgetsRuns>()));
        aos.Services.AddSingleton<SqliteRunRows>();
        aos.Services.AddSingleton<IRunRows>(provider => provider.GetRequiredService<SqliteRunRows>());
        aos.Services.AddSingleton<ICluster, SoleNode>();
        aos.Services.AddSingleton<IDatabase, SqliteDatabase>();
    }

    /// <summary>The store that several nodes share.</summary>
    private static void AddPostgres(this AosBuilder aos)
    {
        aos.Migrations(PostgresSchema.Migrations);
        aos.Migrations(StepKeys.Migration);
        aos.Migrations(StatusQuery.Migration);
        aos.Migrations(ListIndexes.Migration, ListIndexes.Workflows);
        aos.Services.AddSingleton<IDoctor, PostgresDoctor>();
        aos.Services.AddSingleton<IMigrations, PostgresMigrations>();
        aos.Services.AddSingleton<PostgresStart>();
        aos.Services.AddSingleton(provider => Opened(provider.GetRequiredService<PostgresStart>()));
        aos.Services.AddSingleton<IDatabase, PostgresDatabase>();
        aos.Services.AddSingleton<IEndedRuns, PostgresEndedRuns>();
        aos.Services.AddSingleton<IHostedService, KeyringCheck>();
        PostgresWiring.AddJournal(aos.Services);
    }

    /// <summary>A starting process can do nothing before: nobody gets a part of the store whose tables are not there.</summary>
    private static PostgresPool Opened(PostgresStart start) => Task.Run(() => start.OpenAsync(CancellationToken.None)).GetAwaiter().GetResult();
}
