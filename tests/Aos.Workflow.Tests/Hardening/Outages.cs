using Aos.Testing;

namespace Aos.Workflow.Tests.Hardening;

/// <summary>One call of a plan that goes wrong: of a step and a skill, the one after so many that went well, or the one with a word in its parameters.</summary>
internal sealed record Outage(string Construct, string Plan, string Prefix, string Step, string Skill, int After = 0, string? Word = null)
{
    internal bool Strikes(ScriptedCall call, int wentWell) => call.Call.StepId == Prefix + Step && call.Skill == Skill
        && (Word is null ? wentWell == After : call.Params.GetRawText().Contains(Word, StringComparison.Ordinal));
}

/// <summary>A call at every place of every construct, each to go wrong in a run of its own; the ids of a run's steps begin with its own letters.</summary>
internal static class Outages
{
    private const string Put = "put";

    /// <param name="isMended">The calls succeed after all. Then tools of agent loops count too: of their failures the model is told, and goes on.</param>
    internal static IReadOnlyList<Outage> All(bool isMended)
    {
        var all = new List<Outage>();
        foreach (var step in new[] { "a", "b", "c" }) Add("sequence", step, Put);
        foreach (var step in new[] { "a", "b", "c" }) Add("graph", step, Put);
        for (var item = 0; item < 3; item++) Add("list", "a", Put, word: $"\"item\":{item}");
        foreach (var step in new[] { "x", "y" }) Add("child", step, Put);
        for (var round = 0; round < 3; round++) Add("repeat", "a", "count", after: round);
        foreach (var step in new[] { "a", "b" }) Add("compensation", step, "undo");
        for (var turn = 0; turn < 3; turn++) Add("agent", "a", "llm_invoke", after: turn);
        if (isMended) Add("agent", "a", Put);
        return all;

        void Add(string construct, string step, string skill, int after = 0, string? word = null)
        {
            var prefix = $"n{all.Count}_";
            all.Add(new Outage(construct, Plan(construct).Replace("N_", prefix, StringComparison.Ordinal), prefix, step, skill, after, word));
        }
    }

    /// <summary>In each the step <c>z</c> comes last: it is reached when all before it went well.</summary>
    private static string Plan(string construct) => construct switch
    {
        "sequence" => """{"name":"p","steps":[{"id":"N_a","skill":"put"},{"id":"N_b","skill":"put"},{"id":"N_c","skill":"put"},{"id":"N_z","skill":"put"}]}""",
        "graph" => """{"name":"p","steps":[{"id":"N_a","skill":"put","depends_on":[]},{"id":"N_b","skill":"put","depends_on":[]},{"id":"N_c","skill":"put","depends_on":["N_a","N_b"]},{"id":"N_z","skill":"put","depends_on":["N_c"]}]}""",
        "list" => """{"name":"p","steps":[{"id":"N_a","skill":"put","for_each":[0,1,2],"max_parallel":1,"params":{"item":"${{ item }}"}},{"id":"N_z","skill":"put"}]}""",
        "child" => """{"name":"p","steps":[{"id":"N_a","run":{"plan":{"name":"c","steps":[{"id":"N_x","skill":"put"},{"id":"N_y","skill":"put"}]}}},{"id":"N_z","skill":"put"}]}""",
        "repeat" => """{"name":"p","steps":[{"id":"N_a","skill":"count","repeat":{"until":"steps.N_a.result == 3","max":9}},{"id":"N_z","skill":"put"}]}""",
        "compensation" => """
            {"name":"p","on_failure":"compensate","steps":[{"id":"N_a","skill":"put","compensate":{"skill":"undo"}},{"id":"N_b","skill":"put","compensate":{"skill":"undo"}},{"id":"N_q","skill":"refuse"}]}
            """,
        _ => """{"name":"p","steps":[{"id":"N_a","agent":{"goal":"Find it","skills":["put"],"max_turns":5}},{"id":"N_z","skill":"put"}]}""",
    };
}
