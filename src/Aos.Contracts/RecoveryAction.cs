using System.Globalization;
using System.Text.Json;
using Aos.Kernel;

namespace Aos.Contracts;

/// <summary>What can be done about a failure. Names on the wire: <see cref="RecoveryActions.Wire(RecoveryKind)"/>.</summary>
public enum RecoveryKind
{
    /// <summary>The run is tried again now.</summary>
    Retry,

    /// <summary>The same, not before some time has passed since it ended.</summary>
    RetryLater,

    /// <summary>A fork whose step makes more attempts.</summary>
    RetryMore,

    /// <summary>A fork whose step, or which as a whole, has more time.</summary>
    LongerTimeout,

    /// <summary>A fork whose model calls go to another model.</summary>
    AnotherModel,

    /// <summary>A fork with a higher budget.</summary>
    RaiseBudget,

    /// <summary>A fork that calls the step's fallback in its place.</summary>
    UseFallback,

    /// <summary>A fork that leaves the step out.</summary>
    SkipStep,

    /// <summary>A fork whose step has another parameter.</summary>
    ChangeParameter,

    /// <summary>Somebody acts first, and approves when that is done; then the run is tried again.</summary>
    Escalate,

    /// <summary>Nothing to do.</summary>
    Abort,
}

/// <summary>What to do about a failure, with all that is needed to do it.</summary>
public sealed record RecoveryAction(RecoveryKind Kind)
{
    /// <summary>Id of the step that is changed; null: the run as a whole.</summary>
    public string? Step { get; init; }

    public long? DelayMs { get; init; }

    public int? MaxAttempts { get; init; }

    public long? TimeoutMs { get; init; }

    public string? Model { get; init; }

    public decimal? BudgetCents { get; init; }

    /// <summary>Id of the step that is called instead.</summary>
    public string? Fallback { get; init; }

    /// <summary>Name of the parameter, or a path of names with dots.</summary>
    public string? Parameter { get; init; }

    public JsonElement? Value { get; init; }

    /// <summary>True: it needs another plan or budget, so the run is forked.</summary>
    public bool IsFork => Kind is not (RecoveryKind.Retry or RecoveryKind.RetryLater or RecoveryKind.Escalate or RecoveryKind.Abort);
}

/// <summary>Actions as they are written.</summary>
public static class RecoveryActions
{
    private const int TextMax = 255;
    private const int ValueBytesMax = 16_384;

    private static readonly (RecoveryKind Kind, string Name)[] Names =
    [
        (RecoveryKind.Retry, "retry"), (RecoveryKind.RetryLater, "retry_later"), (RecoveryKind.RetryMore, "retry_more"), (RecoveryKind.LongerTimeout, "longer_timeout"),
        (RecoveryKind.AnotherModel, "another_model"), (RecoveryKind.RaiseBudget, "raise_budget"), (RecoveryKind.UseFallback, "use_fallback"), (RecoveryKind.SkipStep, "skip_step"),
        (RecoveryKind.ChangeParameter, "change_parameter"), (RecoveryKind.Escalate, "escalate"), (RecoveryKind.Abort, "abort"),
    ];

    public static string Wire(this RecoveryKind kind) => Names[(int)kind].Name;

    public static RecoveryKind? Kind(string name) => Array.FindIndex(Names, one => one.Name == name) is >= 0 and var index ? Names[index].Kind : null;

    /// <summary>One sentence for people.</summary>
    public static string Text(RecoveryAction action)
    {
        var step = action.Step is { } id ? $"step {id}" : "the step";
        return action.Kind switch
        {
            RecoveryKind.Retry => "Retry the run now; finished steps are kept.",
            RecoveryKind.RetryLater => $"Retry the run{After(action.DelayMs)}; finished steps are kept.",
            RecoveryKind.RetryMore => $"Try {step} more often{Said(action.MaxAttempts, " times in all")}.",
            RecoveryKind.LongerTimeout => $"Give {(action.Step is null ? "the run" : step)} more time{Said(action.TimeoutMs, " ms")}.",
            RecoveryKind.AnotherModel => $"Ask another model{(action.Model is { } model ? $": {model}" : "")}.",
            RecoveryKind.RaiseBudget => $"Raise the budget{(action.BudgetCents is { } cents ? string.Create(CultureInfo.InvariantCulture, $": {cents} cents") : "")}.",
            RecoveryKind.UseFallback => $"Call the fallback{(action.Fallback is { } other ? $" {other}" : "")} in place of {step}.",
            RecoveryKind.SkipStep => $"Skip {step} and go on.",
            RecoveryKind.ChangeParameter => $"Correct {(action.Parameter is { } parameter ? $"the parameter {parameter}" : "a parameter")} of {step}.",
            RecoveryKind.Escalate => "Ask somebody with the rights, the money or the knowledge; approve and retry once that is done.",
            _ => "Nothing to do: leave the run as it is.",
        };
    }

