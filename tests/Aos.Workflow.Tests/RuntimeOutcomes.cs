using System.Collections.Immutable;
using System.Text.Json;

namespace Aos.Workflow.Tests;

/// <summary>What a call hands back, and what it costs.</summary>
public sealed class RuntimeOutcomes
{
    [Fact]
    [Trait("id", "A8.1-01")]
    [Trait("id", "A8.1-02")]
    [Trait("id", "A8.2-18")]
    public void A_success_is_ok_and_has_its_result()
    {
        var outcome = StructuredOutcome.Succeeded(Json.Parse("""{"a":1}"""), new Cents(2));

        Assert.True(outcome.Ok);
        Assert.Null(outcome.Failure);
        Assert.Equal(1, outcome.Result.GetProperty("a").GetInt32());
        Assert.Equal(2, outcome.Cost.ToWholeCents());
    }

    [Fact]
    [Trait("id", "A8.1-03")]
    [Trait("id", "A8.2-19")]
    public void A_failure_has_code_message_and_advice()
    {
        var outcome = StructuredOutcome.Failed(FailureCatalog.Fail("TIMEOUT", "No answer within 30 s."), new Cents(1));

        Assert.False(outcome.Ok);
        Assert.Equal(("TIMEOUT", "No answer within 30 s."), (outcome.Failure!.Code, outcome.Failure.Message));
        Assert.NotEmpty(outcome.Failure.Advice);
        Assert.Equal(JsonValueKind.Null, outcome.Result.ValueKind);
        Assert.Equal(1, outcome.Cost.ToWholeCents());
    }

    [Fact]
    [Trait("id", "A8.3-06")]
    public void An_outcome_is_immutable()
    {
        var outcome = StructuredOutcome.Succeeded(Json.True);

        var other = outcome with { Retries = 2 };

        Assert.Equal((0, 2), (outcome.Retries, other.Retries));
        Assert.All(typeof(StructuredOutcome).GetProperties(), property =>
            Assert.True(property.SetMethod is null || property.SetMethod.ReturnParameter.GetRequiredCustomModifiers().Length > 0, property.Name));
    }

    [Fact]
    [Trait("id", "A8.1-12")]
    [Trait("id", "A8.1-13")]
    [Trait("id", "A8.1-14")]
    public void A_content_hash_is_stable_and_ignores_key_order()
    {
        var one = Json.Parse("""{"b":[1,2],"a":"x"}""");
        var other = Json.Parse("""{ "a" : "x", "b" : [ 1, 2 ] }""");

        Assert.Equal(ContentHash.Hex(one), ContentHash.Hex(other));
        Assert.Equal(64, ContentHash.Hex(one).Length);
        Assert.StartsWith(ContentHash.Short(one), ContentHash.Hex(one), StringComparison.Ordinal);
        Assert.Equal(16, ContentHash.Short(one).Length);
        Assert.NotEqual(ContentHash.Short(one), ContentHash.Short(Json.Parse("""{"a":"x","b":[2,1]}""")));
    }

    [Theory]
    [InlineData("Transient")]
    [InlineData("Permanent")]
    [InlineData("Resource")]
    [InlineData("Permission")]
    [InlineData("Validation")]
    [Trait("id", "A8.1-15")]
    public void The_core_categories_exist_and_are_used(string name)
    {
        var category = Enum.Parse<FailureCategory>(name);

        Assert.Contains(FailureCatalog.All, entry => entry.Category == category);
    }

    [Fact]
    [Trait("id", "A8.1-16")]
    public void No_permanent_permission_or_validation_failure_is_retryable() =>
        Assert.All(
            FailureCatalog.All.Where(entry => entry.Category is FailureCategory.Permanent or FailureCategory.Permission or FailureCategory.Validation),
            entry => Assert.False(entry.Retryable, entry.Code));

    [Fact]
    [Trait("id", "A8.1-17")]
    public void Side_effects_keep_their_order()
    {
        ImmutableArray<SideEffect> effects = [new("http", "b", false), new("file", "a", true), new("http", "a", false)];

        var outcome = StructuredOutcome.Succeeded(Json.Null) with { SideEffects = effects };

        Assert.Equal(["b", "a", "a"], outcome.SideEffects.Select(effect => effect.Target));
    }

    [Theory]
    [InlineData("ERR_TIMEOUT", "TIMEOUT", FailureCategory.Transient, true)]
    [InlineData("TIMEOUT", "TIMEOUT", FailureCategory.Transient, true)]
    [Trait("id", "A8.2-03")]
    public void An_old_name_of_a_failure_finds_its_code(string name, string code, FailureCategory category, bool retryable)
    {
        var entry = FailureCatalog.Find(name);

        Assert.Equal((code, category, retryable), (entry?.Code, entry!.Category, entry.Retryable));
    }

    [Fact]
    [Trait("id", "A8.2-22")]
    public void A_call_s_bound_counts_base_size_and_tokens()
    {
        var prices = ImmutableSortedDictionary<string, TokenPrice>.Empty.Add("m", new TokenPrice(100m, 1000m));
        var model = new CostModel(1m, 0m, "m", prices, 500);
        var parameters = Json.Parse("""{"prompt":"abcdefghi","max_tokens":2000}"""); // 39 bytes

        var bytes = parameters.Bytes();

        Assert.Equal(1m + (((bytes * 100m) + (2000 * 1000m)) / 1_000_000m), model.UpperBound(parameters).Value);
        Assert.Equal(Cents.Zero, CostModel.Free.UpperBound(parameters));
    }
}
