using System.Globalization;
using System.Text;
using Aos.Kernel;

namespace Aos.Campaigns;

/// <summary>
/// A plan drawn from a seed. All that the language has can come: lists and graphs, every kind of step, conditions, templates that hold and
/// templates that do not, stand-ins, what is undone, retries, timeouts, budgets.
/// </summary>
internal sealed class RandomPlan(Draw draw, int depth = 0)
{
    private readonly List<string> standIns = [];
    private bool isGraph;

    /// <summary>A plan that the reader takes; one that it refuses is drawn anew.</summary>
    internal static Plan Read(Draw draw, out string text)
    {
        while (true)
        {
            text = new RandomPlan(draw).Text();
            if (PlanReader.Read(Json.Parse(text), PlanSkills.All).Plan is { } plan) return plan;
        }
    }

    internal string Text()
    {
        isGraph = draw.OneIn(2);
        var count = 1 + draw.Below(depth == 0 ? 6 : 3);
        var steps = Enumerable.Range(0, count).Select(Step).ToList();
        var plan = new StringBuilder("""{"name":"random","inputs":{"n":{"type":"integer","default":3},"list":{"type":"array","default":[1,2,3]}},"steps":[""");
        plan.AppendJoin(',', steps.Concat(standIns)).Append(']');
        if (draw.OneIn(5)) plan.Append(Invariant($",\"budget_cents\":{draw.Of(0, 3, 7, 12, 40, 200)}"));
        if (draw.OneIn(8)) plan.Append(Invariant($",\"timeout\":\"{draw.Of(20, 90, 600)}s\""));
        if (draw.OneIn(4)) plan.Append(",\"on_failure\":\"compensate\"");
        if (draw.OneIn(4)) plan.Append(Invariant($",\"seed\":{draw.Next()}"));
        if (draw.OneIn(12)) plan.Append(Invariant($",\"max_parallel_steps\":{1 + draw.Below(3)}"));
        if (draw.OneIn(12)) plan.Append(",\"external_calls\":").Append(draw.Of("\"deny\"", "[\"a.example\"]", "\"allow\""));
        if (draw.OneIn(20)) plan.Append(",\"output\":\"${{ default(memory[\\\"end\\\"], inputs.n) }}\"");
        else if (draw.OneIn(3)) plan.Append(",\"output\":{\"first\":\"${{ default(steps.s0.result, inputs.n) }}\",\"run\":\"${{ run.seed }}\"}");
        return plan.Append('}').ToString();
    }

    private string Step(int i)
    {
        var action = Action(i, out var isCall, out var isLoop);
        var step = new StringBuilder(Invariant($"{{\"id\":\"s{i}\",{action}"));
        if (draw.OneIn(6)) step.Append(Invariant($",\"when\":\"{draw.Of("true", "false", "inputs.n > 2", "inputs.n > 5", $"has({Of(i)})", "default(memory[\\\"on\\\"], true) == true")}\""));
        if (draw.OneIn(6)) step.Append(Invariant($",\"timeout\":\"{draw.Of(1, 5, 40)}s\""));
        if ((isCall || isLoop) && draw.OneIn(3)) step.Append(Invariant($",\"retry\":{{\"max_attempts\":{1 + draw.Below(4)},\"backoff\":\"{draw.Of(100, 1_000, 9_000)}ms\",\"factor\":{draw.Of("1", "1.5", "3")}}}"));
        if (isCall && draw.OneIn(5)) step.Append(Invariant($",\"max_cost_cents\":{draw.Of("0", "1", "2", "5", "9.5")}"));
        if (isCall && draw.OneIn(4)) step.Append(",\"compensate\":{\"skill\":\"").Append(draw.Of("put", "post", "paid", "ask")).Append("\",\"params\":{\"undo\":\"${{ default(steps.s").Append(i).Append(".result, null) }}\"}}");
        step.Append(OnError(i));
        if (isGraph && (i > 0 || draw.OneIn(2))) step.Append(i == 0 || draw.OneIn(3) ? ",\"depends_on\":[]" : Invariant($",\"depends_on\":[\"s{draw.Below(i)}\"]"));
        return step.Append('}').ToString();
    }

