using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Aos.Kernel;

/// <summary>What a template of a step can see. A function of the state: evaluating again gives the same value.</summary>
internal sealed class RunScope(RunState state, int step, int item) : IScope
{
    private int uuids;
    private (string Id, JsonElement Result)? round;

    /// <summary>The time the step became ready: the same however often and whenever its templates are evaluated.</summary>
    public DateTimeOffset Now => ReadyAt(state, step);

    /// <summary>Lets <c>until</c> see the result of the round just completed.</summary>
    internal RunScope WithRound(string id, JsonElement result)
    {
        round = (id, result);
        return this;
    }

    public JsonElement? Resolve(string root)
    {
        if (root == "inputs") return state.Start!.Inputs;
        if (root == "run") return Run(state.Start!);
        if (item >= 0 && state.Steps[step].Listed is { } items)
        {
            if (root == "index") return Json.Of((decimal)item);
            if (string.Equals(root, state.Plan.Steps[step].As, StringComparison.Ordinal)) return items.Parts[item];
        }

        return null;
    }

    public JsonElement? Step(string id, string member)
    {
        if (round is { } now && string.Equals(now.Id, id, StringComparison.Ordinal) && member == "result") return now.Result;
        var index = state.Plan.IndexOf(id);
        if (index < 0) return null;
        var s = state.Steps[index];
        return member switch
        {
            "result" or "results" => s.Result,
            "status" => Json.Of(s.Status.Wire()),
            "cost_cents" => Json.Of(s.Cost.Value),
            "outcome" => s.Status.IsOver() ? Outcome(s, state.Start!.Rule >= KernelRule.Scale) : null,
            _ => null,
        };
    }

    public JsonElement? Memory(string key) => Memories.Find(state, step, key);

    public IReadOnlyList<JsonElement>? List(string id, string member)
    {
        if (member is not ("result" or "results") || (round is { } now && string.Equals(now.Id, id, StringComparison.Ordinal))) return null;
        var index = state.Plan.IndexOf(id);
        return index >= 0 && state.Steps[index].Results is { Json.ValueKind: JsonValueKind.Array } list ? list.Parts : null;
    }

    public Guid NextUuid()
    {
        var call = item >= 0 ? item : 0;
        var rounds = state.Steps[step].Calls is { Length: > 0 } calls && call < calls.Length ? calls[call].Rounds : 0;
        var bytes = SHA256.HashData(Encoding.UTF8.GetBytes($"uuid:{state.Start!.Seed}:{step}:{item}:{rounds}:{uuids++}")).AsSpan(0, 16);
        bytes[6] = (byte)(0x80 | (bytes[6] & 0x0F)); // version 8: of our own making
        bytes[8] = (byte)(0x80 | (bytes[8] & 0x3F));
        return new Guid(bytes, bigEndian: true);
    }

    private static DateTimeOffset ReadyAt(RunState state, int step)
    {
        var at = state.StartedAt;
        if (step < 0) return state.LastAt;
        if (state.Steps[step].StartedAt is { } started) return started;
        foreach (var dependency in state.Plan.Steps[step].DependsOn)
        {
            if (state.Steps[dependency].EndedAt is { } ended && ended > at) at = ended;
        }

        return at;
    }

    private static JsonElement Run(RunStarted start) => Json.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("id", start.Run.ToString());
        writer.WriteString("seed", start.Seed.ToString(System.Globalization.CultureInfo.InvariantCulture));
        writer.WriteString("agent_id", start.AgentId);
        writer.WriteString("tenant_id", start.Tenant.Value);
        writer.WriteEndObject();
    });

    private static JsonElement Outcome(StepState s, bool tellsItems) => Json.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteBoolean("ok", s.Status == StepStatus.Succeeded);
        writer.WriteString("status", s.Status.Wire());
        if (s.Failure is { } failure)
        {
            writer.WriteString("code", failure.Code);
            writer.WriteString("category", failure.Category.ToString().ToUpperInvariant());
            writer.WriteString("message", failure.Message);
            writer.WriteBoolean("retryable", failure.Retryable);
        }

        if (s.Result is { } result)
        {
            writer.WritePropertyName("result");
            result.WriteTo(writer);
        }

        if (tellsItems && s.Listed is not null) WriteItems(writer, s);
        writer.WriteEndObject();
    });

    /// <summary>Which items failed, and why.</summary>
    private static void WriteItems(Utf8JsonWriter writer, StepState s)
    {
        writer.WriteNumber("items", s.Calls.Length);
        writer.WriteNumber("failed", s.Calls.Sum.Failed);
        writer.WriteStartArray("failures");
        for (var item = -1; (item = s.Calls.Next(item + 1, 0, static (sum, _) => sum.Failed > 0)) >= 0;)
        {
            writer.WriteStartObject();
            writer.WriteNumber("index", item);
            writer.WriteString("code", s.Calls[item].Outcome?.Failure?.Code);
            writer.WriteString("message", s.Calls[item].Outcome?.Failure?.Message);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }
}
