using System.Text.Json;
using Aos.Kernel;

namespace Aos.Campaigns;

/// <summary>What the world says to a call: results, failures that pass and that stay, silence; of models: words, tools, nonsense.</summary>
internal sealed class Answers(Draw draw)
{
    private static readonly string[] Results =
    [
        "null", "1", "\"text\"", "[1,2]", "[]", """{"done":true,"status":"ok","at":7}""", """{"done":false,"v":{"deep":[1,{"a":null}]}}""", """{"n":12345678901234567890.5}""",
    ];

    private static readonly string[] Codes = ["RATE_LIMITED", "TIMEOUT", "CONNECTION_RESET", "UPSTREAM_ERROR", "INVALID_INPUT", "PERMISSION_DENIED", "FILE_NOT_FOUND", "OUTCOME_UNKNOWN", "INTERNAL_ERROR"];

    private static readonly string[] Known = [.. Codes.Where(code => FailureCatalog.All.Any(entry => entry.Code == code))];

    internal RunCommand To(InvokeSkill order, Cents most)
    {
        if (order.Class is EffectClass.AtMostOnce or EffectClass.Reconcilable && draw.OneIn(12)) return new RecordUnknown(order.Id, "lost with its process");
        var cost = most == Cents.Zero || draw.OneIn(4) ? Cents.Zero : draw.OneIn(2) ? most : new Cents(most.Value * draw.Below(100) / 100);
        if (draw.OneIn(5)) return new RecordOutcome(order.Id, StructuredOutcome.Failed(Failure(), cost, TimeSpan.FromMilliseconds(draw.Below(900))));
        var result = order.Skill == AgentClause.Model ? Said() : Json.Parse(draw.Of(Results));
        var outcome = StructuredOutcome.Succeeded(result, cost, TimeSpan.FromMilliseconds(draw.Below(900)));
        return new RecordOutcome(order.Id, draw.OneIn(4) ? outcome with { SideEffects = [new SideEffect("wrote", "there", draw.OneIn(2))], Retries = draw.Below(3) } : outcome);
    }

    /// <summary>What is there at the moment, which a replay never asks again.</summary>
    internal RecordMemory To(ReadMemory order) => draw.OneIn(10)
        ? new RecordMemory(order.Id, [], FailureCatalog.Fail("NOT_AVAILABLE", "The memory does not answer."))
        : new RecordMemory(order.Id, [.. order.Keys.Where(_ => !draw.OneIn(4)).Select(key => new MemoryEntry(key, Json.Parse(draw.Of(Results))))], null);

    private Failure Failure() => FailureCatalog.Fail(draw.Of(Known), "It failed.", draw.OneIn(4) ? TimeSpan.FromSeconds(draw.Below(20)) : null);

    private JsonElement Said() => Json.Parse(draw.Below(6) switch
    {
        0 or 1 or 2 => $$"""{"content":"I look.","tool_calls":[{{string.Join(',', Enumerable.Range(0, 1 + draw.Below(3)).Select(Tool))}}],"finish_reason":"tool_use"}""",
        3 => """{"content":"{\"reason\":\"found\"}","finish_reason":"end_turn"}""",
        4 => """{"content":"It is there.","finish_reason":"end_turn"}""",
        _ => """{"content":"cut o","finish_reason":"max_tokens"}""",
    });

    private string Tool(int i)
    {
        var (name, arguments) = draw.Below(7) switch
        {
            0 => ("search", """{"q":"x"}"""),
            1 => ("search", """{"wrong":1}"""),
            2 => ("post", """{"n":1}"""),
            3 => ("ask", "{}"),
            4 => ("paid", "{}"), // Known, and none of the step's.
            5 => ("nothing", "{}"),
            _ => ("echo", """{"n":2}"""),
        };
        return $"{{\"id\":\"c{i}\",\"name\":\"{name}\",\"arguments\":{arguments}}}";
    }
}
