using Aos.Testing;

namespace Aos.Integration.Tests.Codes;

/// <summary>The watch over codes that say nothing, in a store.</summary>
public sealed class CatchAllRuns
{
    [Fact]
    [Trait("id", "F5.83-02")]
    public async Task A_run_in_a_store_that_ends_with_a_code_that_says_nothing_fails_its_test()
    {
        var house = new CodeHouse();
        await house.InitializeAsync();
        var run = await house.StartAsync("""{"plan":{"name":"p","steps":[{"id":"a","skill":"odd","params":{"way":"throw"}}]}}""");
        await house.EndedAsync(run);

        var found = await Assert.ThrowsAsync<CatchAllException>(async () => await house.DisposeAsync());

        Assert.Contains("EXECUTION_ERROR", found.Message, StringComparison.Ordinal);
        Assert.Contains(run.Replace("-", "", StringComparison.Ordinal), found.Message.Replace("-", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }
}
