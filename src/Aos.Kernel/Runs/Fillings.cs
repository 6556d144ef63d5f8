using System.Collections.Immutable;
using System.Text.Json;

namespace Aos.Kernel;

/// <summary>
/// What of the parameters of a call to a model came in through templates. Nothing of it is journaled: it follows from the state, by the
/// same evaluation that filled the parameters, so nobody who writes the data can move its borders.
/// </summary>
internal static class Fillings
{
    /// <summary>Null: it cannot be told, because the templates no longer give what the call was started with.</summary>
    internal static IReadOnlyList<Filling>? Of(RunState state, int index, StepStarted started, JsonElement parameters)
    {
        var step = state.Plan.Steps[index];
        if (started.Effect.Compensation) return null;
        if (started.Turn is not null) return step.Agent is { } clause ? OfTurn(clause, new RunScope(state, index, -1)) : null;
        if (!Template.HasExpressions(step.Params)) return [];
        var (value, fillings) = Template.Filled(step.Params, new RunScope(state, index, started.Effect.Item), "");
        return value is { } filled && CanonicalJson.Text(filled) == CanonicalJson.Text(parameters) ? fillings : null;
    }

    /// <summary>The goal is the first message; instructions may have the schema of the answer behind them, which moves nothing.</summary>
    private static IReadOnlyList<Filling> OfTurn(AgentClause clause, RunScope scope)
    {
        var goal = Of(clause.Goal, scope, "messages[0].content");
        return clause.System is { } system ? [.. goal, .. Of(system, scope, "system_prompt")] : goal;
    }

    private static ImmutableArray<Filling> Of(JsonElement template, RunScope scope, string path)
    {
        if (!Template.HasExpressions(template)) return [];
        var (value, fillings) = Template.Filled(template, scope, path);
        if (value is not { } filled) return [];
        // A value that is no text is written as one.
        return [.. fillings.Select(one => one.Length >= 0 && one.Path == path ? one : new Filling(path, 0, Template.AsText(filled).Length, one.Expression))];
    }
}
