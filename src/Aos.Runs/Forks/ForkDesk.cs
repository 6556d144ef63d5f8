using System.Collections.Immutable;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Runs;

/// <summary>Makes forks: cuts the origin, fits the plan, and starts the new run by the door that every run comes in by.</summary>
internal sealed class ForkDesk(Records records, ISkills skills, IRuns runs) : IForks
{
    private const string ModelSkill = "llm_invoke";

    public async Task<StartReply?> ForkAsync(Caller caller, RunId origin, ForkRequest request, CancellationToken cancel)
    {
        if (await records.LoadAsync(caller.Tenant, origin, int.MaxValue, cancel) is not ({ } latest, _)) return null;
        var now = Sound(origin, latest);
        var was = now;
        if (request.FromEvent is { } seq)
        {
            if (seq > now.Seq) return Refused("INVALID_INPUT", $"from_event: the run has {now.Seq} events.");
            var (earlier, _) = await records.LoadAsync(caller.Tenant, origin, seq, cancel);
            was = Sound(origin, earlier!);
        }

        var start = was.Start!;
        if (caller.AgentId is { } bound && bound != start.AgentId)
            return Refused("PERMISSION_DENIED", $"This key acts for the agent {bound} only; the run is of {start.AgentId}.");
        var (taken, refusal) = Forks.Cut(was, now, request.FromStep);
        if (refusal is not null) return new StartReply.Refused(refusal);
        var (plan, wrong) = Fit(start.Plan, request, taken);
        if (plan is null) return new StartReply.Refused(wrong!);
        var cost = taken.Aggregate(Cents.Zero, (sum, step) => sum + step.Cost);
        return await runs.StartAsync(
            caller,
            new StartRequest(start.AgentId, plan, request.Inputs ?? start.Inputs, request.Seed ?? start.Seed, request.Budget ?? start.Budget, start.Labels, request.Key, plan.Goal)
            {
                Priority = start.Priority,
                Calls = start.Calls,
                Fork = new ForkOrder(new ForkOrigin(origin, was.Seq, request.FromStep, cost, request.Reason) { Suggestion = request.Suggestion }, taken),
            },
            cancel);
    }

    /// <summary>The plan of the fork, read by what is known of skills now; or why there is none.</summary>
    private (Plan? Plan, Failure? Wrong) Fit(Plan origin, ForkRequest request, ImmutableArray<StepTaken> taken)
    {
        var source = request.Plan ?? origin.Source;
        var reading = skills.ReadPlan(source);
        if (reading.Plan is not { } plan) return (null, Admission.Refusal(reading.Problems));
        if (Forks.Changed(origin, plan, taken) is { } changed) return (null, changed);
        if (request.Model is not { } model) return (plan, null);
        if (WithModel(plan, model, taken.Select(step => step.Step).ToHashSet()) is not { } another)
            return (null, FailureCatalog.Fail("INVALID_INPUT", $"model: no step after the fork point calls a model ({ModelSkill})."));
        reading = skills.ReadPlan(another);
        return reading.Plan is { } fitted ? (fitted, null) : (null, Admission.Refusal(reading.Problems));
    }

    /// <summary>The plan with this model in every model call that is done anew; null: there is none.</summary>
    private static JsonElement? WithModel(Plan plan, string model, HashSet<int> taken)
    {
        var anew = plan.Steps.Where(step => step.Skill == ModelSkill && !taken.Contains(step.Index)).Select(step => step.Index).ToHashSet();
        if (anew.Count == 0) return null;
        return Json.Write(writer => WriteWith(writer, plan.Source, "steps", steps =>
        {
            writer.WriteStartArray();
            var index = 0;
            foreach (var step in steps.EnumerateArray())
            {
                if (anew.Contains(index++)) WriteWith(writer, step, "params", parameters => WriteWith(writer, parameters, "model", _ => writer.WriteStringValue(model)));
                else step.WriteTo(writer);
            }

            writer.WriteEndArray();
        }));
    }

    /// <summary>An object with one member written anew, which is added where it was missing.</summary>
    private static void WriteWith(Utf8JsonWriter writer, JsonElement value, string name, Action<JsonElement> write)
    {
        writer.WriteStartObject();
        foreach (var member in value.EnumerateObject().Where(member => member.Name != name)) member.WriteTo(writer);
        writer.WritePropertyName(name);
        write(value.Get(name) ?? Json.EmptyObject);
        writer.WriteEndObject();
    }

    private static StartReply.Refused Refused(string code, string message) => new(FailureCatalog.Fail(code, message));

    private static RunState Sound(RunId run, Record record) =>
        record.Ok ? record.State : throw new JournalCorruptException(run, record.Seq ?? 0, record.Reason!);
}
