using Aos.Contracts;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.Storage;

/// <summary>Where limits are counted: in Redis when it is configured, else in the database that nodes share, else in this process.</summary>
internal static class LimitsWiring
{
    internal static AosBuilder AddLimits(this AosBuilder aos, StorageOptions options)
    {
        aos.Services.AddMetrics();
        aos.Services.AddSingleton<LimitMeter>();
        aos.Services.AddSingleton<LocalLimits>();
        if (options.DatabaseUrl is not null) aos.Migrations(LimitStatements.Migration); // Also beside Redis, which may go again.
        return options.Redis is { } redis ? aos.AddRedis(redis) : options.DatabaseUrl is not null ? aos.AddRows() : aos.AddLocal();
    }

    private static AosBuilder AddLocal(this AosBuilder aos)
    {
        aos.Services.AddSingleton<ISharedLimits>(provider => provider.GetRequiredService<LocalLimits>());
        aos.Services.AddSingleton<ISharedCache, NoSharedCache>();
        return aos;
    }

    private static AosBuilder AddRedis(this AosBuilder aos, RedisOptions redis)
    {
        aos.Services.AddSingleton(redis);
        aos.Services.AddSingleton<RedisDoor>();
        aos.Services.AddSingleton<ILimitStore, RedisLimits>();
        aos.Services.AddSingleton<ISharedCache, RedisCache>();
        return aos.AddShared();
    }

    private static AosBuilder AddRows(this AosBuilder aos)
    {
        aos.Chore<PostgresLimits>();
        aos.Services.AddSingleton<ILimitStore>(provider => provider.GetRequiredService<PostgresLimits>());
        aos.Services.AddSingleton<ISharedCache, NoSharedCache>();
        return aos.AddShared();
    }

    private static AosBuilder AddShared(this AosBuilder aos)
    {
        aos.Services.AddSingleton<LimitLog>();
        aos.Services.AddSingleton(provider => NodeCount.Of(provider.GetRequiredService<ICluster>(), provider.GetRequiredService<TimeProvider>()));
        aos.Services.AddSingleton<StoreLink>();
        aos.Services.AddSingleton<ILater>(provider => provider.GetRequiredService<StoreLink>());
        aos.Services.AddSingleton<ISharedLimits, SharedLimits>();
        return aos;
    }
}
