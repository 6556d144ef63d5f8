using System.Globalization;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary>One call that has ended, as the journal tells it.</summary>
/// <param name="InputNames">Names of the parameters, never their values.</param>
internal sealed record Tried(RunId Run, string Step, string Skill, IReadOnlyList<string> InputNames, string? ErrorCode, string CallId, DateTimeOffset At)
{
    internal void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("run_id", Run.Value);
        writer.WriteString("step", Step);
        writer.WriteString("skill_id", Skill);
        SkillWire.WriteTexts(writer, "inputs_keys", InputNames);
        writer.WriteBoolean("ok", ErrorCode is null);
        writer.WriteString("error_code", ErrorCode);
        writer.WriteString("call_id", CallId);
        writer.WriteNumber("timestamp", At.ToUnixTimeMilliseconds() / 1000m);
        writer.WriteEndObject();
    }
}

/// <summary>What was tried already: the ended calls of a run, or of the newest runs, oldest first.</summary>
internal static class RunTries
{
    /// <summary>Newest runs read when no run is named.</summary>
    private const int RunsMax = 10;

    /// <summary>Events read of one run; of a longer one the older tries are not told.</summary>
    private const int EventsMax = 5_000;

    internal static async Task<IReadOnlyList<Tried>> OfAsync(HttpContext context, RunRow? run, string? agent)
    {
        var rows = run is not null ? [run] : await context.RequestServices.GetRequiredService<IRunRows>().ListAsync(
            new RunFilter(context.Caller().Tenant, agent, Limit: RunsMax), context.RequestAborted);
        var tries = new List<Tried>();
        foreach (var row in rows) tries.AddRange(await ReadAsync(context, row));
        return [.. tries.OrderBy(tried => tried.At)];
    }

    private static async Task<IEnumerable<Tried>> ReadAsync(HttpContext context, RunRow row)
    {
        var state = await context.RequestServices.GetRequiredService<IRuns>().ReadAsync(context.Caller(), row.Id, context.RequestAborted);
        if (state is null) return [];
        var journal = context.RequestServices.GetRequiredService<IJournal>();
        var entries = await journal.ReadRawAsync(row.Id, Math.Max(0, row.Seq - EventsMax), EventsMax, context.RequestAborted);
        return entries.Where(entry => entry.Kind is "call.succeeded.v1" or "call.failed.v1").Select(entry => Of(state, entry));
    }

    private static Tried Of(RunState state, JournalEntry entry)
    {
        var data = Json.Parse(entry.Body.Span).GetProperty("data");
        var id = EffectId.TryParse(data.GetText("effect"), out var effect) ? effect : default;
        var step = state.Plan.Steps[id.Step];
        var parameters = step.Kind == StepKind.Agent ? RunMachine.Params(state, id.Step, id.Item) ?? Json.Null : step.Params;
        var names = parameters.ValueKind == JsonValueKind.Object ? parameters.EnumerateObject().Select(member => member.Name).ToList() : [];
        var code = data.Get("outcome")?.Get("failure")?.GetText("code");
        return new Tried(
            state.Start!.Run, step.Id, (id.Compensation ? step.Compensate?.Skill : RunMachine.Skill(state, id.Step, id.Item)) ?? "", names,
            entry.Kind == "call.failed.v1" ? code ?? "UNKNOWN_ERROR" : null,
            string.Create(CultureInfo.InvariantCulture, $"{state.Start.Run}:{id}"), entry.At);
    }
}
