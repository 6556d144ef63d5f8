using Aos.Runs;
using Aos.Testing;

namespace Aos.Workflow.Tests.Hardening;

/// <summary>What the catalog says of each code is what runs do about it, wherever it strikes and without a word in their plans.</summary>
public sealed class AdviceOfCodes
{
    /// <summary>What ends the plan whose steps are undone.</summary>
    private const string Cause = "FILE_NOT_FOUND";

    public static IEnumerable<TheoryDataRow<string>> Transient() => Rows(isRetryable: true);

    public static IEnumerable<TheoryDataRow<string>> Permanent() => Rows(isRetryable: false);

    [Theory]
    [MemberData(nameof(Transient))]
    [Trait("id", "F5.82-01")]
    public async Task A_code_that_passes_is_outlived_at_every_place_by_its_advice_alone(string code)
    {
        var entry = FailureCatalog.Find(code)!;
        var outages = Outages.All(isMended: true);
        await using var world = await OpenAsync(outages, code, times: entry.RetriesMax);

        var runs = await RunAsync(world, outages);
        foreach (var (outage, run) in runs)
        {
            var state = await world.ReadAsync(run);
            var isMended = outage.Construct == "compensation"
                ? state.End?.Failure?.Code == Cause && state.Steps.Count(step => step.Status == StepStatus.Compensated) == 2
                : state.Status == RunStatus.Succeeded;
            Assert.True(isMended, $"{outage}: {state.Status} {state.End?.Failure}");
            AssertAdvised(entry, outage, Events(world, Struck(world, outage, run)));
            Assert.Equal(Made(world, outage), state.Spent);
        }

        await AssertSoundAsync(world, runs);
    }

    [Theory]
    [MemberData(nameof(Permanent))]
    [Trait("id", "F5.82-02")]
    public async Task A_code_that_stays_stops_at_once_spends_nothing_more_and_says_what_to_change(string code)
    {
        var entry = FailureCatalog.Find(code)!;
        var outages = Outages.All(isMended: false);
        await using var world = await OpenAsync(outages, code, times: int.MaxValue);
        var runs = await RunAsync(world, outages);
        var (rows, effects) = (Sizes(world), world.Skills.Effects.Count);
        world.Clock.Advance(TimeSpan.FromDays(1));
        await world.SettleAsync();

        Assert.Equal((rows, effects), (Sizes(world), world.Skills.Effects.Count));
        Assert.NotEmpty(entry.Advice);
        foreach (var (outage, run) in runs)
        {
            var (state, struck) = (await world.ReadAsync(run), Struck(world, outage, run));
            var events = Events(world, struck);
            var failed = Assert.Single(Failed(events, outage, code));
            Assert.Null(failed.RetryAt);
            Assert.Equal((entry.Code, entry.Advice), await ToldAsync(world, outage, struck));
            Assert.Equal(RunStatus.Failed, state.Status);
            if (struck != run) Assert.Contains(code, state.End!.Failure!.Message, StringComparison.Ordinal);
            if (outage.Construct != "compensation") Assert.Empty(events.SkipWhile(one => one != failed).OfType<StepStarted>());
            Assert.DoesNotContain(world.Skills.Effects, effect => effect.Call.StepId == outage.Prefix + "z");
            Assert.Equal((Made(world, outage), Cents.Zero), (state.Spent, state.Reserved));
        }

        await AssertSoundAsync(world, runs);
    }

    /// <summary>As many tries as the catalog gives, each after its delay: doubled each time, ten in a hundred more or less.</summary>
    private static void AssertAdvised(FailureEntry entry, Outage outage, IReadOnlyList<RunEvent> events)
    {
        var failed = Failed(events, outage, entry.Code);
        Assert.Equal(entry.RetriesMax, failed.Count);
        for (var n = 0; n < failed.Count; n++)
        {
            var steady = Math.Min(30_000, entry.BackoffMs * Math.Pow(2, n));
            Assert.InRange((failed[n].RetryAt!.Value - failed[n].At).TotalMilliseconds, (0.9 * steady) - 1, 1.1 * steady);
            var next = events.SkipWhile(one => one != failed[n]).OfType<StepStarted>().First(order => Place(order.Effect) == Place(failed[n].Effect));
            Assert.True(next.At >= failed[n].RetryAt, $"{outage}: again at {next.At:O}, not at {failed[n].RetryAt:O}");
        }
    }

    /// <summary>No promise is broken. Each round of a repeated step has a key of its own, which the checks take for a second key of one effect.</summary>
    private static async Task AssertSoundAsync(World world, List<(Outage Outage, RunId Run)> runs)
    {
        var repeated = runs.Where(one => one.Outage.Construct == "repeat").Select(one => $"Run {one.Run}: the effect of ").ToList();
        Assert.DoesNotContain(await world.ViolationsAsync(), broken => !repeated.Exists(prefix => broken.StartsWith(prefix, StringComparison.Ordinal) && broken.EndsWith(" keys.", StringComparison.Ordinal)));
    }

