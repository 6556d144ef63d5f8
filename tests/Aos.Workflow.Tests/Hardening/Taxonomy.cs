using Aos.Runs;
using Aos.Testing;

namespace Aos.Workflow.Tests.Hardening;

/// <summary>Codes of failures, what they say of themselves, and how runs keep them.</summary>
public sealed class Taxonomy
{
    [Fact]
    [Trait("id", "B8.3-06")]
    public void Every_code_has_a_category_a_status_an_answer_to_again_and_advice()
    {
        Assert.True(FailureCatalog.All.Count >= 54, "Codes are missing.");
        Assert.All(FailureCatalog.All, entry =>
        {
            Assert.True(Enum.IsDefined(entry.Category), entry.Code);
            Assert.InRange(entry.HttpStatus, 400, 599);
            Assert.Equal(entry.Retryable, entry.RetriesMax > 0 && entry.BackoffMs > 0);
            Assert.NotEmpty(entry.Meaning);
            Assert.NotEmpty(entry.Advice);
        });
    }

    [Theory]
    [Trait("id", "B8.3-07")]
    [InlineData("TIMEOUT")]
    [InlineData("DNS_FAILURE")]
    [InlineData("CONNECTION_RESET")]
    [InlineData("SERVICE_UNAVAILABLE")]
    public void What_passes_by_itself_is_tried_again(string code) =>
        Assert.Equal((FailureCategory.Transient, true), (FailureCatalog.Find(code)!.Category, FailureCatalog.Fail(code, "x").Retryable));

    [Theory]
    [Trait("id", "B8.3-08")]
    [InlineData("SKILL_NOT_FOUND")]
    [InlineData("INVALID_SKILL")]
    [InlineData("STEP_FAILED")]
    public void What_stays_is_not(string code) => Assert.False(FailureCatalog.Fail(code, "x").Retryable);

    [Fact]
    [Trait("id", "B8.3-09")]
    public async Task A_step_over_its_ceiling_fails_with_both_figures_and_its_name()
    {
        await using var world = await World.OpenAsync();
        world.Skills.Add("charge", EffectClass.Idempotent, cents: 9);
        var run = await world.StartAsync("""{"name":"p","steps":[{"id":"pay","skill":"charge","max_cost_cents":5}]}""");
        await world.SettleAsync();

        var failure = (await world.ReadAsync(run)).End!.Failure!;

        Assert.Equal(("STEP_CEILING_EXCEEDED", FailureCategory.Resource, false), (failure.Code, failure.Category, failure.Retryable));
        Assert.Contains("Step pay", failure.Message, StringComparison.Ordinal);
        Assert.Contains("9 cents", failure.Message, StringComparison.Ordinal);
        Assert.Contains("limit is 5", failure.Message, StringComparison.Ordinal);
        Assert.Empty(world.Skills.Effects);
    }

    [Fact]
    [Trait("id", "B8.3-10")]
    public void An_emergency_stop_is_a_matter_of_permission_and_not_tried_again()
    {
        var entry = FailureCatalog.Find("EMERGENCY_STOP")!;

        Assert.Equal((FailureCategory.Permission, false), (entry.Category, entry.Retryable));
    }

    [Fact]
    [Trait("id", "B8.3-12")]
    public void Categories_say_what_may_be_tried_again()
    {
        FailureCategory[] never = [FailureCategory.Permanent, FailureCategory.Permission, FailureCategory.Validation, FailureCategory.Data, FailureCategory.Security];

        Assert.All(FailureCatalog.All.Where(entry => never.Contains(entry.Category)), entry => Assert.False(entry.Retryable, entry.Code));
        Assert.All(FailureCatalog.All.Where(entry => entry.Category == FailureCategory.Infrastructure), entry => Assert.True(entry.Retryable, entry.Code));
        Assert.All(never.Append(FailureCategory.Transient), category => Assert.Contains(FailureCatalog.All, entry => entry.Category == category));
        Assert.Contains(FailureCatalog.All, entry => entry is { Category: FailureCategory.Transient, Retryable: true });
    }

    [Fact]
    [Trait("id", "B8.3-26")]
    [Trait("id", "B8.3-27")]
    public async Task The_journal_keeps_a_failure_as_it_was_and_equal_ones_as_equal_bytes()
    {
        await using var world = await World.OpenAsync();
        world.Skills.Add("charge", EffectClass.Idempotent);
        world.Skills.Behave = static _ => Behaviour.Fail;
        const string Plan = """{"name":"p","steps":[{"id":"a","skill":"charge"}]}""";
        var (first, second) = (await RunAsync(world, Plan), await RunAsync(world, Plan));

        var (one, other) = (Failed(world, first), Failed(world, second));

        var kept = ((CallFailed)EventCodec.Decode(first, one)).Outcome.Failure!;
        Assert.Equal(FailureCatalog.Fail("RATE_LIMITED", "The script says so."), kept);
        Assert.Equal(Written(one), Written(other));
        Assert.Equal((await world.ReadAsync(first)).End!.RootHash, (await world.ReadAsync(second)).End!.RootHash);
    }

    private static Contracts.JournalEntry Failed(World world, RunId run) => world.Journal.Events(run).Last(entry => entry.Kind.StartsWith("call.failed", StringComparison.Ordinal));

    private static string Written(Contracts.JournalEntry entry) => CanonicalJson.Text(Json.Parse(entry.Body.ToArray()).Get("data")!.Value.Get("outcome")!.Value);

    private static async Task<RunId> RunAsync(World world, string plan)
    {
        var run = await world.StartAsync(plan);
        await world.SettleAsync();
        return run;
    }
}
