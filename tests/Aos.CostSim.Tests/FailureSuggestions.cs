using Aos.Failures;

namespace Aos.CostSim.Tests;

/// <summary>What an unknown failure is likely to be.</summary>
[Trait("store", "none")]
public sealed class FailureSuggestions
{
    [Theory]
    [Trait("id", "F5.52-01")]
    [Trait("id", "F5.52-02")]
    [InlineData("TIMEOUT", "", FailureCategory.Transient, RecoveryMode.RetryExponential)]
    [InlineData("RATE_LIMITED", "", FailureCategory.Resource, RecoveryMode.RetryExponential)]
    [InlineData("PERMISSION_DENIED", "", FailureCategory.Permission, RecoveryMode.Escalate)]
    [InlineData("BUDGET_EXCEEDED", "", FailureCategory.Resource, RecoveryMode.Escalate)]
    [InlineData("VALIDATION_ERROR", "", FailureCategory.Validation, RecoveryMode.Abort)]
    [InlineData("INVALID_INPUT", "", FailureCategory.Validation, RecoveryMode.Abort)]
    [InlineData("POSTGRES_GONE", "", FailureCategory.Infrastructure, RecoveryMode.RetryExponential)]
    [InlineData("ODD", "openai said no", FailureCategory.Planner, RecoveryMode.RetryExponential)]
    [InlineData("RANDOM_ERROR", "generated", FailureCategory.Permanent, RecoveryMode.Abort)]
    public void Words_speak_for_a_category_and_a_way_to_recover(string code, string message, FailureCategory category, RecoveryMode recovery) =>
        Assert.Equal((category, recovery), Suggestions.Of(code, message));
}
