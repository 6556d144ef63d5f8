using Aos.Contracts;
using Aos.Testing;
using Microsoft.Extensions.Logging;

namespace Aos.Workflow.Tests.Observing;

/// <summary>What stands beside lines of the log while the real engine works: of which run and step they are.</summary>
public sealed class LogContext
{
    private const string Three = """{"name":"invoices","steps":[{"id":"a","skill":"speak","params":{"n":1}},{"id":"b","skill":"speak","params":{"n":2}},{"id":"c","skill":"speak","params":{"n":3}}]}""";

    private readonly CapturedLines log = new();

    [Fact]
    [Trait("id", "B8.10-01")]
    [Trait("id", "B8.10-02")]
    [Trait("id", "B8.10-10")]
    public async Task A_line_within_a_run_has_its_id_and_a_line_after_it_has_none()
    {
        using var logs = log.Factory();
        await using var world = await OpenAsync(logs);
        var outside = logs.CreateLogger("outside");

        outside.LogInformation("before");
        var run = await RunAsync(world, Three);
        outside.LogInformation("after");

        Assert.All(Spoken(), line => Assert.Equal(run.ToString(), line["run_id"]));
        Assert.All(Spoken(), line => Assert.StartsWith("corr-", line["correlation_id"], StringComparison.Ordinal));
        Assert.All(log.All.Where(line => line.Logger == "outside"), line => Assert.Empty(line.Fields));
    }

    [Fact]
    [Trait("id", "B8.10-03")]
    [Trait("id", "B8.10-04")]
    [Trait("id", "B8.10-13")]
    public async Task Steps_one_after_another_have_each_their_own_id_within_one_run()
    {
        using var logs = log.Factory();
        await using var world = await OpenAsync(logs);

        await RunAsync(world, Three);

        Assert.Equal([("a", "0"), ("b", "1"), ("c", "2")], Spoken().Select(line => (line["step_id"]!, line["step_index"]!)));
        Assert.Single(Spoken().Select(line => line["run_id"]).Distinct());
        Assert.Null(log.All.Single(line => line.Event.Name == "workflow_end")["step_id"]);
    }

    [Fact]
    [Trait("id", "B8.10-05")]
    public async Task A_line_within_a_step_has_all_seven_fields()
    {
        using var logs = log.Factory();
        await using var world = await OpenAsync(logs);

        var run = await RunAsync(world, Three);

        var line = Spoken()[0];
        Assert.Equal(["agent_id", "correlation_id", "run_id", "step_id", "step_index", "tenant_id", "workflow_id"], line.Fields.Keys);
        Assert.Equal(
            (run.ToString(), "invoices", "agent", "a", "0", TenantId.Default.Value),
            (line["run_id"], line["workflow_id"], line["agent_id"], line["step_id"], line["step_index"], line["tenant_id"]));
        Assert.All(line.Fields.Values, Assert.NotNull);
    }

    [Fact]
    [Trait("id", "B8.10-06")]
    public async Task A_run_without_a_correlation_id_has_one_of_its_own_that_it_keeps()
    {
        using var logs = log.Factory();
        await using var world = await OpenAsync(logs);
        var (first, second) = (await RunAsync(world, Three), await RunAsync(world, Three));

        var ids = Spoken().ToLookup(line => line["run_id"], line => line["correlation_id"]!);

        Assert.Single(ids[first.ToString()].Distinct());
        Assert.Matches("^corr-[0-9a-f]{12}$", ids[first.ToString()].First());
        Assert.NotEqual(ids[first.ToString()].First(), ids[second.ToString()].First());
        Assert.Equal(ids[first.ToString()].First(), Correlation.Of((await world.ReadAsync(first)).Start!));
    }

    [Fact]
    [Trait("id", "B8.10-07")]
    public void The_callers_correlation_id_is_kept()
    {
        var start = Started(new Dictionary<string, string> { [Correlation.Label] = "order-77" });

        Assert.Equal(("order-77", "order-77"), (Correlation.Of(start), Correlation.Given(start)));
        Assert.Null(Correlation.Given(Started([])));
    }

    [Theory]
    [Trait("id", "B8.10-07")]
    [InlineData("order-77", true)]
    [InlineData("", false)]
    [InlineData("two words", false)]
    [InlineData("line\nbreak", false)]
    [InlineData("ümlaut", false)]
    public void What_cannot_stand_in_a_header_is_no_correlation_id(string text, bool isOne) => Assert.Equal(isOne, Correlation.IsOne(text));

