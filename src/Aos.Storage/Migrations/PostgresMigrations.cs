using Aos.Contracts;

namespace Aos.Storage;

internal sealed class PostgresMigrations(StorageOptions options, IEnumerable<Migration> migrations) : IMigrations
{
    public Task<IReadOnlyList<MigrationLine>> LookAsync(CancellationToken cancel) => WithAsync(async migrator => (await migrator.LookAsync(cancel)).Lines);

    public Task<int> UpAsync(CancellationToken cancel) => WithAsync(migrator => migrator.UpAsync(cancel));

    private async Task<T> WithAsync<T>(Func<PostgresMigrator, Task<T>> use)
    {
        await using var pool = new PostgresPool(options);
        try
        {
            return await use(new PostgresMigrator(pool.Source, [.. migrations], TimeProvider.System));
        }
        catch (Exception e) when (PostgresRefusal.Of(e, pool.Address) is { } refusal)
        {
            throw refusal;
        }
    }
}
