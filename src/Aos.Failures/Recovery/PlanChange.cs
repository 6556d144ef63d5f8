using System.Globalization;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Failures;

/// <summary>A plan as an action changes it. What has no figure or name yet, or does not fit the plan, is told.</summary>
internal sealed class PlanChange
{
    /// <summary>Parameters by which skills take their time; the step's own stands in their place.</summary>
    private static readonly string[] TimeParams = ["timeout", "timeout_ms", "timeout_seconds"];

    private const int PathMax = 8;

    private readonly Plan plan;
    private readonly RecoveryAction action;

    private PlanChange(Plan plan, RecoveryAction action) => (this.plan, this.action) = (plan, action);

    /// <summary>The changed plan, or why there is none.</summary>
    internal static (JsonElement? Plan, Failure? Wrong) Of(Plan plan, RecoveryAction action) => new PlanChange(plan, action).Make();

    private (JsonElement?, Failure?) Make()
    {
        if (action.Step is null)
        {
            return action switch
            {
                { Kind: RecoveryKind.RaiseBudget, BudgetCents: { } cents } => (With(plan.Source, "budget_cents", Json.Of(cents)), null),
                { Kind: RecoveryKind.LongerTimeout, TimeoutMs: { } time } => (With(plan.Source, "timeout", Time(time)), null),
                { Kind: RecoveryKind.RaiseBudget } => Missing("budget_cents"),
                { Kind: RecoveryKind.LongerTimeout } => Missing("timeout_ms"),
                _ => Missing("step"),
            };
        }

        if (plan.IndexOf(action.Step) is not (>= 0 and var index)) return (null, FailureCatalog.Fail("INVALID_INPUT", $"action: the run has no step {action.Step}."));
        return InStep(plan.Steps[index], plan.Source.GetProperty("steps")[index]) switch
        {
            ({ } changed, _) => (With(plan.Source, "steps", At(plan.Source.GetProperty("steps"), index, changed)), null),
            (_, { } wrong) => (null, wrong),
            _ => throw new InvariantBrokenException("A step is changed, or it is told why not."),
        };
    }

    private (JsonElement?, Failure?) InStep(PlanStep step, JsonElement source) => action switch
    {
        { Kind: RecoveryKind.RetryMore, MaxAttempts: { } attempts } => (With(source, "retry", With(In(source, "retry"), "max_attempts", Json.Of(attempts))), null),
        { Kind: RecoveryKind.LongerTimeout, TimeoutMs: { } time } => (With(Untimed(source), "timeout", Time(time)), null),
        { Kind: RecoveryKind.AnotherModel, Model: { } model } => step.Skill == AgentClause.Model
            ? (With(source, "params", With(In(source, "params"), "model", Json.Of(model))), null)
            : Unfit(step, "calls no model"),
        { Kind: RecoveryKind.UseFallback, Fallback: { } other } => Instead(step, source, other),
        { Kind: RecoveryKind.SkipStep } => step.FallbackOnly ? Unfit(step, "only stands in for another step") : (With(source, "when", Json.Of("false")), null),
        { Kind: RecoveryKind.ChangeParameter, Parameter: { } parameter, Value: { } value } => Changed(step, source, parameter.Split('.'), value),
        { Kind: RecoveryKind.RetryMore } => Missing("max_attempts"),
        { Kind: RecoveryKind.LongerTimeout } => Missing("timeout_ms"),
        { Kind: RecoveryKind.AnotherModel } => Missing("model"),
        { Kind: RecoveryKind.UseFallback } => Missing("fallback"),
        { Kind: RecoveryKind.ChangeParameter, Parameter: null } => Missing("parameter"),
        { Kind: RecoveryKind.ChangeParameter } => Missing("value"),
        _ => Unfit(step, $"is not changed by {action.Kind.Wire()}"),
    };

    /// <summary>The step calls what its fallback calls.</summary>
    private (JsonElement?, Failure?) Instead(PlanStep step, JsonElement source, string other)
    {
        var index = plan.IndexOf(other);
        if (step.Kind != StepKind.Skill || index < 0 || plan.Steps[index].Kind != StepKind.Skill || step.Fallback != index) return Unfit(step, $"has no fallback {other} that calls a skill");
        var instead = plan.Source.GetProperty("steps")[index];
        return (With(With(source, "skill", instead.GetProperty("skill")), "params", In(instead, "params")), null);
    }

    private static (JsonElement?, Failure?) Changed(PlanStep step, JsonElement source, string[] path, JsonElement value) =>
        step.Kind != StepKind.Skill ? Unfit(step, "calls no skill")
        : path.Length > PathMax || Array.Exists(path, string.IsNullOrEmpty) ? (null, FailureCatalog.Fail("INVALID_INPUT", $"parameter: a name, or at most {PathMax} names with dots between them."))
        : (With(source, "params", Deep(In(source, "params"), path, value)), null);

    private static JsonElement Deep(JsonElement of, ReadOnlySpan<string> path, JsonElement value) =>
        With(of, path[0], path.Length == 1 ? value : Deep(In(of, path[0]), path[1..], value));

    private static JsonElement In(JsonElement of, string name) => of.Get(name) is { ValueKind: JsonValueKind.Object } inner ? inner : Json.EmptyObject;

    private static JsonElement Untimed(JsonElement source) => source.Get("params") is not { ValueKind: JsonValueKind.Object } given ? source : With(source, "params", Json.Write(writer =>
    {
        writer.WriteStartObject();
        foreach (var member in given.EnumerateObject().Where(member => !TimeParams.Contains(member.Name))) member.WriteTo(writer);
        writer.WriteEndObject();
    }));

    private static JsonElement Time(long ms) => Json.Of(string.Create(CultureInfo.InvariantCulture, $"{ms}ms"));

    private static (JsonElement?, Failure?) Missing(string member) =>
        (null, FailureCatalog.Fail("MISSING_REQUIRED_FIELD", $"The suggestion leaves open {member}: approve it with an action that says it."));

    private static (JsonElement?, Failure?) Unfit(PlanStep step, string why) => (null, FailureCatalog.Fail("INVALID_STATE", $"That cannot be done to this run: step {step.Id} {why}."));

    /// <summary>The object with this member, in its place or added.</summary>
    private static JsonElement With(JsonElement of, string name, JsonElement value) => Json.Write(writer =>
    {
        writer.WriteStartObject();
        foreach (var member in of.EnumerateObject().Where(member => member.Name != name)) member.WriteTo(writer);
        writer.WritePropertyName(name);
        value.WriteTo(writer);
        writer.WriteEndObject();
    });

    private static JsonElement At(JsonElement list, int index, JsonElement value) => Json.Write(writer =>
    {
        writer.WriteStartArray();
        var place = 0;
        foreach (var one in list.EnumerateArray()) (place++ == index ? value : one).WriteTo(writer);
        writer.WriteEndArray();
    });
}