    [Fact]
    [Trait("id", "B8.10-12")]
    [Trait("id", "W-23")]
    public async Task Three_runs_at_once_have_each_their_own_lines()
    {
        using var logs = log.Factory();
        await using var world = await OpenAsync(logs);
        var runs = new List<RunId>();
        foreach (var n in new[] { 10, 20, 30 }) runs.Add(await world.StartAsync(Three.Replace("\"n\":1", $"\"n\":{n}", StringComparison.Ordinal)));
        await world.SettleAsync();

        for (var i = 0; i < runs.Count; i++)
        {
            var lines = Spoken().Where(line => line["run_id"] == runs[i].ToString()).ToList();
            Assert.Equal([$"says {(i + 1) * 10}", "says 2", "says 3"], lines.Select(line => line.Message));
            Assert.Single(lines.Select(line => line["correlation_id"]).Distinct());
        }

        Assert.Equal(3, Spoken().Select(line => line["correlation_id"]).Distinct().Count());
    }

    [Fact]
    [Trait("id", "B8.10-13")]
    public async Task Steps_at_once_share_their_run_and_keep_their_ids_apart()
    {
        using var logs = log.Factory();
        await using var world = await OpenAsync(logs);
        const string Graph = """{"name":"g","steps":[{"id":"a","skill":"speak","params":{"n":1},"depends_on":[]},{"id":"b","skill":"speak","params":{"n":2},"depends_on":[]},{"id":"c","skill":"speak","params":{"n":3},"depends_on":[]},{"id":"end","skill":"pure","depends_on":["a","b","c"]}]}""";

        await RunAsync(world, Graph);

        Assert.Single(Spoken().Select(line => line["run_id"]).Distinct());
        Assert.Equal([("a", "says 1"), ("b", "says 2"), ("c", "says 3")], Spoken().Select(line => (line["step_id"]!, line.Message)).Order());
    }

    [Fact]
    [Trait("id", "B8.10-16")]
    [Trait("id", "W-23")]
    public async Task A_run_is_told_from_its_start_over_its_steps_and_tries_to_its_end()
    {
        using var logs = log.Factory();
        await using var world = await OpenAsync(logs);
        var calls = 0;
        world.Skills.Behave = call => call.Skill == "charge" && calls++ == 0 ? Behaviour.Fail : Behaviour.Answer;

        await RunAsync(world, """{"name":"p","steps":[{"id":"a","skill":"pure"},{"id":"b","skill":"charge","retry":{"max_attempts":3,"backoff":"1s"}}]}""");

        var told = log.All.Where(line => line.Level == LogLevel.Information && line.Event.Name is not null).ToList();
        Assert.Equal(["workflow_start", "step_done", "step_retry_backoff", "step_done", "workflow_end"], told.Select(line => line.Event.Name));
        Assert.Equal([null, "a", "b", "b", null], told.Select(line => line["step_id"]));
        Assert.Contains("RATE_LIMITED", told[2].Message, StringComparison.Ordinal);
        Assert.Contains(log.All, line => line.Event.Name == "checkpoint_saved");
    }

    [Fact]
    [Trait("id", "B8.10-14")]
    public async Task A_log_that_wants_warnings_only_is_told_nothing_of_runs_that_go_well()
    {
        using var logs = log.Factory(LogLevel.Warning);
        await using var world = await OpenAsync(logs);

        await RunAsync(world, Three);

        Assert.Equal(3, log.All.Count); // What the skill itself says.
        Assert.All(log.All, line => Assert.Equal("skill", line.Logger));
    }

    private List<Line> Spoken() => [.. log.All.Where(line => line.Logger == "skill")];

    private static async Task<World> OpenAsync(ILoggerFactory logs)
    {
        var world = await World.OpenAsync(logs: logs);
        var skill = logs.CreateLogger("skill");
        world.Skills
            .Add("speak", EffectClass.Idempotent, call =>
            {
                skill.LogWarning("says {Number}", call.Params.GetProperty("n").GetInt32());
                return call.Params;
            })
            .Add("pure", EffectClass.Pure).Add("charge", EffectClass.Idempotent);
        return world;
    }

    private static async Task<RunId> RunAsync(World world, string plan)
    {
        var run = await world.StartAsync(plan);
        await world.SettleAsync();
        return run;
    }

    private static RunStarted Started(Dictionary<string, string> labels)
    {
        var plan = PlanReader.Read(Json.Parse("""{"name":"p","steps":[{"id":"a","sleep":"1s"}]}"""), new Dictionary<string, SkillTerms>(StringComparer.Ordinal)).Plan!;
        return new RunStarted
        {
            At = DateTimeOffset.UnixEpoch, Run = new RunId(Guid.Parse("01990000-0000-7000-8000-000000000001")), Tenant = TenantId.Default, AgentId = "a", Plan = plan, Inputs = Json.EmptyObject, Seed = 1,
            Terms = System.Collections.Immutable.ImmutableSortedDictionary<string, SkillTerms>.Empty,
            Labels = System.Collections.Immutable.ImmutableSortedDictionary.CreateRange(StringComparer.Ordinal, labels), Rule = KernelRule.First,
        };
    }
}
