using System.Collections.Immutable;
using System.Globalization;
using Aos.Kernel;
using Aos.Runs;

namespace Aos.Workflow.Tests;

/// <summary>Plans that refer to stored workflows, as the kernel reads and keeps them.</summary>
public sealed class WorkflowReferences
{
    private const string Inner = """{"name":"i","steps":[{"id":"x","skill":"echo","params":{"v":1}}]}""";

    private static readonly ImmutableDictionary<string, SkillTerms> Skills = ImmutableDictionary<string, SkillTerms>.Empty.Add("echo", new SkillTerms(
        "echo", "1.0.0", EffectClass.Pure, null, ImmutableSortedDictionary<string, EffectClass>.Empty, false, CostModel.Free, TimeSpan.FromSeconds(1), [], [], []));

    [Fact]
    [Trait("id", "WF-20")]
    public void A_reference_that_nobody_looked_up_is_told_and_starts_nothing()
    {
        var reading = PlanReader.Read(Json.Parse(Refers("workflow:i@1")), Skills);
        var facts = new SimulatorFacts(Skills, TypicalFigures.Rows, BudgetLimits.None, 0.5, new(() => ImmutableSortedDictionary<string, string>.Empty));

        Assert.Equal(("steps[0].run.plan.$ref", "NOT_AVAILABLE"), (Assert.Single(reading.Warnings).Path, reading.Warnings[0].Code));
        Assert.Equal("NOT_AVAILABLE", Simulator.Admit(facts, new SimulationRequest(reading, TenantId.Default, null, null, null, 1, null, Json.EmptyObject))?.Code);
    }

    [Fact]
    [Trait("id", "WF-21")]
    public void References_are_read_at_any_depth_up_to_eight_and_each_is_kept()
    {
        var eight = PlanReader.Read(Json.Parse(Refers("workflow:w1")), Skills, allowUnknownSkills: false, links: Chain(8));
        var nine = PlanReader.Read(Json.Parse(Refers("workflow:w1")), Skills, allowUnknownSkills: false, links: Chain(9));

        Assert.Equal(8, eight.Plan!.Workflows.Count);
        Assert.Equal(["echo"], Admission.SkillsOf(eight.Plan));
        Assert.Equal("INVALID_PLAN", Assert.Single(nine.Problems).Code);
        Assert.StartsWith("steps[0].run.plan.steps[0].run.plan.", nine.Problems[0].Path, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "WF-21")]
    public void A_circle_is_refused_with_the_way_it_goes()
    {
        var links = new WorkflowLinks { Found = Found(("workflow:a", "a", Refers("workflow:b")), ("workflow:b", "b", Refers("workflow:a"))), Self = new WorkflowPin("a", "1.0.0", "") };

        var problem = Assert.Single(PlanReader.ReadAccepted(Json.Parse(Refers("workflow:b")), Skills, links).Problems);

        Assert.Equal(("CYCLE", "steps[0].run.plan.steps[0].run.plan.$ref"), (problem.Code, problem.Path));
        Assert.Contains("a@1.0.0 -> b@1.0.0 -> a@1.0.0", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "WF-21")]
    public void Steps_of_all_plans_referred_to_are_counted_as_often_as_they_are()
    {
        var steps = string.Join(',', Enumerable.Range(0, 4_000).Select(i => $$"""{"id":"s{{i}}","skill":"echo"}"""));
        var links = new WorkflowLinks { Found = Found(("workflow:big", "big", $$"""{"name":"big","steps":[{{steps}}]}""")) };
        string Plan(int count) => $$"""{"name":"p","steps":[{{string.Join(',', Enumerable.Range(0, count).Select(i => """{"id":"rNUMBER","run":{"plan":{"$ref":"workflow:big"}}}""".Replace("NUMBER", i.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)))}}]}""";

        Assert.NotNull(PlanReader.Read(Json.Parse(Plan(2)), Skills, allowUnknownSkills: false, links: links).Plan);
        Assert.Equal("TOO_MANY_STEPS", Assert.Single(PlanReader.Read(Json.Parse(Plan(3)), Skills, allowUnknownSkills: false, links: links).Problems).Code);
    }

