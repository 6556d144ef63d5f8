namespace Aos.Bench;

/// <summary>What is sent: every plan is another one, so that no cache of plans can help.</summary>
internal static class Bodies
{
    internal static string Plan(int i, string skill = "echo") =>
        $$$"""{"name":"bench","steps":[{"id":"a","skill":"{{{skill}}}","params":{"i":0,"ok":true,"v":{{{i}}}}},{"id":"b","skill":"{{{skill}}}","params":{"i":1,"ok":true,"v":{{{i}}}}},{"id":"c","skill":"{{{skill}}}","params":{"i":2,"ok":true,"v":{{{i}}}}}]}""";

    internal static string Run(int i, string skill) => $$$"""{"agent_id":"bench","budget_cents":100,"plan":{{{Plan(i, skill)}}}}""";

    internal static string Simulate(int i) => $$$"""{"budget_cents":100,"plan":{{{Plan(i)}}}}""";
}
