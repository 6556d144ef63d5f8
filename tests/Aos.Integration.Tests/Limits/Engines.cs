using Aos.Contracts;
using Aos.Storage;
using Aos.Testing;

namespace Aos.Integration.Tests.Limits;

public sealed class LimitsInProcess : LimitRules
{
    private readonly ManualClock clock = new();
    private LocalLimits limits = null!;

    private protected override ISharedLimits One => limits;

    private protected override ISharedLimits Two => limits;

    public override ValueTask InitializeAsync()
    {
        limits = new LocalLimits(clock);
        return ValueTask.CompletedTask;
    }

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private protected override Task PassAsync(TimeSpan time)
    {
        clock.Advance(time);
        return Task.CompletedTask;
    }
}

public sealed class LimitsInRedis : LimitRules
{
    private RedisNode one = null!;
    private RedisNode two = null!;

    private protected override ISharedLimits One => one.Limits;

    private protected override ISharedLimits Two => two.Limits;

    public override async ValueTask InitializeAsync()
    {
        var url = await TestRedis.SharedAsync();
        (one, two) = (new RedisNode(url), new RedisNode(url));
    }

    public override async ValueTask DisposeAsync()
    {
        await one.DisposeAsync();
        await two.DisposeAsync();
    }
}
