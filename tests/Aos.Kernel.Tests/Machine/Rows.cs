using System.Globalization;

namespace Aos.Kernel.Tests.Machine;

/// <summary>The list behind steps and items against one that is plainly right.</summary>
public sealed class Rows
{
    [Fact]
    [Trait("id", "SCALE-05")]
    public void A_row_is_the_list_it_was_made_of_after_any_changes()
    {
        for (var seed = 0; seed < 40; seed++)
        {
            var random = new Random(seed);
            var (list, row) = (Calls(random, random.Next(2_200)), Row.Create<CallState, CallSum>([]));
            row = [.. list];
            for (var change = 0; change < 60; change++)
            {
                var call = Call(random);
                if (list.Count == 0 || random.Next(3) == 0)
                {
                    list.Add(call);
                    row = row.Add(call);
                }
                else
                {
                    var at = random.Next(list.Count);
                    list[at] = call;
                    row = row.SetItem(at, call);
                }
            }

            Assert.Equal(list, row);
            Check(list, row);
        }
    }

    [Fact]
    [Trait("id", "SCALE-05")]
    public void A_change_leaves_the_row_before_it_as_it_was()
    {
        Row<CallState, CallSum> before = [.. Enumerable.Repeat(CallState.First, 1_500)];
        var after = before.SetItem(1_200, new CallState { Status = CallStatus.Failed });

        Assert.Equal((1_500, 0), (before.Sum.Ready, before.Sum.Failed));
        Assert.Equal((1_499, 1), (after.Sum.Ready, after.Sum.Failed));
        Assert.Equal(1_200, after.Next(0, 0, static (sum, _) => sum.Failed > 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => before[1_500]);
    }

    private static void Check(List<CallState> list, Row<CallState, CallSum> row)
    {
        foreach (var status in Enum.GetValues<CallStatus>().Where(status => status != CallStatus.Succeeded))
        {
            Assert.Equal(list.Count(call => call.Status == status), Count(row.Sum, status));
            var found = new List<int>();
            for (var at = -1; (at = row.Next(at + 1, status, static (sum, status) => Count(sum, status) > 0)) >= 0;) found.Add(at);
            Assert.Equal(list.Index().Where(one => one.Item.Status == status).Select(one => one.Index), found);
        }

        Assert.Equal(list.Where(call => call.Status == CallStatus.Delayed).Min(call => call.RetryAt), row.Sum.RetryAt);
    }

    private static int Count(CallSum sum, CallStatus status) => status switch
    {
        CallStatus.Ready => sum.Ready,
        CallStatus.Started => sum.Started,
        CallStatus.Delayed => sum.Delayed,
        CallStatus.Unknown => sum.Unknown,
        _ => sum.Failed,
    };

    private static List<CallState> Calls(Random random, int count) => [.. Enumerable.Range(0, count).Select(_ => Call(random))];

    private static CallState Call(Random random)
    {
        var status = (CallStatus)random.Next(6);
        return new CallState
        {
            Status = status,
            InputHash = random.Next().ToString(CultureInfo.InvariantCulture),
            RetryAt = status == CallStatus.Delayed ? new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero).AddSeconds(random.Next(5_000)) : null,
        };
    }
}