    private string OnError(int i)
    {
        switch (draw.Below(6))
        {
            case 0:
                return ",\"on_error\":\"continue\"";
            case 1:
                return ",\"on_error\":\"compensate\"";
            case 2 when standIns.Count < 2:
                standIns.Add(Invariant($"{{\"id\":\"f{i}\",\"fallback_only\":true,{draw.Of("\"skill\":\"echo\",\"params\":{\"instead\":1}", "\"skill\":\"paid\",\"retry\":{\"max_attempts\":2,\"backoff\":\"1s\"}", "\"skill\":\"post\"", "\"sleep\":\"2s\"")}}}"));
                return Invariant($",\"on_error\":{{\"fallback\":\"f{i}\"}}");
            default:
                return "";
        }
    }

    private string Action(int i, out bool isCall, out bool isLoop)
    {
        var kind = draw.Below(16);
        (isCall, isLoop) = (kind is < 7 or 11 or 12 or 13, kind == 14);
        return kind switch
        {
            0 => Call("echo", i),
            1 or 2 => Call(draw.Of("put", "get"), i),
            3 => Call("post", i) + (draw.OneIn(2) ? Invariant($",\"idempotency_key\":\"key-{i}-${{{{ inputs.n }}}}\"") : ""),
            4 => Call("ask", i),
            5 => Call("paid", i),
            6 => Call("llm_invoke", i),
            7 => Invariant($"\"sleep\":\"{draw.Of(0, 1, 30)}s\""),
            8 => "\"skill\":\"wait\",\"params\":{\"seconds\":\"${{ inputs.n }}\"}",
            9 => Invariant($"\"await\":{{\"signal\":\"{draw.Of("go", $"go{i}")}\"{(draw.OneIn(2) ? ",\"timeout\":\"20s\"" : "")}}}"),
            10 => Invariant($"\"await\":{{\"approval\":{Approval()}}}"),
            11 => Invariant($"\"for_each\":{List(i)},\"as\":\"it\",\"max_parallel\":{1 + draw.Below(3)},{draw.Of("", "", "\"tolerate\":1,", "\"tolerate\":\"50%\",")}\"skill\":\"{draw.Of("echo", "put", "post", "paid")}\",\"params\":{{\"v\":\"${{{{ it }}}}\",\"at\":\"${{{{ index }}}}\"}}"),
            12 => Invariant($"\"repeat\":{{\"until\":\"default(steps.s{i}.result.done, false)\",\"max\":{1 + draw.Below(4)},\"delay\":\"{draw.Of(0, 2)}s\"}},\"skill\":\"{draw.Of("echo", "put", "paid")}\",\"params\":{{\"n\":{i}}}"),
            13 => Invariant($"\"skill\":\"{draw.Of("echo", "put")}\",\"params\":{{\"lost\":\"${{{{ {Of(i)}.nothing.there }}}}\"}}"), // No such thing: the step fails, or what it waits for was skipped.
            14 => Loop(),
            _ => depth < 2 ? Child(i) : Call("put", i),
        };
    }

    private string Call(string skill, int i) => Invariant($"\"skill\":\"{skill}\",\"params\":{{\"n\":{draw.Of($"{i}", "\"${{ inputs.n * 2 + 1 }}\"", "\"${{ uuid() }}\"", "\"${{ format_time(now()) }}\"", $"\"${{{{ default({Of(i)}, 0) }}}}\"", "\"${{ memory[\\\"k\\\" + inputs.n] }}\"")}}}");

    private string List(int i) => draw.Of("[1,2,3]", "\"${{ inputs.list }}\"", "[]", "\"${{ [inputs.n, 2] }}\"", $"\"${{{{ {Of(i)} }}}}\"");

    private string Approval() => Invariant($"{{\"level\":{1 + draw.Below(4)}{draw.Of("", ",\"timeout\":\"30s\",\"on_timeout\":\"approve\"", ",\"timeout\":\"30s\",\"on_timeout\":\"reject\"")}}}");

    private string Loop()
    {
        var limits = draw.OneIn(3) ? Invariant($",\"max_cost_cents\":{draw.Of(1, 5, 9, 30)}") : "";
        var approve = draw.OneIn(2) ? ",\"approve\":[\"post\"],\"approval\":" + Approval() : "";
        var output = draw.OneIn(3) ? ",\"output_schema\":{\"type\":\"object\",\"required\":[\"reason\"],\"properties\":{\"reason\":{\"type\":\"string\"}}}" : "";
        return Invariant($"\"agent\":{{\"goal\":\"Find ${{{{ inputs.n }}}}\",\"skills\":[\"search\",\"post\",\"echo\",\"ask\"],\"max_turns\":{1 + draw.Below(6)}{limits}{approve}{output}}}");
    }

    private string Child(int i) => Invariant($"\"run\":{{\"plan\":{new RandomPlan(draw, depth + 1).Text()},\"inputs\":{{\"n\":{draw.Of("1", "\"${{ inputs.n + 1 }}\"", $"\"${{{{ default({Of(i)}, 1) }}}}\"")}}}}}");

    /// <summary>What an earlier step gave; in the first step an input.</summary>
    private string Of(int i) => i == 0 ? "inputs.list" : Invariant($"steps.s{draw.Below(i)}.result");

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