    [Fact]
    [Trait("id", "WF-22")]
    public void A_start_holds_all_it_needs_to_be_read_again_and_its_hash_tells_the_versions_apart()
    {
        var (one, two) = (Start("1.0.0"), Start("2.0.0"));

        var read = Assert.IsType<RunStarted>(EventCodec.Decode(one.Run, EventCodec.Encode(one.Run, 1, one, ChainHash.Start)));

        Assert.Equal(one.Plan.Hash, read.Plan.Hash);
        Assert.Equal(new WorkflowPin("p", "3.0.0", "h"), read.Workflow);
        Assert.Equal("i@1.0.0", read.Plan.Workflows["workflow:i"].Pin.Id);
        Assert.Equal("x", read.Plan.Steps[0].Child!.Read!.Steps[0].Id);
        Assert.True(read.Rule >= KernelRule.Workflows);
        Assert.Equal(one.Plan.Hash, two.Plan.Hash);
        Assert.NotEqual(RootHash.Of(RunMachine.Evolve(RunState.Empty, one)), RootHash.Of(RunMachine.Evolve(RunState.Empty, two)));
    }

    [Fact]
    [Trait("id", "BULK-07")]
    public void A_retry_of_an_attempt_that_is_over_by_now_changes_nothing()
    {
        var state = RunMachine.Evolve(RunState.Empty, Start("1.0.0"));
        state = RunMachine.Decide(state, new CancelRun("over"), new Facts(At)).From(state);

        Assert.Equal("INVALID_STATE", RunMachine.Decide(state, new RetryRun("again") { Of = 2 }, new Facts(At)).Refusal?.Code);
        Assert.IsType<RunRetried>(RunMachine.Decide(state, new RetryRun("again") { Of = 1 }, new Facts(At)).Events[0]);
    }

    private static readonly DateTimeOffset At = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static RunStarted Start(string version)
    {
        var links = new WorkflowLinks { Found = Found(("workflow:i", "i", Inner)).SetItem("workflow:i", new LinkedWorkflow(new WorkflowPin("i", version, "h" + version), Json.Parse(Inner))) };
        var plan = PlanReader.Read(Json.Parse(Refers("workflow:i")), Skills, allowUnknownSkills: false, links: links).Plan!;
        var start = new StartRun(
            new RunId(Guid.Parse("019aa000-0000-7000-8000-000000000000")), TenantId.Default, "a", plan, Json.EmptyObject, 1, null, Skills.ToImmutableSortedDictionary(StringComparer.Ordinal),
            ImmutableSortedDictionary<string, string>.Empty, null) { Workflow = new WorkflowPin("p", "3.0.0", "h") };
        return Assert.IsType<RunStarted>(RunMachine.Decide(RunState.Empty, start, new Facts(At)).Events[0]);
    }

    private static WorkflowLinks Chain(int length) => new()
    {
        Found = Found([.. Enumerable.Range(1, length).Select(i => ($"workflow:w{i}", $"w{i}", i == length ? Inner : Refers($"workflow:w{i + 1}")))]),
    };

    private static ImmutableSortedDictionary<string, LinkedWorkflow> Found(params (string Reference, string Name, string Plan)[] all) => ImmutableSortedDictionary.CreateRange(
        StringComparer.Ordinal, all.Select(one => KeyValuePair.Create(one.Reference, new LinkedWorkflow(new WorkflowPin(one.Name, "1.0.0", "h"), Json.Parse(one.Plan)))));

    private static string Refers(string reference) => """{"name":"p","steps":[{"id":"a","run":{"plan":{"$ref":"REFERENCE"}}}]}""".Replace("REFERENCE", reference, StringComparison.Ordinal);
}
