using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Runs;

/// <summary>A stored step as one JSON text.</summary>
internal static class StepForm
{
    internal static string Text(StoredStep step) => Json.Write(writer =>
    {
        var sdk = step.Sdk;
        writer.WriteStartObject();
        writer.WriteNumber("i", sdk.StepIndex);
        writer.WriteString("skill_id", sdk.SkillId);
        writer.WriteString("skill_name", step.SkillName);
        writer.WriteString("input_hash", sdk.InputHash);
        writer.WriteString("output_hash", sdk.OutputHash);
        writer.WriteString("rng", sdk.RngStateBefore);
        writer.WriteString("outcome", sdk.Outcome);
        writer.WriteString("key", sdk.IdempotencyKey);
        writer.WriteString("behavior", sdk.ReplayBehavior);
        writer.WriteNumber("duration_ms", sdk.DurationMs);
        writer.WriteString("timestamp", sdk.Timestamp);
        writer.WriteString("status", step.Status);
        writer.WriteString("category", step.Category);
        writer.WriteString("code", step.Code);
        writer.WritePropertyName("params");
        step.Params.WriteTo(writer);
        writer.WritePropertyName("data");
        (step.Data ?? Json.Null).WriteTo(writer);
        writer.WriteNumber("cost_cents", step.CostCents);
        writer.WriteNumber("retries", step.Retries);
        writer.WriteEndObject();
    }).GetRawText();

    internal static StoredStep Read(JsonElement body)
    {
        string Of(string name) => body.GetText(name)!;
        var sdk = new TraceStep11(
            body.GetProperty("i").GetInt32(), Of("skill_id"), Of("input_hash"), Of("output_hash"), Of("rng"), Of("outcome"), body.GetText("key"), Of("behavior"),
            body.GetProperty("duration_ms").GetDecimal(), body.GetText("code"), body.GetText("timestamp"));
        return new StoredStep(
            sdk, Of("skill_name"), Of("status"), Of("category"), body.GetText("code"), body.GetProperty("params"),
            body.GetProperty("data") is { ValueKind: not JsonValueKind.Null } data ? data : null, body.GetProperty("cost_cents").GetDecimal(), body.GetProperty("retries").GetInt32());
    }
}
