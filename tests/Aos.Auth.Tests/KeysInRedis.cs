using Aos.Contracts;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.Auth.Tests;

/// <summary>A shared memory answers repeats sooner; what is so is decided by the store alone.</summary>
public sealed class KeysInRedis
{
    [Theory]
    [Trait("id", "IDEM-05")]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_repeat_is_answered_from_memory_and_without_it_from_the_store(bool answers)
    {
        var memory = new Memory { IsUp = answers };
        await using var house = await AuthHouse.OpenAsync(more: services => services.AddSingleton<ISharedCache>(memory));
        var keys = house.Services.GetRequiredService<IIdempotency>();
        var key = new RequestKey(TenantId.Default, "traces", "k");
        Task<KeyReply> ReserveAsync(byte mark) => keys.ReserveAsync(key, [.. Enumerable.Repeat(mark, 32)], "me", TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);

        Assert.IsType<KeyReply.Reserved>(await ReserveAsync(1));
        Assert.IsType<KeyReply.AtWork>(await ReserveAsync(1));
        Assert.Empty(memory.Kept);
        await house.Services.GetRequiredService<IDatabase>().For(key.Tenant).WriteAsync(
            (connection, transaction) => keys.Complete(connection, transaction, key, "me", "t", Json.Parse("""{"n":1}"""), TimeSpan.FromDays(1)), TestContext.Current.CancellationToken);
        Assert.IsType<KeyReply.Repeat>(await ReserveAsync(1));
        Assert.Equal(answers ? 1 : 0, memory.Kept.Count);

        await house.DamageAsync("DELETE FROM idempotency");

        Assert.Equal(answers, await ReserveAsync(2) is KeyReply.Conflict);
        Assert.Equal(answers, await ReserveAsync(1) is KeyReply.Repeat { Answer: var answer } && answer.GetRawText() == """{"n":1}""");
    }

    private sealed class Memory : ISharedCache
    {
        internal Dictionary<string, byte[]> Kept { get; } = new(StringComparer.Ordinal);

        internal bool IsUp { get; init; }

        public bool IsThere => true;

        public ValueTask<byte[]?> FindAsync(TenantId tenant, string purpose, string key, CancellationToken cancel) =>
            ValueTask.FromResult(IsUp ? Kept.GetValueOrDefault($"{tenant} {purpose} {key}") : null);

        public ValueTask KeepAsync(TenantId tenant, string purpose, string key, ReadOnlyMemory<byte> value, TimeSpan lifetime, CancellationToken cancel)
        {
            if (IsUp) Kept[$"{tenant} {purpose} {key}"] = value.ToArray();
            return ValueTask.CompletedTask;
        }
    }
}
