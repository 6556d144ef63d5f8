using System.Text.Json;
using Aos.Kernel;
using Aos.Testing;

namespace Aos.Campaigns;

/// <summary>The three kinds of workflow whose runs are held against each other.</summary>
internal static class Kinds
{
    private const string Compute = """
        {"name":"compute","steps":[
          {"id":"rows","skill":"json_transform","params":{"data":[{"k":"a","n":3},{"k":"b","n":5},{"k":"a","n":7},{"k":"c","n":11}],"query":"group_by(.k) | map({k: .[0].k, n: (map(.n) | add)})"}},
          {"id":"each","for_each":"${{ steps.rows.result.result }}","as":"row","max_parallel":3,"skill":"json_transform","params":{"data":"${{ row }}","query":"{k, n: (.n * 2)}"}},
          {"id":"sum","skill":"json_transform","params":{"data":"${{ map_get(steps.each.results, \"result\") }}","query":"map(.n) | add"}},
          {"id":"big","when":"steps.sum.result.result > 1000","skill":"echo","params":{"message":"never"}},
          {"id":"drawn","skill":"echo","params":{"message":"${{ uuid() }}-${{ run.seed }}-${{ hash(steps.rows.result.result) }}"}}],
         "output":{"sum":"${{ steps.sum.result.result }}","drawn":"${{ steps.drawn.result.message }}"}}
        """;

    private const string InputOutput = """
        {"name":"io","steps":[
          {"id":"set","skill":"kv_set","params":{"key":"order-${{ run.seed }}","value":{"n":"${{ run.seed }}"}},"depends_on":[]},
          {"id":"order","skill":"http_call","params":{"url":"PEER/order/${{ run.seed }}"},"retry":{"max_attempts":8,"backoff":"5ms","max_backoff":"20ms"},"depends_on":[]},
          {"id":"write","skill":"fs_write","params":{"path":"order-${{ run.seed }}.json","content":"${{ steps.order.result.body }}"}},
          {"id":"read","skill":"fs_read","params":{"path":"order-${{ run.seed }}.json","format":"json"},"depends_on":["write"]},
          {"id":"get","skill":"kv_get","params":{"key":"order-${{ run.seed }}"},"depends_on":["set"]},
          {"id":"down","skill":"http_call","params":{"url":"PEER/down"},"retry":{"max_attempts":1},"on_error":{"fallback":"other"},"depends_on":["get"]},
          {"id":"other","fallback_only":true,"skill":"http_call","params":{"url":"PEER/steady"}}],
         "output":{"lines":"${{ len(steps.read.result.content.lines) }}","kept":"${{ steps.get.result.value }}","source":"${{ steps.down.result.body.source }}"}}
        """;

    private const string Model = """
        {"name":"llm","budget_cents":100,"steps":[
          {"id":"ask","skill":"llm_invoke","params":{"prompt":"Name order ${{ run.seed }}","max_tokens":60},"max_cost_cents":5},
          {"id":"find","agent":{"goal":"Find order ${{ run.seed }}","skills":["json_transform","kv_get"],"max_turns":4,"max_tokens":200,"max_cost_cents":40,
            "output_schema":{"type":"object","required":["reason"],"properties":{"reason":{"type":"string"}}}}},
          {"id":"note","skill":"echo","params":{"message":"${{ steps.ask.result.response_text }} ${{ steps.find.result.reason }}"}}]}
        """;

    internal static IReadOnlyList<(string Name, JsonElement Plan)> Of(Peer peer) =>
    [
        ("compute pipeline", Json.Parse(Compute)), ("I/O heavy", Json.Parse(InputOutput.Replace("PEER", peer.Origin, StringComparison.Ordinal))), ("LLM heavy", Json.Parse(Model)),
    ];

    /// <summary>The model: what it says follows from what it is asked.</summary>
    internal static ModelTurn Answer(JsonElement asked, int turn)
    {
        if (asked.Get("tools") is not { ValueKind: JsonValueKind.Array } tools || tools.GetArrayLength() == 0) return new ModelTurn("It is named " + ContentHash.Short(asked.GetProperty("messages")));
        return turn switch
        {
            1 => new ModelTurn("I look.", new ModelToolCall("json_transform", """{"data":[1,2,3],"query":"add"}"""), new ModelToolCall("kv_get", """{"key":"nothing"}""")),
            2 => new ModelTurn("No JSON yet."),
            _ => new ModelTurn("""{"reason":"lost in the post"}"""),
        };
    }
}
