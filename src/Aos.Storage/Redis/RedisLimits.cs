using System.Globalization;
using Aos.Contracts;
using StackExchange.Redis;

namespace Aos.Storage;

/// <summary>Limits in Redis: each call is one script, and one clock decides, that of Redis.</summary>
internal sealed class RedisLimits(RedisDoor redis) : ILimitStore
{
    public event Action<string>? Freed
    {
        add => redis.Freed += value;
        remove => redis.Freed -= value;
    }

    public string Name => "redis";

    public override string ToString() => redis.ToString();

    public Task PingAsync(CancellationToken cancel) => redis.PingAsync(cancel);

    public async Task<TakeReply> TakeAsync(IReadOnlyList<Want> wants, CancellationToken cancel)
    {
        var keys = new RedisKey[wants.Count * 2];
        var arguments = new RedisValue[wants.Count * 4];
        for (var i = 0; i < wants.Count; i++)
        {
            var want = wants[i];
            keys[i * 2] = redis.Key("rate", want.Key.Value);
            keys[(i * 2) + 1] = redis.Key("penalty", want.Key.Value);
            arguments[i * 4] = want.Rate?.Burst ?? 0;
            arguments[(i * 4) + 1] = want.Rate?.Amount ?? 0;
            arguments[(i * 4) + 2] = Micros(want.Rate?.Per ?? TimeSpan.Zero);
            arguments[(i * 4) + 3] = want.Amount;
        }

        var reply = (RedisResult[])(await redis.ScriptAsync(RedisScripts.Take, keys, arguments, cancel))!;
        return (int)reply[0] < 0 ? TakeReply.Granted((long)reply[2]) : new TakeReply((int)reply[0], Time((long)reply[1]));
    }

    public Task GiveBackAsync(Want want, CancellationToken cancel) => want.Rate is not { } rate
        ? Task.CompletedTask
        : redis.ScriptAsync(RedisScripts.GiveBack, [redis.Key("rate", want.Key.Value)], [rate.Burst, rate.Amount, Micros(rate.Per), want.Amount], cancel);

    public async Task<TimeSpan?> HoldAsync(Slot slot, CancellationToken cancel)
    {
        var wait = (long)await redis.ScriptAsync(
            RedisScripts.Hold, [redis.Key("slots", slot.Key.Value), redis.Key("birth", "")], [slot.Places, slot.Holder, Micros(slot.Lease)], cancel);
        return wait == 0 ? null : Time(wait);
    }

    public Task RenewAsync(IReadOnlyList<Slot> slots, CancellationToken cancel) => redis.ScriptAsync(
        RedisScripts.Renew,
        [.. slots.Select(slot => (RedisKey)redis.Key("slots", slot.Key.Value))],
        [.. slots.SelectMany(slot => new RedisValue[] { slot.Holder, Micros(slot.Lease) })],
        cancel);

    public Task ReleaseAsync(Slot slot, CancellationToken cancel) => redis.ScriptAsync(
        RedisScripts.Release, [redis.Key("slots", slot.Key.Value)], [slot.Holder, redis.Channel, slot.Key.Value], cancel);

    public Task PenaliseAsync(LimitKey key, TimeSpan time, CancellationToken cancel) => redis.ScriptAsync(
        RedisScripts.Penalise, [redis.Key("penalty", key.Value)], [Math.Max(1, (long)Math.Ceiling(time.TotalMilliseconds)).ToString(CultureInfo.InvariantCulture)], cancel);

    private static long Micros(TimeSpan time) => time.Ticks / TimeSpan.TicksPerMicrosecond;

    private static TimeSpan Time(long micros) => TimeSpan.FromTicks(micros * TimeSpan.TicksPerMicrosecond);
}
