using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Aos.Kernel;

/// <summary>Brings every accepted shape of a plan into the normal one.</summary>
internal static partial class PlanShapes
{
    private static readonly string[] NormalMarks =
        ["name", "inputs", "output", "seed", "timeout", "on_failure", "external_calls"];

    /// <summary>Members of a step that mean the same in every shape: left out, the step would silently do something else.</summary>
    private static readonly string[] Kept =
        ["max_cost_cents", "idempotency_key", "when", "timeout", "for_each", "as", "max_parallel", "fallback_only", "replay_behavior"];

    /// <summary>The same of a plan whose steps have older names; beside a list of steps they may be members of a request.</summary>
    private static readonly string[] KeptOfPlan = ["output", "on_failure"];

    private static readonly string[] KeptObjects = ["repeat", "compensate"];

    /// <summary>What a step does that calls no skill.</summary>
    private static readonly string[] Actions = ["sleep", "await", "run", "agent"];

    /// <summary>The plan in the normal shape, and whether it was written in it (then unknown members are mistakes).</summary>
    internal static (JsonElement Plan, bool IsStrict) Normalise(JsonElement source)
    {
        if (source.ValueKind == JsonValueKind.Array) return (FromSteps(source, source, "plan"), false);
        if (source.ValueKind != JsonValueKind.Object) return (source, true);
        if (source.Get("plan") is { ValueKind: JsonValueKind.Array } plan) return (FromSteps(source, plan, "plan"), false);
        if (source.Get("steps") is not { ValueKind: JsonValueKind.Array } steps) return (source, true);
        var legacy = steps.EnumerateArray().Any(step => step.Get("step_id") is not null || step.Get("skill_id") is not null)
            || !NormalMarks.Any(mark => source.Get(mark) is not null);
        return legacy ? (FromSteps(source, steps, "plan", isPlan: true), false) : (WithIds(source, steps), true);
    }

    private static JsonElement WithIds(JsonElement source, JsonElement steps) =>
        source.Raw().IndexOf("steps["u8) >= 0 ? Json.Parse(ByIndex(source.GetRawText(), steps, Ids(steps))) : source;

