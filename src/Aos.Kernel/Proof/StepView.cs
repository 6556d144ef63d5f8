using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;

namespace Aos.Kernel;

/// <summary>A run's state as trace steps. Steps that have not ended are left out, but for those that wait for their next try.</summary>
public static class StepView
{
    /// <summary>The steps as the server's traces show them.</summary>
    public static ImmutableArray<TraceStep> Server(RunState state)
    {
        var steps = ImmutableArray.CreateBuilder<TraceStep>();
        for (var i = 0; i < state.Steps.Length; i++)
        {
            var step = state.Steps[i];
            if (Status(step) is not { } status) continue;
            var failure = step.Failure ?? step.Calls.Select(call => call.Outcome?.Failure).FirstOrDefault(found => found is not null && status == "retry");
            steps.Add(new TraceStep(
                i, Skill(state.Plan.Steps[i]), Params(state, i), status, failure is null ? "SUCCESS" : failure.Category.ToString().ToUpperInvariant(),
                failure?.Code, step.Result, step.Cost, Duration(step), Retries(step), step.EndedAt ?? step.StartedAt ?? state.LastAt));
        }

        return steps.ToImmutable();
    }

    /// <summary>The run as a trace of schema 1.1, finalized when the run is over.</summary>
    public static Trace11 Sdk(RunState state)
    {
        var start = state.Start!;
        var trace = new Trace11
        {
            Seed = start.Seed.ToString(CultureInfo.InvariantCulture),
            Timestamp = Time(start.At),
            Tenant = start.Tenant.Value,
            Plan = start.Plan.Source.Get("steps") ?? Json.EmptyArray,
            Steps =
            [
                .. Server(state).Where(step => step.Status != "retry").Select(step => new TraceStep11(
                    step.StepIndex, step.SkillName, PythonJson.HashData(step.Params), OutputHash(state, step),
                    Chance.OfStep(start.Seed, step.StepIndex).State(), step.Status, null, Behavior(start.Plan.Steps[step.StepIndex]), (decimal)step.Duration.TotalMilliseconds, step.Code, Time(step.At))),
            ],
            Metadata = Json.Write(writer =>
            {
                writer.WriteStartObject();
                writer.WriteString("run_id", start.Run.ToString());
                writer.WriteString("agent_id", start.AgentId);
                writer.WriteString("status", state.Status.Wire());
                if (state.End is { } end) writer.WriteString("aos_root_hash", end.RootHash);
                writer.WriteEndObject();
            }),
        };
        return state.Status.IsOver() ? trace.Finalize() : trace;
    }

    /// <summary>The SDK's hash of a step's result, of which only what its skill promises to be stable counts.</summary>
    public static string OutputHash(RunState state, TraceStep step)
    {
        var stable = state.Plan.Steps[step.StepIndex].Skill is { } skill && state.Start!.Terms.TryGetValue(skill, out var terms) ? terms.StableFields : [];
        var data = step.Data ?? Json.Null;
        return PythonJson.HashData(stable.IsEmpty ? data : Json.Write(writer => WriteStable(writer, data, stable, state.Steps[step.StepIndex].Items is not null)));
    }

    /// <summary>Of a step's result the part that its skill promises to be stable; null: it has none.</summary>
    public static JsonElement? Stable(RunState state, int index)
    {
        if (state.Steps[index].Result is not { } data) return null;
        var stable = state.Plan.Steps[index].Skill is { } skill && state.Start!.Terms.TryGetValue(skill, out var terms) ? terms.StableFields : [];
        return Stable(data, stable, state.Steps[index].Items is not null);
    }

    /// <summary>The members of a result that are stable; all of it when none is named.</summary>
    public static JsonElement Stable(JsonElement data, ImmutableArray<string> stable, bool isList = false) =>
        stable.IsEmpty ? data : Json.Write(writer => WriteStable(writer, data, stable, isList));

    /// <summary>The step's <c>replay_behavior</c> as traces write it.</summary>
    public static string Behavior(PlanStep step) => step.Replay switch
    {
        ReplayBehavior.Skip => "skip",
        ReplayBehavior.Check => "check",
        _ => "execute",
    };

    /// <summary>The name of what a step does: its skill, or <c>wait</c>, <c>await</c>, <c>run</c>, <c>agent</c>.</summary>
    public static string Skill(PlanStep step) => step.Kind switch
    {
        StepKind.Skill => step.Skill!,
        StepKind.Sleep => "wait",
        StepKind.Await => "await",
        StepKind.Child => "run",
        _ => "agent",
    };

    /// <summary>The parameters a step went out with; of a <c>for_each</c> its items and template.</summary>
    public static JsonElement Params(RunState state, int index)
    {
        var plan = state.Plan.Steps[index];
        var step = state.Steps[index];
        return plan.Kind switch
        {
            StepKind.Sleep => Member("ms", Json.Of((decimal)plan.Sleep!.Value.TotalMilliseconds)),
            StepKind.Await when plan.Await!.Approval is { } approval => Member("approval_level", Json.Of((decimal)approval.Level)),
            StepKind.Await => Member("signal", Json.Of(plan.Await!.Signal ?? "")),
            StepKind.Agent => Member("goal", Template.Evaluate(plan.Agent!.Goal, new RunScope(state, index, -1)).Value ?? plan.Agent.Goal),
            StepKind.Child => Template.Evaluate(plan.Child!.Inputs, new RunScope(state, index, -1)).Value ?? plan.Child.Inputs,
            StepKind.Skill when step.Items is { } items => Json.Write(writer =>
            {
                writer.WriteStartObject();
                writer.WritePropertyName("for_each");
                items.WriteTo(writer);
                writer.WritePropertyName("params");
                plan.Params.WriteTo(writer);
                writer.WriteEndObject();
            }),
            _ => step.Calls is [{ Started: { } started }, ..] ? started.Params : Template.Evaluate(plan.Params, new RunScope(state, index, -1)).Value ?? plan.Params,
        };
    }

    private static void WriteStable(Utf8JsonWriter writer, JsonElement data, ImmutableArray<string> stable, bool isList)
    {
        if (isList && data.ValueKind == JsonValueKind.Array)
        {
            writer.WriteStartArray();
            foreach (var item in data.EnumerateArray()) WriteStable(writer, item, stable, false);
            writer.WriteEndArray();
            return;
        }

        if (data.ValueKind != JsonValueKind.Object)
        {
            data.WriteTo(writer);
            return;
        }

        writer.WriteStartObject();
        foreach (var name in stable)
        {
            if (data.Get(name) is not { } value) continue;
            writer.WritePropertyName(name);
            value.WriteTo(writer);
        }

        writer.WriteEndObject();
    }

    private static string? Status(StepState step) => step.Status switch
    {
        StepStatus.Succeeded or StepStatus.Compensated => "success",
        StepStatus.Failed => "failure",
        StepStatus.Skipped => "skipped",
        _ => step.Calls.Any(call => call.Status == CallStatus.Delayed) ? "retry" : null,
    };

    private static int Retries(StepState step) => step.Calls.Sum(call => Math.Max(call.Attempts - 1, 0));

    private static TimeSpan Duration(StepState step) => step is { StartedAt: { } from, EndedAt: { } to } ? to - from : TimeSpan.Zero;

    private static string Time(DateTimeOffset at) => at.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);

    private static JsonElement Member(string name, JsonElement value) => Json.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WritePropertyName(name);
        value.WriteTo(writer);
        writer.WriteEndObject();
    });
}
