using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Aos.Runs;
using Aos.Testing;

namespace Aos.Workflow.Tests;

/// <summary>One conversation of twelve turns under the real engine: three skills, one denied, one that waits for a person, one that fails.</summary>
public sealed class AgentLoops
{
    private const string Plan = """
        {"name":"p","steps":[
          {"id":"a","agent":{"goal":"Find it","skills":["search","post","broken"],"approve":["post"],"max_turns":12,"max_cost_cents":35}},
          {"id":"b","skill":"echo","params":{"said":"${{ steps.a.result }}"}}]}
        """;

    /// <summary>With what a post may cost that nobody knows about, and that is made again.</summary>
    private static readonly string Roomy = Plan.Replace("\"max_cost_cents\":35", "\"max_cost_cents\":37", StringComparison.Ordinal);

    /// <summary>Twelve turns at 2 cents, nine searches at 1, one post at 2.</summary>
    private static readonly Cents Cost = new(35);

    [Fact]
    [Trait("id", "LOOP-16")]
    public async Task It_stays_in_its_budget_to_the_cent_and_tells_the_model_of_every_mistake()
    {
        await using var world = await OpenAsync();
        var run = await world.StartAsync(Plan, budget: Cost);
        var state = await ToEndAsync(world, run);

        Assert.Equal((RunStatus.Succeeded, Cost, Cents.Zero), (state.Status, state.Spent, state.Reserved));
        Assert.Equal("""{"said":"It is there."}""", state.End!.Result!.Value.GetRawText());
        var calls = state.Steps[0].Calls;
        Assert.Equal(12, calls.Count(call => call.Started?.Turn is not null));
        Assert.Equal(["PERMISSION_DENIED", "RATE_LIMITED"], calls.Where(call => call.Status == CallStatus.Failed).Select(call => call.Outcome!.Failure!.Code));
        Assert.Equal(4, calls.Single(call => call.Started?.Skill == "broken").Attempts);
        Assert.Equal(("person", 1), (calls.Single(call => call.Started?.Skill == "post").Approval!.By, world.Skills.Effects.Count(effect => effect.Skill == "post")));
        Assert.Empty(await world.ViolationsAsync());
    }

    [Fact]
    [Trait("id", "LOOP-16")]
    public async Task A_hundredth_of_a_cent_less_and_the_last_turn_is_not_made()
    {
        await using var world = await OpenAsync();
        var state = await ToEndAsync(world, await world.StartAsync(Plan, budget: new Cents(34.99m)));
        Assert.Equal(("RUN_BUDGET_EXCEEDED", new Cents(33)), (state.End!.Failure!.Code, state.Spent));

        await using var other = await OpenAsync();
        state = await ToEndAsync(other, await other.StartAsync(Plan.Replace("\"max_cost_cents\":35", "\"max_cost_cents\":34.99", StringComparison.Ordinal)));
        Assert.Equal(("AGENT_LIMIT", new Cents(33)), (state.End!.Failure!.Code, state.Spent));
    }

