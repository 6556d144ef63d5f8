using Aos.Testing;
using Aos.Workflow.Tests.Basics;

namespace Aos.Workflow.Tests.Hardening;

/// <summary>The watch over codes that say nothing: it sees what a test did not plant, and nothing else.</summary>
public sealed class CatchAllCodes
{
    private const string Plan = """{"name":"p","steps":[{"id":"a","skill":"put"}]}""";

    [Theory]
    [Trait("id", "F5.83-01")]
    [InlineData("UNKNOWN_ERROR")]
    [InlineData("EXECUTION_ERROR")]
    [InlineData("STEP_FAILED")]
    public async Task A_run_that_ends_with_a_code_that_says_nothing_fails_its_test(string code)
    {
        var world = await FailedAsync(code);

        var found = await Assert.ThrowsAsync<CatchAllException>(async () => await world.DisposeAsync());

        Assert.Contains($"run {Assert.Single(world.Started)}: {code}", found.Message, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "F5.83-01")]
    [Trait("plants", "STEP_FAILED")]
    public async Task One_that_the_test_planted_does_not_and_another_code_does()
    {
        await using (await FailedAsync("STEP_FAILED")) await using (await FailedAsync("HTTP_4XX"))
        {
            var other = await FailedAsync("EXECUTION_ERROR");
            await Assert.ThrowsAsync<CatchAllException>(async () => await other.DisposeAsync());
        }
    }

    private static async Task<World> FailedAsync(string code)
    {
        var world = await Worlds.OpenAsync();
        (world.Skills.Behave, world.Skills.Fails) = (_ => Behaviour.Fail, _ => FailureCatalog.Fail(code, "The script says so."));
        Assert.Equal(code, (await world.RunAsync(Plan)).End!.Failure!.Code);
        return world;
    }
}
