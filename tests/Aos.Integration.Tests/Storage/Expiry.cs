using Aos.Contracts;
using Aos.Storage;
using Aos.Testing;

namespace Aos.Integration.Tests.Storage;

/// <summary>What has had its time goes; what still counts stays. Ages in the settings are read, and said when they cannot be.</summary>
public sealed class Expiry
{
    private readonly CancellationToken cancel = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Keys_and_dead_letters_go_when_their_time_is_over()
    {
        var clock = new ManualClock(new DateTimeOffset(2026, 3, 1, 0, 0, 0, TimeSpan.Zero));
        await using var house = new StoreHouse(clock);
        var now = clock.GetUtcNow();
        foreach (var (key, hours) in new[] { ("short", 1), ("long", 48) })
        {
            var append = house.Append(new RunId(Guid.CreateVersion7(now)), 0, 1, now);
            await house.Journal.AppendAsync(append with { Claim = new IdempotencyClaim(TenantId.Default, "runs", key, [1], now.AddHours(hours)), Outbox = [new OutboxItem(Guid.CreateVersion7(now), TenantId.Default, append.Row.Id, "e", key, "{}"u8.ToArray())] }, cancel);
        }

        house.Tamper("UPDATE outbox SET state = 1 WHERE kind = 'short'");
        clock.Advance(TimeSpan.FromHours(2));
        var first = await house.Get<ExpiredRows>().PassAsync(cancel);
        clock.Advance(new StorageOptions().DeadLettersKept);
        var second = await house.Get<ExpiredRows>().PassAsync(cancel);

        Assert.Equal((1, 2), (first, second)); // The short key; then the long one and the letter that was given up.
        Assert.Equal(["long"], (await house.Get<IOutbox>().ListAsync(TenantId.Default, null, 10, cancel)).Select(row => row.Item.Kind));
        Assert.Equal(0, await house.Get<ExpiredRows>().PassAsync(cancel));
    }

    [Theory]
    [Trait("store", "none")]
    [InlineData("AOS_ARCHIVE_AFTER", "soon", "AOS_ARCHIVE_AFTER must be")]
    [InlineData("AOS_DELETE_AFTER", "1h", "AOS_DELETE_AFTER must be")]
    [InlineData("AOS_DELETE_AFTER", "20d", "must be longer than AOS_ARCHIVE_AFTER")]
    public void An_age_that_makes_no_sense_is_a_problem_of_the_settings(string name, string value, string says)
    {
        var options = StorageOptions.Read(asked => asked == name ? value : asked == "AOS_ARCHIVE_AFTER" ? "30d" : null, "data");

        Assert.Contains(options.Problems, problem => problem.Contains(says, StringComparison.Ordinal));
    }

    [Fact]
    [Trait("store", "none")]
    public void Ages_are_read()
    {
        var options = StorageOptions.Read(asked => asked switch { "AOS_ARCHIVE_AFTER" => "30d", "AOS_DELETE_AFTER" => "365d", "AOS_ARCHIVE_DIR" => "/a", _ => null }, "data");

        Assert.Empty(options.Problems);
        Assert.Equal((TimeSpan.FromDays(30), TimeSpan.FromDays(365), "/a"), (options.ArchiveAfter, options.DeleteAfter, options.ArchiveDirectory));
    }
}
