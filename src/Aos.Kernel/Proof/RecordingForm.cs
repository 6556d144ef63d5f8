using System.Text.Json;

namespace Aos.Kernel;

/// <summary>The data of a recording's lines, and what of it is compared.</summary>
internal static class RecordingForm
{
    internal static void WriteStart(Utf8JsonWriter writer, RunState state, bool isReplay)
    {
        var start = state.Start!;
        writer.WriteStartObject();
        writer.WriteString("format", Recording.Format);
        writer.WriteString("spec_id", start.Plan.Name);
        writer.WriteString("spec_name", start.Plan.Name);
        writer.WriteString("spec_version", start.Plan.Version);
        writer.WriteString("spec_hash", start.Plan.Hash);
        writer.WriteNumber("steps_count", start.Plan.Steps.Length);
        writer.WriteNumber("seed", start.Seed);
        writer.WriteBoolean("replay", isReplay);
        Value(writer, "inputs", Redactor.RedactAll(start.Inputs, Redaction.Secrets));
        writer.WriteString("inputs_hash", ContentHash.Hex(start.Inputs));
        writer.WriteStartObject("versions");
        foreach (var (name, terms) in start.Terms) writer.WriteString(name, terms.Version);
        writer.WriteEndObject();
        if (start.Budget is { } budget)
        {
            writer.WriteStartObject("budget_snapshot");
            writer.WriteNumber("budget_cents", budget.Value);
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
    }

    internal static void WriteStep(Utf8JsonWriter writer, RunState state, int index)
    {
        var (plan, step, parameters) = (state.Plan.Steps[index], state.Steps[index], StepView.Params(state, index));
        var stable = StepView.Stable(state, index);
        writer.WriteStartObject();
        writer.WriteNumber("index", index);
        writer.WriteString("step_id", plan.Id);
        writer.WriteString("skill_id", StepView.Skill(plan));
        Value(writer, "inputs", Redactor.RedactAll(parameters, Redaction.Secrets));
        writer.WriteString("inputs_hash", ContentHash.Hex(parameters));
        writer.WriteNumber("seed", Seeds.Step(state.Start!.Seed, index));
        writer.WriteBoolean("success", step.Status is StepStatus.Succeeded or StepStatus.Compensated);
        writer.WriteString("status", step.Status.Wire());
        Value(writer, "output", Redactor.RedactAll(step.Result ?? Json.Null, Redaction.Secrets));
        writer.WriteString("output_hash", ContentHash.Hex(stable ?? Json.Null));
        writer.WriteStartArray("side_effects");
        foreach (var effect in step.Calls.SelectMany(call => call.Outcome?.SideEffects ?? [])) writer.WriteStringValue($"{effect.Type}:{effect.Target}");
        writer.WriteEndArray();
        if (step.Failure is { } failure)
        {
            writer.WriteString("error_code", failure.Code);
            writer.WriteString("recovery_hint", failure.Advice);
        }

        writer.WriteEndObject();
    }

    internal static void WriteEnd(Utf8JsonWriter writer, RunEnded end)
    {
        writer.WriteStartObject();
        writer.WriteString("status", end.Status.Wire());
        if (end.Failure is { } failure) writer.WriteString("error_code", failure.Code);
        writer.WriteString("root_hash", end.RootHash);
        writer.WriteEndObject();
    }

    /// <summary>
    /// What is equal for equal runs: all data but whether it was a replay, and advice. Shown values are compared by the hashes of the
    /// true ones, so that two secrets differ and what no skill promises does not count.
    /// </summary>
    internal static JsonElement Compared(RecordedEvent e) => Json.Write(writer =>
    {
        writer.WriteStartObject();
        foreach (var member in e.Data.EnumerateObject())
        {
            if (member.Name is not ("replay" or "inputs" or "output" or "recovery_hint")) member.WriteTo(writer);
        }

        writer.WriteEndObject();
    });

    private static void Value(Utf8JsonWriter writer, string name, JsonElement value)
    {
        writer.WritePropertyName(name);
        value.WriteTo(writer);
    }
}