    private static List<CallFailed> Failed(IReadOnlyList<RunEvent> events, Outage outage, string code) =>
        [.. events.OfType<CallFailed>().Where(failed => failed.Outcome.Failure!.Code == code && failed.Effect.Compensation == (outage.Skill == "undo"))];

    /// <summary>The failure as it stands where it struck: in the run, or with what undoes the step.</summary>
    private static async Task<(string Code, string Advice)> ToldAsync(World world, Outage outage, RunId struck)
    {
        var state = await world.ReadAsync(struck);
        var undone = state.Plan.IndexOf(outage.Prefix + outage.Step);
        var failure = outage.Construct == "compensation" ? state.Steps[undone].Compensation!.Outcome!.Failure! : state.End!.Failure!;
        return (failure.Code, failure.Advice);
    }

    private static (int Step, int Item, bool Undo) Place(EffectId effect) => (effect.Step, effect.Item, effect.Compensation);

    /// <summary>The run in which it strikes: the child where there is one.</summary>
    private static RunId Struck(World world, Outage outage, RunId run) => outage.Construct == "child" ? world.Journal.Rows.Single(row => row.Parent == run).Id : run;

    private static List<RunEvent> Events(World world, RunId run) => [.. world.Journal.Events(run).Select(entry => EventCodec.Decode(run, entry))];

    private static string Sizes(World world) => string.Join(' ', world.Journal.Rows.OrderBy(row => $"{row.Id}", StringComparer.Ordinal).Select(row => $"{row.Id}:{row.Seq}"));

    /// <summary>A cent for each call that was made.</summary>
    private static Cents Made(World world, Outage outage) => new(world.Skills.Effects.Count(effect => effect.Call.StepId!.StartsWith(outage.Prefix, StringComparison.Ordinal)));

    private static async Task<World> OpenAsync(IReadOnlyList<Outage> outages, string code, int times)
    {
        var world = await World.OpenAsync();
        var script = new Script(outages, times);
        foreach (var skill in new[] { "put", "undo", "refuse" }) world.Skills.Add(skill, EffectClass.Idempotent, cents: 1);
        world.Skills.Add("count", EffectClass.Idempotent, call => Json.Of(script.Round(call)), cents: 1);
        world.Skills.Add("llm_invoke", EffectClass.Idempotent, call => ScriptedModel.Answer(call.Params, rounds: 2), cents: 1);
        (world.Skills.Behave, world.Skills.Fails) = (script.Next, _ => FailureCatalog.Fail(code, "The script says so."));
        return world;
    }

    private static async Task<List<(Outage Outage, RunId Run)>> RunAsync(World world, IReadOnlyList<Outage> outages)
    {
        var runs = new List<(Outage, RunId)>();
        foreach (var outage in outages) runs.Add((outage, await world.StartAsync(outage.Plan)));
        await world.SettleAsync();
        return runs;
    }

    private static IEnumerable<TheoryDataRow<string>> Rows(bool isRetryable)
    {
        foreach (var entry in FailureCatalog.All.Where(entry => entry.Retryable == isRetryable))
        {
            var row = new TheoryDataRow<string>(entry.Code);
            yield return CatchAlls.Codes.Contains(entry.Code, StringComparer.Ordinal) ? row.WithTrait("plants", entry.Code) : row;
        }
    }

    /// <summary>What each call does: it fails so many times where its outage strikes, and is answered everywhere else.</summary>
    private sealed class Script(IReadOnlyList<Outage> outages, int times)
    {
        private readonly Lock gate = new();
        private readonly Dictionary<(string Step, string Skill), int> wentWell = [];
        private readonly Dictionary<Outage, int> failed = [];

        internal Behaviour Next(ScriptedCall call)
        {
            if (call.Skill == "refuse") return Behaviour.Refuse;
            lock (gate)
            {
                var (place, outage) = ((call.Call.StepId!, call.Skill), outages.First(one => call.Call.StepId!.StartsWith(one.Prefix, StringComparison.Ordinal)));
                if (outage.Strikes(call, wentWell.GetValueOrDefault(place)) && failed.GetValueOrDefault(outage) < times)
                {
                    failed[outage] = failed.GetValueOrDefault(outage) + 1;
                    return Behaviour.Fail;
                }

                wentWell[place] = wentWell.GetValueOrDefault(place) + 1;
                return Behaviour.Answer;
            }
        }

        /// <summary>Which round it is that is answered now.</summary>
        internal int Round(ScriptedCall call)
        {
            lock (gate) return wentWell[(call.Call.StepId!, call.Skill)];
        }
    }
}
