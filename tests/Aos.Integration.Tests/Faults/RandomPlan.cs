using System.Globalization;

namespace Aos.Integration.Tests.Faults;

/// <summary>A plan drawn from a seed: pure and other steps, sleeps, signals, children, lists, retries, agent loops, approvals, in order or as a graph.</summary>
internal static class RandomPlan
{
    internal static string Of(Random chance)
    {
        var isGraph = chance.Next(2) == 0;
        var steps = Enumerable.Range(0, chance.Next(2, 7)).Select(i =>
        {
            var dependsOn = isGraph && i > 0 ? $", \"depends_on\": [\"s{chance.Next(i)}\"]" : "";
            return $$"""{ "id": "s{{i}}", {{Step(chance, i)}}{{dependsOn}} }""";
        });
        return $$"""{ "name": "p", "steps": [{{string.Join(", ", steps)}}] }""";
    }

    private static string Step(Random chance, int i) => chance.Next(11) switch
    {
        0 => $$"""  "skill": "echo", "params": { "n": {{i}} } """,
        1 => $$"""  "skill": "put", "params": { "n": {{i}} } """,
        2 or 3 => $$"""  "skill": "post", "params": { "n": {{i}} } """,
        4 => $"\"sleep\": \"{chance.Next(1, 90).ToString(CultureInfo.InvariantCulture)}s\"",
        5 => $$"""  "await": { "signal": "go{{i}}" } """,
        6 => $$"""
            "run": { "plan": { "name": "c", "steps": [{ "id": "x", "skill": "put", "params": { "child": {{i}} } }, { "id": "y", "sleep": "5s" }, { "id": "z", "skill": "post" }] } }
            """,
        7 => """ "for_each": "${{ [1, 2, 3] }}", "as": "item", "max_parallel": 2, "skill": "put", "params": { "v": "${{ item }}" } """,
        8 => """ "agent": { "goal": "g", "skills": ["put", "post", "flaky"], "approve": ["post"], "max_turns": 6, "max_cost_cents": 40 }, "retry": { "max_attempts": 6, "backoff": "1s" } """,
        9 => """ "await": { "approval": { "level": 2 } } """,
        _ => $$"""  "skill": "flaky", "params": { "n": {{i}} }, "retry": { "max_attempts": 4, "backoff": "1s" } """,
    };
}
