using Aos.Contracts;
using Aos.Failures;
using Aos.Runs;
using Aos.Testing;

namespace Aos.Workflow.Tests.Hardening;

/// <summary>What the events of a run say of failed steps.</summary>
public sealed class KeptFailures
{
    private const string Plan = """{"name":"p","steps":[{"id":"pay","skill":"charge"}]}""";

    [Fact]
    [Trait("id", "F5.51-04")]
    [Trait("id", "F5.51-23")]
    public async Task A_call_that_succeeds_after_it_failed_is_recovered_at_the_same_place()
    {
        await using var world = await World.OpenAsync();
        var calls = 0;
        world.Skills.Add("charge", EffectClass.Idempotent);
        world.Skills.Behave = _ => ++calls == 1 ? Behaviour.Fail : Behaviour.Answer;

        var (failed, recovered) = await KeptAsync(world, Plan);

        var one = Assert.Single(failed);
        Assert.Equal(("pay", "charge", "RATE_LIMITED", "RATE_LIMITED", MatchKind.Code), (one.Step, one.Skill, one.Code, one.Entry, one.Match));
        Assert.Equal((true, true, "s0"), (one.Retryable, one.Retried, one.Place));
        var again = Assert.Single(recovered);
        Assert.Equal((one.Run, one.Place, "retry"), (again.Run, again.Place, again.By));
        Assert.True(again.Seq > one.Seq);
    }

    [Fact]
    [Trait("id", "F5.51-02")]
    [Trait("id", "F5.51-22")]
    public async Task What_nobody_knows_is_kept_without_an_entry()
    {
        await using var world = await World.OpenAsync();
        world.Skills.Add("charge", EffectClass.Idempotent);
        world.Skills.Behave = static _ => Behaviour.Fail;
        world.Skills.Fails = static _ => new Failure("ODD_THING", FailureCategory.Permanent, "xyzzy\0 plugh", false, "None.");

        var (failed, recovered) = await KeptAsync(world, Plan);

        var one = Assert.Single(failed);
        Assert.Equal(("ODD_THING", null, MatchKind.None, false, "xyzzy plugh"), (one.Code, one.Entry, one.Match, one.Retried, one.Message));
        Assert.Empty(recovered);
    }

    [Fact]
    [Trait("id", "F5.51-30")]
    public async Task A_long_list_writes_no_rows_beyond_its_first_items()
    {
        await using var world = await World.OpenAsync();
        world.Skills.Add("charge", EffectClass.Idempotent);
        world.Skills.Behave = static _ => Behaviour.Refuse;
        var run = await world.StartAsync(Plan);
        await world.SettleAsync();
        var (state, refused) = (await world.ReadAsync(run), (CallFailed)world.Journal.Events(run).Select(entry => EventCodec.Decode(run, entry)).Last(e => e is CallFailed));
        var door = new FailuresDoor();

        JournalAppend Of(int item) => new FailedSteps(door).Add(Append(world, run, 0), state, [refused with { Effect = refused.Effect with { Item = item } }]);

        Assert.Equal("s0.99", Assert.Single(Of(99).Failures).Place);
        Assert.Empty(Of(100).Failures);
    }

    [Theory]
    [Trait("id", "F5.51-15")]
    [Trait("id", "F5.51-16")]
    [InlineData("Order 17 failed at https://a.example/x?y=1", "order 99  failed at http://b.example", true)]
    [InlineData("No row 0192f3aa-0000-7000-8000-000000000001", "no row 0192f3bb-0000-7000-8000-000000000002", true)]
    [InlineData("Column 'name' is missing", "Column \"age\" is missing", true)]
    [InlineData("Column is missing", "Column is odd", false)]
    public void Equal_failures_have_one_signature(string left, string right, bool equal)
    {
        Assert.Matches("^[0-9a-f]{16}$", FailureSignature.Of("x", null, left));
        Assert.Equal(equal, FailureSignature.Of("ERR_ODD", "charge", left) == FailureSignature.Of(" err_odd ", "charge", right));
        Assert.NotEqual(FailureSignature.Of("ERR_ODD", "charge", left), FailureSignature.Of("ERR_ODD", "echo", left));
    }

    private static async Task<(IReadOnlyList<FailedStep> Failed, IReadOnlyList<RecoveredStep> Recovered)> KeptAsync(World world, string plan)
    {
        var run = await world.StartAsync(plan);
        await world.SettleAsync();
        var events = world.Journal.Events(run).Select(entry => EventCodec.Decode(run, entry)).ToList();
        var append = new FailedSteps(new FailuresDoor()).Add(Append(world, run, 0), await world.ReadAsync(run), events);
        return (append.Failures, append.Recovered);
    }

    private static JournalAppend Append(World world, RunId run, int seq) => new() { Row = world.Journal.Rows.Single(row => row.Id == run), ExpectedSeq = seq, Entries = [] };
}