    public static TheoryData<Fault, int> Appends()
    {
        var data = new TheoryData<Fault, int>();
        for (var from = 0; from < 60; from += 10)
        {
            data.Add(Fault.CrashBefore, from);
            data.Add(Fault.CrashAfter, from);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Appends))]
    [Trait("id", "LOOP-17")]
    public async Task It_survives_the_end_of_its_process_at_each_append(Fault fault, int from)
    {
        var calm = await CalmAsync();
        Assert.InRange(calm.Appends, 1, 60);
        for (var at = from; at < Math.Min(from + 10, calm.Appends); at++)
        {
            await using var world = await OpenAsync();
            var appends = 0;
            world.Faults = () => appends++ == at ? fault : Fault.None;
            var run = await world.StartAsync(Roomy, budget: new Cents(37));
            var state = await ToEndAsync(world, run);

            Assert.Equal(1, world.Crashes);
            var again = world.Journal.Events(run).Select(entry => EventCodec.Decode(run, entry)).OfType<CallResolved>().Count(resolved => resolved.Verdict == ResolveVerdict.NotDone);
            Assert.Equal((RunStatus.Succeeded, new Cents(Cost.Value + (2 * again))), (state.Status, state.Spent));
            Assert.Equal(calm.RootHash, state.End!.RootHash);
            Assert.Single(world.Skills.Effects, effect => effect.Skill == "post");
            Assert.Empty(await world.ViolationsAsync());
        }
    }

    [Theory]
    [InlineData(Behaviour.CrashBefore)]
    [InlineData(Behaviour.CrashAfter)]
    [InlineData(Behaviour.Twice)]
    [Trait("id", "LOOP-17")]
    public async Task It_survives_the_end_of_its_process_around_each_call(Behaviour behaviour)
    {
        var calm = await CalmAsync();
        for (var at = 0; at < 25; at++)
        {
            await using var world = await OpenAsync();
            var (calls, calmly) = (0, world.Skills.Behave);
            world.Skills.Behave = call => calls++ == at && call.Skill != "broken" ? behaviour : calmly(call);
            var state = await ToEndAsync(world, await world.StartAsync(Roomy, budget: new Cents(37)));

            Assert.Equal((RunStatus.Succeeded, calm.RootHash), (state.Status, state.End!.RootHash));
            Assert.Single(world.Skills.Effects, effect => effect.Skill == "post");
            Assert.Empty(await world.ViolationsAsync());
        }
    }

    [Fact]
    [Trait("id", "LOOP-18")]
    [Trait("id", "F5.13-06")]
    public async Task It_replays_with_its_models_and_skills_switched_off()
    {
        var (events, rootHash) = await JournalAsync();
        var replay = MachineReplay.Of(events, Text);

        Assert.Null(replay.Reason);
        Assert.Equal(rootHash, replay.State.End!.RootHash);
        // A turn's parameters are not stored: the replay makes them again, and their hash is the one on record.
        var turn = events.OfType<CallSucceeded>().Last(done => done.Effect.Step == 0);
        Assert.Equal(turn.InputHash, ContentHash.Short(RunMachine.Params(replay.State, 0, turn.Effect.Item)!.Value));
        Assert.True(RunMachine.Params(replay.State, 0, turn.Effect.Item)!.Value.GetProperty("messages").GetArrayLength() > 20);
    }

    [Fact]
    [Trait("id", "LOOP-18")]
    public async Task A_replay_finds_what_was_changed_in_a_conversation()
    {
        var (events, _) = await JournalAsync();
        for (var i = 0; i < events.Count; i++)
        {
            var changed = events.ToArray();
            switch (changed[i])
            {
                case CallSucceeded { Effect.Step: 0 } done when done.Outcome.Result.Get("tool_calls") is not null:
                    var result = Json.Parse(done.Outcome.Result.GetRawText().Replace("\"q\":", "\"w\":", StringComparison.Ordinal).Replace("\"n\":", "\"m\":", StringComparison.Ordinal));
                    if (result.GetRawText() == done.Outcome.Result.GetRawText()) continue;
                    changed[i] = done with { Outcome = done.Outcome with { Result = result } };
                    break;
                case StepStarted { Skill: "search" } started:
                    changed[i] = started with { Skill = "post" };
                    break;
                case ApprovalDecided decided:
                    changed[i] = decided with { Approved = false };
                    break;
                default:
                    continue;
            }

            Assert.NotNull(MachineReplay.Of(changed, Text).Seq);
        }
    }

    [Fact]
    [Trait("id", "LOOP-19")]
    public async Task Its_events_are_read_as_they_were_written()
    {
        await using var world = await OpenAsync();
        var run = await world.StartAsync(Plan);
        await ToEndAsync(world, run);
        foreach (var entry in world.Journal.Events(run))
            Assert.Equal(Encoding.UTF8.GetString(entry.Body.Span), Text(EventCodec.Decode(run, entry), run, entry.Seq));
        var bodies = world.Journal.Events(run).Select(entry => Json.Parse(entry.Body.Span)).ToList();
        var turn = bodies.First(body => body.GetText("kind") == "step.started.v1").GetProperty("data");
        Assert.Equal("""{"effect":"s0.0.0","params":{},"key":KEY,"class":"Idempotent","reserved":2,"deadline":AT,"skill":"llm_invoke","turn":1}"""
            .Replace("KEY", turn.GetProperty("key").GetRawText(), StringComparison.Ordinal).Replace("AT", turn.GetProperty("deadline").GetRawText(), StringComparison.Ordinal), turn.GetRawText());
        Assert.Equal(
            """{"step":0,"item":6,"id":"d","approved":true,"by":"person","note":"fine","level":5}""",
            bodies.Single(body => body.GetText("kind") == "approval.decided.v1").GetProperty("data").GetRawText());
        Assert.Equal("""{"step":0,"item":6,"for":"Approval"}""", bodies.Single(body => body.GetText("kind") == "wait.started.v1").GetProperty("data").GetRawText());
        Assert.Equal(3, bodies[0].GetProperty("data").GetProperty("rule").GetInt32());
    }

    private static async Task<World> OpenAsync()
    {
        var world = await World.OpenAsync();
        world.Skills.Add("llm_invoke", EffectClass.Idempotent, call => Said(call.Params), cents: 2).Add("search", EffectClass.Idempotent, cents: 1)
            .Add("post", EffectClass.AtMostOnce, cents: 2).Add("broken", EffectClass.Idempotent, cents: 1).Add("wipe", EffectClass.Idempotent).Add("echo", EffectClass.Pure);
        world.Skills.Behave = call => call.Skill == "broken" ? Behaviour.Fail : Behaviour.Answer;
        return world;
    }

    /// <summary>The model: what it says follows from how often it has spoken.</summary>
    private static JsonElement Said(JsonElement asked) => asked.GetProperty("messages").EnumerateArray().Count(message => message.GetText("role") == "assistant") switch
    {
        1 => Tools(("search", """{"q":2}"""), ("wipe", "{}")),
        2 => Tools(("post", """{"n":1}""")),
        3 => Tools(("broken", "{}")),
        11 => Json.Parse("""{"content":"It is there.","finish_reason":"end_turn"}"""),
        var turn => Tools(("search", $$"""{"q":{{turn}}}""")),
    };

    private static JsonElement Tools(params (string Name, string Arguments)[] calls) => Json.Parse(
        "{\"content\":\"I look.\",\"tool_calls\":[" + string.Join(',', calls.Select((call, i) => $$"""{"id":"c{{i}}","name":"{{call.Name}}","arguments":{{call.Arguments}}}""")) + "],\"finish_reason\":\"tool_use\"}");

    /// <summary>Plays the person: approves what waits and tells the truth about calls nobody heard of.</summary>
    private static async Task<RunState> ToEndAsync(World world, RunId run)
    {
        for (var round = 0; round < 30; round++)
        {
            await world.SettleAsync();
            var state = await world.ReadAsync(run);
            if (state.Status.IsOver()) return state;
            if (state.Steps[0].Wait is { For: WaitKind.Approval }) await world.CommandAsync(run, new DecideApproval("d", "a", -1, true, "person", "fine", 5));
            if (state.Steps[0].Calls.FirstOrDefault(call => call.Status == CallStatus.Unknown) is not { Started: { } started }) continue;
            var happened = world.Skills.Effects.FirstOrDefault(effect => effect.Call.IdempotencyKey == started.IdempotencyKey);
            await world.CommandOnceAsync(run, new ResolveStep("a", started.Effect.Item, happened is null ? ResolveVerdict.NotDone : ResolveVerdict.Done, happened?.Params ?? Json.Null));
        }

        throw new TimeoutException("The run never ended.");
    }

    private static async Task<(string RootHash, int Appends)> CalmAsync()
    {
        await using var world = await OpenAsync();
        var appends = 0;
        world.Faults = () =>
        {
            appends++;
            return Fault.None;
        };
        return ((await ToEndAsync(world, await world.StartAsync(Roomy, budget: new Cents(37)))).End!.RootHash, appends);
    }

    private static async Task<(IReadOnlyList<RunEvent> Events, string RootHash)> JournalAsync()
    {
        await using var world = await OpenAsync();
        var run = await world.StartAsync(Plan);
        var state = await ToEndAsync(world, run);
        return ([.. world.Journal.Events(run).Select(entry => EventCodec.Decode(run, entry))], state.End!.RootHash);
    }

    private static string Text(RunEvent e) => Text(e, default, 0);

    private static string Text(RunEvent e, RunId run, int seq) => Encoding.UTF8.GetString(EventCodec.Encode(run, seq, e, ChainHash.Start).Body.Span);
}
