using Aos.App;
using Aos.Contracts;
using Aos.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.Auth.Tests;

/// <summary>What time does to keys, by a clock of the test's own.</summary>
public sealed class KeyTimes : IAsyncLifetime
{
    private readonly TestStore store = TestStore.Open((services, options) =>
        services.AddLogging().AddHouse(new ConfigurationBuilder().Build(), new HouseOptions(options.Data, options.Data) { DatabaseUrl = options.DatabaseUrl }));

    private readonly ManualClock clock = new(TimeProvider.System.GetUtcNow());
    private readonly Caller house = new(new TenantId("acme"), "test", ["admin"]) { IsHouse = true, Tier = "unlimited" };
    private ServiceProvider services = null!;

    private IApiKeys Keys => services.GetRequiredService<IApiKeys>();

    public ValueTask InitializeAsync()
    {
        services = new ServiceCollection().AddLogging()
            .AddHouse(new ConfigurationBuilder().Build(), new HouseOptions(store.Data, store.Data) { DatabaseUrl = store.Url })
            .AddSingleton<TimeProvider>(clock).BuildServiceProvider();
        services.GetRequiredService<IRunRows>(); // Opens the store.
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await services.DisposeAsync();
        await store.DisposeAsync();
    }

    [Fact]
    public async Task A_key_ends_when_its_time_is_over_and_leaves_its_place_to_others()
    {
        var made = await MakeAsync(TimeSpan.FromDays(1));
        Assert.NotNull((await WhoAsync(made.Text)).Caller);

        clock.Advance(TimeSpan.FromDays(1) - TimeSpan.FromSeconds(1));
        Assert.NotNull((await WhoAsync(made.Text)).Caller);
        clock.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal("The API key has expired or was revoked", (await WhoAsync(made.Text)).Problem);
        Assert.Equal(made.Key.CreatedAt + TimeSpan.FromDays(1), (await Keys.FindAsync(house, made.Key.Id, default))!.ExpiresAt);
    }

    [Fact]
    public async Task After_the_overlap_only_the_successor_works_and_lives_as_long_as_its_predecessor_did()
    {
        var made = await MakeAsync(TimeSpan.FromDays(10));
        clock.Advance(TimeSpan.FromDays(9));

        var (next, refusal) = await Keys.RotateAsync(house, made.Key.Id, TimeSpan.FromDays(7), default);

        Assert.Null(refusal);
        Assert.Equal(made.Key.CreatedAt + TimeSpan.FromDays(10), (await Keys.FindAsync(house, made.Key.Id, default))!.ExpiresAt); // An end that was set stays.
        Assert.Equal(clock.GetUtcNow() + TimeSpan.FromDays(10), next!.Key.ExpiresAt);
        clock.Advance(TimeSpan.FromDays(1));
        Assert.Null((await WhoAsync(made.Text)).Caller);
        Assert.NotNull((await WhoAsync(next.Text)).Caller);
    }

    private async Task<NewKey> MakeAsync(TimeSpan lifetime)
    {
        var (made, refusal) = await Keys.CreateAsync(house, new KeyWish(house.Tenant, "t", ["readonly"], null, "pro", null, false, lifetime), default);
        Assert.Null(refusal);
        return made!;
    }

    private async Task<Authentication> WhoAsync(string key) => await services.GetRequiredService<IIdentity>().AuthenticateAsync(new Credential(key, null), default);
}
