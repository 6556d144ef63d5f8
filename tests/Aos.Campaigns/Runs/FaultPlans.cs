using Aos.Kernel;
using Aos.Testing;

namespace Aos.Campaigns;

/// <summary>What the faults strike: a list, a graph, an agent loop and a plan that undoes; every class of effect in them.</summary>
internal static class FaultPlans
{
    /// <summary>Steps <c>s0</c> to <c>s4</c> are in each plan.</summary>
    internal const int Steps = 5;

    internal static IReadOnlyList<string> All { get; } =
    [
        """
        {"name":"list","steps":[
          {"id":"s0","skill":"put","params":{"n":1},"on_error":{"fallback":"f"}},{"id":"s1","skill":"put","params":{"n":"${{ steps.s0.result.n + 1 }}"},"on_error":"continue"},
          {"id":"s2","skill":"post","params":{"n":2}},{"id":"s3","for_each":[1,2,3],"as":"it","max_parallel":2,"skill":"put","params":{"n":"${{ it }}"},"on_error":"continue"},
          {"id":"e","skill":"echo","params":{"n":4}},{"id":"p","sleep":"30s"},{"id":"s4","skill":"put","params":{"n":4},"on_error":"continue"},{"id":"f","fallback_only":true,"skill":"put","params":{"n":7}}]}
        """,
        """
        {"name":"graph","steps":[
          {"id":"s0","skill":"put","params":{"n":1},"depends_on":[]},{"id":"s1","skill":"post","params":{"n":2},"depends_on":[]},
          {"id":"s2","run":{"plan":{"name":"c","steps":[{"id":"s3","skill":"put","params":{"n":3}},{"id":"y","sleep":"2s"},{"id":"z","skill":"post","params":{"n":4}}]}},"depends_on":["s0"],"on_error":"continue"},
          {"id":"s3","skill":"put","params":{"n":"${{ steps.s1.result.n }}"},"depends_on":["s1"],"on_error":"continue"},{"id":"s4","skill":"put","params":{"n":5},"depends_on":["s2","s3"],"on_error":"continue"}]}
        """,
        """
        {"name":"loop","budget_cents":200,"steps":[
          {"id":"s0","skill":"put","params":{"n":1},"on_error":"continue"},{"id":"s1","agent":{"goal":"g","skills":["put","post","echo"],"max_turns":6,"max_cost_cents":60},"on_error":"continue"},
          {"id":"s2","skill":"put","params":{"n":2},"on_error":"continue"},{"id":"s3","repeat":{"until":"true","max":3,"delay":"1s"},"skill":"put","params":{"n":3},"on_error":"continue"},{"id":"e","skill":"echo","params":{"n":4}},{"id":"s4","skill":"put","params":{"n":4},"on_error":"continue"}]}
        """,
        """
        {"name":"undo","on_failure":"compensate","steps":[
          {"id":"s0","skill":"put","params":{"n":1},"compensate":{"skill":"put","params":{"undo":1}}},{"id":"s1","skill":"post","params":{"n":2},"compensate":{"skill":"put","params":{"undo":2}}},
          {"id":"s2","skill":"put","params":{"n":3}},{"id":"s3","skill":"put","params":{"n":4}},{"id":"e","skill":"echo","params":{"n":4}},{"id":"s4","skill":"put","params":{"n":5}}]}
        """,
    ];

    internal static async Task<World> OpenAsync()
    {
        var world = await World.OpenAsync();
        world.Skills.Add("echo", EffectClass.Pure).Add("put", EffectClass.Idempotent, cents: 1).Add("post", EffectClass.AtMostOnce, cents: 2)
            .Add("llm_invoke", EffectClass.Idempotent, call => ScriptedModel.Answer(call.Params), cents: 1);
        return world;
    }
}
