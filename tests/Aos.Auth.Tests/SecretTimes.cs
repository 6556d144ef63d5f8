using Aos.Contracts;

namespace Aos.Auth.Tests;

/// <summary>What time does to secrets, by a clock of the test's own.</summary>
public sealed class SecretTimes : IAsyncDisposable
{
    private readonly TimedHouse house = new();
    private readonly Caller caller = new(new TenantId("acme"), "test", ["admin"]);

    private ISecretStore Secrets => house.Get<ISecretStore>();

    public ValueTask DisposeAsync() => house.DisposeAsync();

    [Fact]
    [Trait("id", "SEC-30")]
    public async Task A_secret_ends_when_its_time_is_over_and_says_what_to_do()
    {
        await PutAsync("first", TimeSpan.FromDays(1));
        house.Clock.Advance(TimeSpan.FromDays(1) - TimeSpan.FromSeconds(1));
        Assert.Equal("first", await ValueAsync());
        house.Clock.Advance(TimeSpan.FromSeconds(1));

        var refusal = (await FindAsync(null))!.Refusal!;

        Assert.Equal(("CONFIG_INVALID", "expired"), (refusal.Code, refusal.Details!.Value.GetText("reason")));
        Assert.Contains("aos secrets rotate K", refusal.Message, StringComparison.Ordinal);
        var next = await PutAsync("second");
        Assert.Equal((house.Clock.GetUtcNow() + TimeSpan.FromDays(1), (DateTimeOffset?)null), (next.ExpiresAt, next.FormerUntil)); // As long as the one before; what had ended has no overlap.
        Assert.Equal("second", await ValueAsync());
    }

    [Fact]
    [Trait("id", "SEC-15")]
    public async Task An_earlier_run_has_the_value_before_until_the_overlap_is_over_and_then_it_is_deleted()
    {
        await PutAsync("first", TimeSpan.FromDays(10));
        var run = new RunId(Guid.CreateVersion7(house.Clock.GetUtcNow()));
        house.Clock.Advance(TimeSpan.FromMinutes(1));
        await PutAsync("second", overlap: TimeSpan.FromHours(1));

        Assert.Equal(("first", "second", "second"), (await ValueAsync(run), await ValueAsync(new RunId(Guid.CreateVersion7(house.Clock.GetUtcNow()))), await ValueAsync()));
        house.Clock.Advance(TimeSpan.FromHours(1) - TimeSpan.FromSeconds(1));
        Assert.Equal("first", await ValueAsync(run));
        Assert.Equal(0, await SweepAsync());
        house.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("second", await ValueAsync(run));
        Assert.Equal(1, await SweepAsync());
        Assert.Equal("second", await ValueAsync(run));
    }

    [Fact]
    [Trait("id", "SEC-15")]
    public async Task Only_one_value_before_is_kept_and_none_longer_than_its_own_end()
    {
        await PutAsync("first", TimeSpan.FromDays(10));
        var run = new RunId(Guid.CreateVersion7(house.Clock.GetUtcNow()));
        house.Clock.Advance(TimeSpan.FromDays(9));
        var second = await PutAsync("second", overlap: TimeSpan.FromDays(7));
        Assert.Equal(house.Clock.GetUtcNow() + TimeSpan.FromDays(1), second.FormerUntil);
        house.Clock.Advance(TimeSpan.FromHours(1));
        await PutAsync("third", overlap: TimeSpan.FromDays(7));

        Assert.Equal("second", await ValueAsync(run));
    }

    private async Task<Secret> PutAsync(string value, TimeSpan? lifetime = null, TimeSpan overlap = default)
    {
        var (made, refusal) = await Secrets.PutAsync(caller, new SecretWish("K", value, null, overlap) { SetsLifetime = lifetime is not null, Lifetime = lifetime }, default);
        Assert.Null(refusal);
        return made!.After;
    }

    private async Task<SecretAnswer?> FindAsync(RunId? run) =>
        await house.Get<ISecrets>().FindAsync(new SecretAsk(caller.Tenant, "K", "http_call", "a", run), TestContext.Current.CancellationToken);

    private async Task<string?> ValueAsync(RunId? run = null) => (await FindAsync(run))?.Value;

    private Task<int> SweepAsync() => house.PassAsync("secret-sweep");
}
