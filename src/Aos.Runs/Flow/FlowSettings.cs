using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Runs;

/// <summary>Reads the limits of targets and of runs; every mistake is told with its place.</summary>
internal static class FlowSettings
{
    private static readonly JsonSchema Shape = JsonSchema.Known(Json.Parse("""
        {
          "type": "object",
          "additionalProperties": false,
          "properties": {
            "waiting_max": { "type": "integer", "minimum": 0, "maximum": 1000000 },
            "wait_max": { "type": ["string", "number"] },
            "runs": {
              "type": "array",
              "maxItems": 1000,
              "items": {
                "type": "object",
                "additionalProperties": false,
                "required": ["concurrent"],
                "properties": {
                  "tenant": { "type": "string", "minLength": 1, "maxLength": 64 },
                  "agent": { "type": "string", "minLength": 1, "maxLength": 255 },
                  "concurrent": { "type": ["integer", "null"], "minimum": 0, "maximum": 1000000 }
                }
              }
            },
            "limits": {
              "type": "array",
              "maxItems": 1000,
              "items": {
                "type": "object",
                "additionalProperties": false,
                "properties": {
                  "skill": { "type": "string", "minLength": 1, "maxLength": 255 },
                  "host": { "type": "string", "minLength": 1, "maxLength": 255 },
                  "provider": { "type": "string", "minLength": 1, "maxLength": 255 },
                  "requests": { "type": "integer", "minimum": 1, "maximum": 1000000000 },
                  "tokens": { "type": "integer", "minimum": 1, "maximum": 1000000000000 },
                  "per": { "type": ["string", "number"] },
                  "burst": { "type": "integer", "minimum": 1, "maximum": 1000000000 },
                  "concurrent": { "type": "integer", "minimum": 1, "maximum": 100000 },
                  "singleton": { "type": "string", "minLength": 1, "maxLength": 255 },
                  "per_tenant": { "type": "boolean" },
                  "when_lost": { "enum": ["share", "wait"] }
                }
              }
            }
          }
        }
        """));

    internal static FlowOptions Read(string? text, Func<string, JsonElement> file)
    {
        if (string.IsNullOrWhiteSpace(text)) return new FlowOptions();
        JsonElement document;
        try
        {
            document = text.AsSpan().TrimStart() is ['{', ..] ? Json.Parse(text) : file(text);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return new FlowOptions { Problems = [$"AOS_LIMITS is neither a JSON object nor a file that can be read: {e.Message}"] };
        }

        var problems = Shape.Check(document).Select(problem => $"AOS_LIMITS: {problem}").ToList();
        if (problems.Count > 0) return new FlowOptions { Problems = problems };
        var rules = new List<FlowRule>();
        foreach (var (i, limit) in (document.Get("limits")?.EnumerateArray() ?? []).Index())
        {
            if (Rule(limit) is ({ } rule, _)) rules.Add(rule);
            else problems.Add($"AOS_LIMITS: limits[{i}] {Rule(limit).Problem}.");
        }

        var standard = new FlowOptions();
        var longest = document.Get("wait_max") is { } given ? Durations.Read(given) : standard.WaitMax;
        if (longest is null) problems.Add("AOS_LIMITS: wait_max is a time such as 30s or 10m.");
        return new FlowOptions
        {
            Rules = rules, Runs = Runs(document), WaitMax = longest ?? standard.WaitMax, WaitingMax = document.Get("waiting_max")?.GetInt32() ?? standard.WaitingMax, Problems = problems,
        };
    }

    private static RunLimits Runs(JsonElement document) => new(
    [
        .. (document.Get("runs")?.EnumerateArray() ?? []).Select(rule => new RunLimitRule(
            rule.GetText("tenant") ?? "*", rule.GetText("agent"), rule.Get("concurrent") is { ValueKind: JsonValueKind.Number } most ? most.GetInt32() : null)),
    ]);

    private static (FlowRule? Rule, string? Problem) Rule(JsonElement limit)
    {
        (TargetKind Kind, string? Name)[] named =
        [
            .. new[] { (TargetKind.Skill, limit.GetText("skill")), (TargetKind.Host, limit.GetText("host")), (TargetKind.Provider, limit.GetText("provider")) }
                .Where(target => target.Item2 is not null),
        ];
        if (named is not [var (kind, name)]) return (null, "names one of skill, host and provider");
        var per = limit.Get("per") is { } given ? Durations.Read(given) : TimeSpan.FromMinutes(1);
        if (per is not { } time || time < TimeSpan.FromMilliseconds(1)) return (null, "has a per that is no time such as 1s, 1m or 1h");
        var (requests, tokens) = (Whole(limit, "requests"), Whole(limit, "tokens"));
        var (concurrent, singleton) = (Whole(limit, "concurrent"), limit.GetText("singleton"));
        if (requests is null && tokens is null && concurrent is null && singleton is null) return (null, "limits nothing: give it requests, tokens, concurrent or singleton");
        if (tokens is not null && kind != TargetKind.Provider) return (null, "counts tokens, which only a provider has");
        if (Whole(limit, "burst") is not null && requests is null) return (null, "has a burst without requests");
        return (new FlowRule(
            kind,
            kind == TargetKind.Skill ? name! : name!.ToLowerInvariant(),
            limit.Get("per_tenant") is { ValueKind: JsonValueKind.True },
            requests is { } calls ? new RateLimit(calls, time, Whole(limit, "burst") ?? calls) : null,
            tokens is { } all ? new RateLimit(all, time, all) : null,
            (int?)concurrent,
            singleton,
            limit.GetText("when_lost") == "wait" ? WhenLost.Wait : WhenLost.OwnShare), null);
    }

    private static long? Whole(JsonElement limit, string name) => limit.Get(name)?.GetInt64();
}
