using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.Contracts;

/// <summary>Collects what the rooms register. Each room extends it with one method, <c>AddX</c>.</summary>
public sealed class AosBuilder(IServiceCollection services, IConfiguration configuration)
{
    public IServiceCollection Services { get; } = services;

    public IConfiguration Configuration { get; } = configuration;

    public AosBuilder Door<TDoor, TRoom>()
        where TDoor : class
        where TRoom : class, TDoor
    {
        Services.AddSingleton<TRoom>();
        Services.AddSingleton<TDoor>(provider => provider.GetRequiredService<TRoom>());
        return this;
    }

    public AosBuilder Chore<TChore>()
        where TChore : class, IChore
    {
        Services.AddSingleton<TChore>();
        Services.AddSingleton<IChore>(provider => provider.GetRequiredService<TChore>());
        return this;
    }

    public AosBuilder Migrations(params IEnumerable<Migration> migrations)
    {
        foreach (var migration in migrations) Services.AddSingleton(migration);
        return this;
    }
}
