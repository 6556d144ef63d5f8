using System.Collections.Immutable;
using System.Text.Json;
using Aos.Kernel;

namespace Aos.CostSim;

/// <summary>One step of an answer, rounded as it is kept.</summary>
internal readonly record struct AnsweredStep(string Skill, decimal Cents, decimal Ms, decimal Confidence);

/// <summary>Where an answer is another one than before.</summary>
/// <param name="Skill">Null: it is no step's figure.</param>
/// <param name="Figure">Name of the member, as in the answer.</param>
internal sealed record AnswerChange(string? Skill, string Figure, string Was, string Is);

/// <summary>What a model says of a question, as far as it must say it again when it is asked again.</summary>
internal sealed record ModelAnswer(bool Feasible, string Status, long Cents, long DurationMs, ImmutableArray<AnsweredStep> Steps)
{
    /// <summary>Rounded as it is kept, so that an answer equals the one that is read back.</summary>
    internal static ModelAnswer Of(CostEstimate estimate) => Read(Json.Write(writer =>
    {
        writer.WriteStartObject();
        CostForms.WriteVerdict(writer, estimate);
        writer.WriteEndObject();
    }));

    /// <summary>Throws <see cref="FormatException"/>, <see cref="InvalidOperationException"/> or <see cref="KeyNotFoundException"/> for what is no answer.</summary>
    internal static ModelAnswer Read(JsonElement answer) => new(
        answer.GetProperty("feasible").GetBoolean(), Text(answer, "status"), answer.GetProperty("estimated_cost_cents").GetInt64(), answer.GetProperty("estimated_duration_ms").GetInt64(),
        [
            .. answer.GetProperty("step_estimates").EnumerateArray().Select(step => new AnsweredStep(
                Text(step, "skill_id"), step.GetProperty("cost_cents").GetDecimal(), step.GetProperty("latency_ms").GetDecimal(), step.GetProperty("confidence").GetDecimal())),
        ]);

    /// <summary>Members of an object, as they are read.</summary>
    internal void Write(Utf8JsonWriter writer)
    {
        writer.WriteBoolean("feasible", Feasible);
        writer.WriteString("status", Status);
        writer.WriteNumber("estimated_cost_cents", Cents);
        writer.WriteNumber("estimated_duration_ms", DurationMs);
        writer.WriteStartArray("step_estimates");
        foreach (var (index, step) in Steps.Index())
        {
            writer.WriteStartObject();
            writer.WriteNumber("step_index", index);
            writer.WriteString("skill_id", step.Skill);
            writer.WriteNumber("cost_cents", step.Cents);
            writer.WriteNumber("latency_ms", step.Ms);
            writer.WriteNumber("confidence", step.Confidence);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    /// <summary>64 hex digits, as the provenance has them.</summary>
    internal string Hash() => ContentHash.Hex(Json.Write(writer =>
    {
        writer.WriteStartObject();
        Write(writer);
        writer.WriteEndObject();
    }));

    /// <summary>The first figure that is another one now, those of steps before those of the whole: they name the cause. Null: none is.</summary>
    internal AnswerChange? ChangeTo(ModelAnswer now)
    {
        if (Steps.Length != now.Steps.Length) return new AnswerChange(null, "step_estimates", Text(Steps.Length), Text(now.Steps.Length));
        for (var i = 0; i < Steps.Length; i++)
        {
            if (Change(Steps[i], now.Steps[i]) is { } change) return change;
        }

        return Cents != now.Cents ? new AnswerChange(null, "estimated_cost_cents", Text(Cents), Text(now.Cents))
            : DurationMs != now.DurationMs ? new AnswerChange(null, "estimated_duration_ms", Text(DurationMs), Text(now.DurationMs))
            : Status != now.Status || Feasible != now.Feasible ? new AnswerChange(null, "status", Status, now.Status)
            : null;
    }

    /// <summary>As far as two answers are compared.</summary>
    internal CostEstimate Estimate() => new(Feasible, Status, Cents, DurationMs, 0, 1, 0, "", [], [], [], []);

    private static AnswerChange? Change(AnsweredStep was, AnsweredStep now) =>
        was.Skill != now.Skill ? new AnswerChange(was.Skill, "skill_id", was.Skill, now.Skill)
        : was.Cents != now.Cents ? new AnswerChange(was.Skill, "cost_cents", Text(was.Cents), Text(now.Cents))
        : was.Ms != now.Ms ? new AnswerChange(was.Skill, "latency_ms", Text(was.Ms), Text(now.Ms))
        : was.Confidence != now.Confidence ? new AnswerChange(was.Skill, "confidence", Text(was.Confidence), Text(now.Confidence))
        : null;

    private static string Text(JsonElement of, string name) => of.GetText(name) ?? throw new FormatException($"It has no {name}.");

    private static string Text(decimal number) => number.ToString("0.####", System.Globalization.CultureInfo.InvariantCulture);
}