    public static void Write(Utf8JsonWriter writer, RecoveryAction action)
    {
        writer.WriteStartObject();
        writer.WriteString("kind", action.Kind.Wire());
        if (action.Step is { } step) writer.WriteString("step", step);
        if (action.DelayMs is { } delay) writer.WriteNumber("delay_ms", delay);
        if (action.MaxAttempts is { } attempts) writer.WriteNumber("max_attempts", attempts);
        if (action.TimeoutMs is { } timeout) writer.WriteNumber("timeout_ms", timeout);
        if (action.Model is { } model) writer.WriteString("model", model);
        if (action.BudgetCents is { } budget) writer.WriteNumber("budget_cents", budget);
        if (action.Fallback is { } fallback) writer.WriteString("fallback", fallback);
        if (action.Parameter is { } parameter) writer.WriteString("parameter", parameter);
        if (action.Value is { } value)
        {
            writer.WritePropertyName("value");
            value.WriteTo(writer);
        }

        writer.WriteEndObject();
    }

    /// <summary>An action, or what is wrong with it. It has a kind and no member that has no meaning.</summary>
    public static (RecoveryAction? Action, string? Wrong) Read(JsonElement data)
    {
        if (data.ValueKind != JsonValueKind.Object || data.GetText("kind") is not { } name || Kind(name) is not { } kind)
            return (null, $"An action is an object whose kind is one of {string.Join(", ", Names.Select(one => one.Name))}.");
        var action = new RecoveryAction(kind);
        foreach (var member in data.EnumerateObject())
        {
            if (member.Name == "kind" || member.Value.ValueKind == JsonValueKind.Null) continue;
            if (With(action, member.Name, member.Value) is not { } next) return (null, $"{(member.Name.Length > 64 ? member.Name[..64] : member.Name)} of an action is {Meaning(member.Name)}.");
            action = next;
        }

        return (action, null);
    }

    private static RecoveryAction? With(RecoveryAction action, string name, JsonElement value) => name switch
    {
        "step" => TextOf(value) is { } step ? action with { Step = step } : null,
        "delay_ms" => Whole(value, 0, 604_800_000) is { } delay ? action with { DelayMs = delay } : null,
        "max_attempts" => Whole(value, 1, 100) is { } attempts ? action with { MaxAttempts = (int)attempts } : null,
        "timeout_ms" => Whole(value, 1, 604_800_000) is { } timeout ? action with { TimeoutMs = timeout } : null,
        "model" => TextOf(value) is { } model ? action with { Model = model } : null,
        "budget_cents" => value.ValueKind == JsonValueKind.Number && value.TryGetDecimal(out var cents) && cents is >= 0 and <= 9_000_000_000m ? action with { BudgetCents = cents } : null,
        "fallback" => TextOf(value) is { } fallback ? action with { Fallback = fallback } : null,
        "parameter" => TextOf(value) is { } parameter ? action with { Parameter = parameter } : null,
        "value" => value.GetRawText().Length <= ValueBytesMax ? action with { Value = value } : null,
        _ => null,
    };

    private static string Meaning(string name) => name switch
    {
        "step" or "model" or "fallback" or "parameter" => $"a text of 1 to {TextMax} characters",
        "delay_ms" or "timeout_ms" => "a whole number of milliseconds, at most a week",
        "max_attempts" => "a whole number from 1 to 100",
        "budget_cents" => "a number of cents from 0 to 9,000,000,000",
        "value" => $"JSON of at most {ValueBytesMax} characters",
        _ => "nothing that is known here",
    };

    private static string? TextOf(JsonElement value) =>
        value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 and <= TextMax } text && !text.Contains('\0', StringComparison.Ordinal) ? text : null;

    private static long? Whole(JsonElement value, long from, long to) => value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) && number >= from && number <= to ? number : null;

    private static string After(long? delay) => delay is { } ms ? string.Create(CultureInfo.InvariantCulture, $" {ms} ms after it failed") : " later";

    private static string Said(long? number, string unit) => number is { } known ? string.Create(CultureInfo.InvariantCulture, $": {known}{unit}") : "";
}
