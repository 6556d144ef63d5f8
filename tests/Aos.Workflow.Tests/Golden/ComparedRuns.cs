using System.Text.Json;
using Aos.Testing;

namespace Aos.Workflow.Tests.Golden;

/// <summary>Two runs side by side.</summary>
public sealed class ComparedRuns
{
    private const string Plan =
        """{"name":"p","steps":[{"id":"a","skill":"pure","params":{"n":1,"timestamp":"t1"}},{"id":"b","skill":"charge","params":{"of":"${{ steps.a.result.n }}"}}]}""";

    [Fact]
    [Trait("id", "DIFF-01")]
    public async Task Equal_runs_match_whatever_their_ids_times_and_tries()
    {
        await using var world = await OpenAsync();
        var first = await RunAsync(world, Plan.Replace("\"charge\"", "\"put\",\"retry\":{\"max_attempts\":3,\"backoff\":\"1s\"}", StringComparison.Ordinal));
        world.Skills.Behave = call => call.Skill == "put" && Once() ? Behaviour.Fail : Behaviour.Answer;
        world.Clock.Advance(TimeSpan.FromDays(3));
        var second = await RunAsync(world, Plan.Replace("\"charge\"", "\"put\",\"retry\":{\"max_attempts\":3,\"backoff\":\"1s\"}", StringComparison.Ordinal));

        var diff = RunComparison.Of(first, second);

        Assert.True(diff.Match);
        Assert.Null(diff.First);
        Assert.Equal([("attempts", false)], diff.Steps[1].Differences.Select(difference => (difference.Member, difference.Stable)));
        return;

        bool Once() => !failed && (failed = true);
    }

    private bool failed;

    [Fact]
    [Trait("id", "DIFF-02")]
    public async Task The_first_step_that_differs_is_named_with_what_each_had()
    {
        await using var world = await OpenAsync();
        var first = await RunAsync(world, Plan);
        var second = await RunAsync(world, Plan.Replace("\"n\":1", "\"n\":2", StringComparison.Ordinal));

        var diff = RunComparison.Of(first, second);

        Assert.False(diff.Match);
        Assert.Equal(("a", 0), (diff.First!.Step, diff.First.Index));
        Assert.Equal("Step a (index 0) is the first that differs: definition.params.n is 1 in A and 2 in B.", diff.First.Text);
        Assert.Equal(["definition.params.n", "params.n", "result.n"], diff.Steps[0].Differences.Select(difference => difference.Member));
        Assert.Equal(["params.of", "result.of"], diff.Steps[1].Differences.Select(difference => difference.Member));
        Assert.Contains("root_hash", diff.Differences.Select(difference => difference.Member));
    }

    [Fact]
    [Trait("id", "DIFF-03")]
    public async Task A_business_field_called_timestamp_is_compared()
    {
        await using var world = await OpenAsync();
        var diff = RunComparison.Of(await RunAsync(world, Plan), await RunAsync(world, Plan.Replace("t1", "t2", StringComparison.Ordinal)));

        Assert.Contains("result.timestamp", diff.Steps[0].Differences.Select(difference => difference.Member));
        Assert.False(diff.Match);
    }

    [Fact]
    [Trait("id", "DIFF-04")]
    public async Task Different_secrets_differ_and_are_not_shown()
    {
        await using var world = await OpenAsync();
        var secret = Plan.Replace("\"timestamp\":\"t1\"", "\"password\":\"hunter2\"", StringComparison.Ordinal);
        var diff = RunComparison.Of(await RunAsync(world, secret), await RunAsync(world, secret.Replace("hunter2", "hunter3", StringComparison.Ordinal)));
        var text = Json.Write(diff.WriteTo).GetRawText();

        Assert.False(diff.Match);
        Assert.Equal("definition.params.password", diff.First!.Difference.Member);
        Assert.DoesNotContain("hunter", text, StringComparison.Ordinal);
        Assert.Contains(Redactor.Marker, text, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "DIFF-05")]
    public async Task Other_seeds_and_inputs_are_named_as_what_the_runs_were_given()
    {
        await using var world = await OpenAsync();
        world.Skills.Add("pure", EffectClass.Pure, call => Json.Of((decimal)(call.Call.Seed % 1_000)));
        const string Drawn = """{"name":"p","steps":[{"id":"a","skill":"pure","params":{}}]}""";
        var diff = RunComparison.Of(await RunAsync(world, Drawn, 1), await RunAsync(world, Drawn, 2));

        Assert.Equal("a", diff.First!.Step);
        Assert.EndsWith("They were given different things: seed is \"1\" in A and \"2\" in B.", diff.First.Text, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "DIFF-06")]
    public async Task Steps_are_matched_by_id_and_one_that_only_one_run_has_is_said_so()
    {
        await using var world = await OpenAsync();
        const string Longer = """{"name":"p","steps":[{"id":"a","skill":"pure","params":{"n":1,"timestamp":"t1"}},{"id":"b","skill":"charge","params":{"of":"${{ steps.a.result.n }}"}},{"id":"z","skill":"pure","params":{}}]}""";
        var diff = RunComparison.Of(await RunAsync(world, Plan), await RunAsync(world, Longer));

        Assert.Equal(["a", "b", "z"], diff.Steps.Select(step => step.Id));
        Assert.True(diff.Steps[0].Match && diff.Steps[1].Match);
        Assert.Equal("Step z (index 2) is in B only.", diff.First!.Text);
    }

    [Theory]
    [InlineData("""{"a":1,"b":[1,2]}""", """{"b":[1,2],"a":1.0}""", "")]
    [InlineData("""{"a":{"b":[1,2]}}""", """{"a":{"b":[1,3,4]}}""", "a.b[1] a.b[2]")]
    [InlineData("""{"a":null}""", """{}""", "a")]
    [InlineData("""{"A":1}""", """{"a":1}""", "A a")]
    [InlineData("""{"x y":1}""", """{"x y":2}""", "[\"x y\"]")]
    [InlineData("1", "\"1\"", "")]
    [Trait("id", "DIFF-07")]
    public void Values_are_compared_place_by_place(string left, string right, string places)
    {
        var found = JsonDifference.Of(Json.Parse(left), Json.Parse(right));

        Assert.Equal(places, string.Join(' ', found.Select(difference => difference.Path)));
        Assert.Equal(left.StartsWith('1') || places.Length > 0, found.Length > 0);
    }

    private static async Task<World> OpenAsync()
    {
        var world = await World.OpenAsync();
        world.Skills.Add("pure", EffectClass.Pure).Add("put", EffectClass.Idempotent).Add("charge", EffectClass.AtMostOnce, cents: 5);
        return world;
    }

    private static async Task<RunState> RunAsync(World world, string plan, ulong seed = 42)
    {
        var run = await world.StartAsync(plan, seed: seed);
        await world.SettleAsync();
        return await world.ReadAsync(run);
    }
}