    private static JsonElement FromSteps(JsonElement source, JsonElement steps, string name, bool isPlan = false)
    {
        var ids = Ids(steps);
        var normal = Json.Write(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("name", source.GetText("name") ?? source.GetText("plan_id") ?? source.GetText("id") ?? source.GetText("workflow_id") ?? name);
            if (source.GetText("version") is { } version) writer.WriteString("version", version);
            if (source.GetText("goal") is { } goal) writer.WriteString("goal", goal);
            WriteBudget(writer, source);
            WriteEnds(writer, source, isPlan);
            if (source.Get("external_calls") is { } calls) Copy(writer, "external_calls", calls);
            if (source.Get("seed") is { ValueKind: JsonValueKind.Number } seed) Copy(writer, "seed", seed);
            writer.WriteStartArray("steps");
            var index = 0;
            foreach (var step in steps.EnumerateArray()) WriteStep(writer, step, ids[index++]);
            writer.WriteEndArray();
            writer.WriteEndObject();
        });
        // Most lists are written in no older dialect: what was just parsed need not be written and parsed again.
        var text = normal.Raw();
        var isPlain = text.IndexOf("steps["u8) < 0 && text.IndexOf("{{"u8) < 0 && text.IndexOf("${"u8) < 0;
        return isPlain ? normal : Json.Parse(Dialects(ByIndex(normal.GetRawText(), steps, ids), ids));
    }

    private static List<string> Ids(JsonElement steps)
    {
        var ids = new List<string>();
        foreach (var step in steps.EnumerateArray())
        {
            var id = step.Get("step_id") ?? step.Get("id");
            ids.Add(id switch
            {
                { ValueKind: JsonValueKind.String } text => text.GetString()!,
                { ValueKind: JsonValueKind.Number } number => "s" + number.GetRawText(),
                _ => string.Create(CultureInfo.InvariantCulture, $"s{ids.Count + 1}"),
            });
        }

        return ids;
    }

    private static void WriteBudget(Utf8JsonWriter writer, JsonElement source)
    {
        if (source.Get("budget_ceiling_cents") is { ValueKind: JsonValueKind.Number } ceiling) Copy(writer, "budget_cents", ceiling);
        else if (source.Get("budget_cents") is { } cents) Copy(writer, "budget_cents", cents);
        else if (source.Get("budget")?.Get("max_cost_usd") is { ValueKind: JsonValueKind.Number } usd && usd.TryGetDecimal(out var dollars))
            writer.WriteNumber("budget_cents", dollars * 100);
    }

    /// <summary>When the run ends, how, and with what.</summary>
    private static void WriteEnds(Utf8JsonWriter writer, JsonElement source, bool isPlan)
    {
        if (source.Get("timeout_seconds") is { ValueKind: JsonValueKind.Number } timeout) Copy(writer, "timeout", timeout);
        else if (isPlan && source.Get("timeout") is { ValueKind: not JsonValueKind.Null } written) Copy(writer, "timeout", written);
        foreach (var member in isPlan ? KeptOfPlan : [])
        {
            if (source.Get(member) is { ValueKind: not JsonValueKind.Null } value) Copy(writer, member, value);
        }
    }

    private static void WriteStep(Utf8JsonWriter writer, JsonElement step, string id)
    {
        if (step.ValueKind != JsonValueKind.Object)
        {
            step.WriteTo(writer);
            return;
        }

        writer.WriteStartObject();
        writer.WriteString("id", id);
        var skill = step.Get("skill") ?? step.Get("skill_id");
        if (skill is { } named) Copy(writer, "skill", named.ValueKind == JsonValueKind.String ? Json.Of(SkillNames.Bare(named.GetString()!)) : named);
        if (step.GetText("description") is { } description) writer.WriteString("description", description);
        var written = step.Get("params") ?? step.Get("inputs");
        var parameters = written ?? Json.EmptyObject;
        if (skill is not null || written is not null)
        {
            writer.WritePropertyName("params");
            WriteParams(writer, parameters);
        }

        if (step.Get("depends_on") is { ValueKind: JsonValueKind.Array } depends && depends.GetArrayLength() > 0) Copy(writer, "depends_on", depends);
        WriteRetry(writer, step, parameters);
        WriteOnError(writer, step, id);
        WriteKept(writer, step, skill is not null);
        writer.WriteEndObject();
        if (step.Get("fallback") is { ValueKind: JsonValueKind.Object } fallback) WriteFallback(writer, fallback, id);
    }

    private static void WriteKept(Utf8JsonWriter writer, JsonElement step, bool callsSkill)
    {
        foreach (var member in Kept)
        {
            if (step.Get(member) is { ValueKind: not JsonValueKind.Null } value) Copy(writer, member, value);
        }

        foreach (var member in KeptObjects)
        {
            if (step.Get(member) is { ValueKind: JsonValueKind.Object } value) Copy(writer, member, value);
        }

        if (callsSkill) return;
        foreach (var member in Actions)
        {
            if (step.Get(member) is { ValueKind: not JsonValueKind.Null } value) Copy(writer, member, value);
        }
    }

    private static void WriteParams(Utf8JsonWriter writer, JsonElement parameters)
    {
        if (parameters.ValueKind != JsonValueKind.Object)
        {
            parameters.WriteTo(writer);
            return;
        }

        writer.WriteStartObject();
        foreach (var member in parameters.EnumerateObject())
        {
            if (member.Name == "retry" && member.Value.ValueKind == JsonValueKind.Object) continue;
            if (member.Name == "input_path" && member.Value.ValueKind == JsonValueKind.String
                && member.Value.GetString()!.StartsWith("$.steps[", StringComparison.Ordinal))
                writer.WriteString("input", "${{ " + member.Value.GetString()![2..] + " }}");
            else
                Copy(writer, member.Name, member.Value);
        }

        writer.WriteEndObject();
    }

    private static void WriteRetry(Utf8JsonWriter writer, JsonElement step, JsonElement parameters)
    {
        decimal? attempts = null, backoff = null;
        if (parameters.Get("retry") is { ValueKind: JsonValueKind.Object } inner)
        {
            attempts = Number(inner.Get("max_attempts"));
            backoff = Number(inner.Get("backoff_seconds"));
        }
        else if (Number(step.Get("retry_count")) is { } count)
        {
            attempts = Math.Max(count, 1);
        }
        else if (step.Get("retry") is { ValueKind: JsonValueKind.True })
        {
            attempts = (Number(step.Get("max_retries")) ?? 3) + 1;
        }

        if (attempts is null && step.Get("retry") is { ValueKind: JsonValueKind.Object } clause) Copy(writer, "retry", clause);
        if (attempts is null) return;
        writer.WriteStartObject("retry");
        writer.WriteNumber("max_attempts", attempts.Value);
        if (backoff is { } seconds) writer.WriteNumber("backoff", seconds);
        writer.WriteEndObject();
    }

    private static void WriteOnError(Utf8JsonWriter writer, JsonElement step, string id)
    {
        if (step.Get("fallback") is { ValueKind: JsonValueKind.Object })
        {
            writer.WriteStartObject("on_error");
            writer.WriteString("fallback", id + "_fallback");
            writer.WriteEndObject();
        }
        else if (step.GetText("on_error") is { } onError)
        {
            writer.WriteString("on_error", onError == "retry" ? "abort" : onError);
        }
        else if (step.Get("on_error") is { ValueKind: JsonValueKind.Object } clause)
        {
            Copy(writer, "on_error", clause);
        }
    }

    private static void WriteFallback(Utf8JsonWriter writer, JsonElement fallback, string id)
    {
        writer.WriteStartObject();
        writer.WriteString("id", id + "_fallback");
        writer.WriteBoolean("fallback_only", true);
        writer.WriteString("skill", SkillNames.Bare(fallback.GetText("skill") ?? ""));
        writer.WritePropertyName("params");
        WriteParams(writer, fallback.Get("params") ?? Json.EmptyObject);
        writer.WriteEndObject();
    }

    private static decimal? Number(JsonElement? value) =>
        value is { ValueKind: JsonValueKind.Number } number && number.TryGetDecimal(out var n) ? n : null;

    private static void Copy(Utf8JsonWriter writer, string name, JsonElement value)
    {
        writer.WritePropertyName(name);
        value.WriteTo(writer);
    }

    /// <summary>
    /// <c>steps[0].result</c> means the step at that place. Of a <c>json_transform</c> with a query it means the value the query
    /// gave: clients that refer by place know no envelope around it.
    /// </summary>
    private static string ByIndex(string json, JsonElement steps, List<string> ids) => StepIndex().Replace(json, match =>
    {
        if (!int.TryParse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture, out var index) || index >= ids.Count) return match.Value;
        var step = steps[index];
        var isBare = match.Groups[2].Length > 0 && (step.GetText("skill") ?? step.GetText("skill_id")) == "json_transform"
            && (step.Get("params") ?? step.Get("inputs"))?.Get("query") is not null;
        return $"steps.{ids[index]}{match.Groups[2].Value}{(isBare ? ".result" : "")}";
    });

    /// <summary><c>{{s1.body.x}}</c> and <c>${s1.body}</c> mean the result of a step, when a step has that id.</summary>
    private static string Dialects(string json, List<string> ids)
    {
        if (!json.Contains('{', StringComparison.Ordinal)) return json;
        json = Braces().Replace(json, match => Translate(match, ids));
        return Dollar().Replace(json, match => Translate(match, ids));
    }

    private static string Translate(Match match, List<string> ids)
    {
        var path = match.Groups[1].Value.Trim();
        var dot = path.IndexOf('.', StringComparison.Ordinal);
        var id = dot < 0 ? path : path[..dot];
        return ids.Contains(id) ? $"${{{{ steps.{id}.result{(dot < 0 ? "" : path[dot..])} }}}}" : match.Value;
    }

    [GeneratedRegex(@"steps\[([0-9]{1,5})\](\.result\b(?!\.result\b))?", RegexOptions.CultureInvariant)]
    private static partial Regex StepIndex();

    [GeneratedRegex(@"(?<!\$)\{\{\s*([A-Za-z_][\w.\-]*)\s*\}\}", RegexOptions.CultureInvariant)]
    private static partial Regex Braces();

    [GeneratedRegex(@"\$\{([A-Za-z_][\w.\-]*)\}", RegexOptions.CultureInvariant)]
    private static partial Regex Dollar();
}
