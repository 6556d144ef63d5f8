using Aos.Contracts;
using static Aos.CostSim.Tests.CanaryHouse;

namespace Aos.CostSim.Tests;

/// <summary>It runs once a day by itself, on one node, by the house's clock.</summary>
public sealed class CanarySchedule
{
    [Fact]
    [Trait("id", "D5.4-01")]
    public async Task It_runs_once_a_day_at_its_time()
    {
        await using var house = await OpenAsync(rooms: 2);
        var chore = house.Chore();
        Assert.Equal((1, 0, 0), (await chore.PassAsync(Cancel), await chore.PassAsync(Cancel), await chore.PassAsync(Cancel))); // The run of yesterday, which nobody made, and then nothing.
        Assert.Equal(1, await CountAsync(house));
        house.Clock.GoTo(At(31, 2, 59));
        await PassAsync(house);
        Assert.Equal(1, await CountAsync(house));

        house.Clock.GoTo(At(31, 3, 1));
        Assert.Equal((1, 0), (await chore.PassAsync(Cancel), await chore.PassAsync(Cancel)));
        await PassAsync(house, 1);
        Assert.Equal(2, await CountAsync(house));
        house.Clock.GoTo(At(31, 23, 55));
        await PassAsync(house, 1);
        Assert.Equal(2, await CountAsync(house));

        house.Clock.GoTo(At(31, 3, 1).AddDays(1));
        await PassAsync(house, 1);
        Assert.Equal(3, await CountAsync(house));
        Assert.All((await house.Desk.ReportsAsync(null, 10, 0, Cancel)).Reports, report => Assert.Equal(("schedule", CanaryStatus.Pass), (report.Trigger, report.Status)));
    }

    [Fact]
    [Trait("id", "D5.4-02")]
    public async Task What_a_person_orders_takes_nothing_from_the_schedule_and_a_missed_run_is_made_up_for()
    {
        await using var house = await OpenAsync(options => options.Canary.Schedule = new TimeOnly(1, 30));
        await house.RunAsync();
        await PassAsync(house);
        Assert.Equal(2, await CountAsync(house));
        house.Clock.Advance(TimeSpan.FromDays(4)); // All nodes were down.

        await PassAsync(house);
        await PassAsync(house);

        Assert.Equal(3, await CountAsync(house));
    }

    [Fact]
    [Trait("id", "D5.4-03")]
    public async Task Switched_off_it_runs_only_when_it_is_ordered()
    {
        await using var house = await OpenAsync(options => options.Canary.Enabled = false);
        await PassAsync(house);
        Assert.Equal(0, await CountAsync(house));

        Assert.Equal((CanaryStatus.Pass, "manual"), ((await house.RunAsync()).Status, (await house.RunAsync()).Trigger));
    }

    [Fact]
    [Trait("id", "D5.4-04")]
    public async Task A_turn_that_finds_another_run_under_way_comes_again_and_leaves_no_report()
    {
        await using var house = await OpenAsync(rooms: 2);
        var dead = (await house.Get<CanaryLeases>().TakeAsync("dead-run", "dead node", house.Now, house.Now.AddMinutes(6), Cancel)).Mine!;
        await PassAsync(house, 1);
        Assert.Equal(0, await CountAsync(house));
        house.Clock.GoTo(dead.Until.AddSeconds(1));

        await PassAsync(house, 1);

        Assert.Equal(1, await CountAsync(house));
        IChore chore = house.Chore();
        Assert.Equal((false, TimeSpan.FromSeconds(15)), (chore.IsLocal, chore.Interval)); // So the cluster gives it to one node at a time.
    }

    private static DateTimeOffset At(int day, int hour, int minute) => new(2026, 3, day, hour, minute, 0, TimeSpan.Zero);

    private static Task<int> PassAsync(CanaryHouse house, int room = 0) => house.Chore(room).PassAsync(Cancel);

    private static async Task<long> CountAsync(CanaryHouse house) => (await house.Desk.ReportsAsync(null, 1, 0, Cancel)).Total;
}
