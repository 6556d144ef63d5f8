using Aos.Contracts;

namespace Aos.Auth.Tests;

/// <summary>What time does to keys, by a clock of the test's own.</summary>
public sealed class KeyTimes : IAsyncDisposable
{
    private readonly TimedHouse house = new();
    private readonly Caller caller = new(new TenantId("acme"), "test", ["admin"]) { IsHouse = true, Tier = "unlimited" };

    private IApiKeys Keys => house.Get<IApiKeys>();

    public ValueTask DisposeAsync() => house.DisposeAsync();

    [Fact]
    public async Task A_key_ends_when_its_time_is_over_and_leaves_its_place_to_others()
    {
        var made = await MakeAsync(TimeSpan.FromDays(1));
        Assert.NotNull((await WhoAsync(made.Text)).Caller);

        house.Clock.Advance(TimeSpan.FromDays(1) - TimeSpan.FromSeconds(1));
        Assert.NotNull((await WhoAsync(made.Text)).Caller);
        house.Clock.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal("The API key has expired or was revoked", (await WhoAsync(made.Text)).Problem);
        Assert.Equal(made.Key.CreatedAt + TimeSpan.FromDays(1), (await Keys.FindAsync(caller, made.Key.Id, default))!.ExpiresAt);
    }

    [Fact]
    public async Task After_the_overlap_only_the_successor_works_and_lives_as_long_as_its_predecessor_did()
    {
        var made = await MakeAsync(TimeSpan.FromDays(10));
        house.Clock.Advance(TimeSpan.FromDays(9));

        var (next, refusal) = await Keys.RotateAsync(caller, made.Key.Id, TimeSpan.FromDays(7), default);

        Assert.Null(refusal);
        Assert.Equal(made.Key.CreatedAt + TimeSpan.FromDays(10), (await Keys.FindAsync(caller, made.Key.Id, default))!.ExpiresAt); // An end that was set stays.
        Assert.Equal(house.Clock.GetUtcNow() + TimeSpan.FromDays(10), next!.Key.ExpiresAt);
        house.Clock.Advance(TimeSpan.FromDays(1));
        Assert.Null((await WhoAsync(made.Text)).Caller);
        Assert.NotNull((await WhoAsync(next.Text)).Caller);
    }

    private async Task<NewKey> MakeAsync(TimeSpan lifetime)
    {
        var (made, refusal) = await Keys.CreateAsync(caller, new KeyWish(caller.Tenant, "t", ["readonly"], null, "pro", null, false, lifetime), default);
        Assert.Null(refusal);
        return made!;
    }

    private async Task<Authentication> WhoAsync(string key) => await house.Get<IIdentity>().AuthenticateAsync(new Credential(key, null), default);
}
