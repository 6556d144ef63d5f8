using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Aos.Kernel;

namespace Aos.App.Cli;

/// <summary>
/// <c>aos simulate</c>: 0 feasible, 1 not, or refused; 2 differs from the loaded trace. A plan given inline, as older
/// clients do, is answered with 0 either way.
/// </summary>
internal static class SimulateVerb
{
    private const ulong SeedDefault = 42;

    private static readonly Argument<string?> Plan = new("plan") { Description = "Plan file, JSON or YAML; - reads standard input; or the plan itself as JSON.", Arity = ArgumentArity.ZeroOrOne };
    private static readonly Option<string?> OldPlan = new("--plan", "-p") { Description = "The plan as JSON, or - for standard input.", HelpName = "JSON" };
    private static readonly Option<decimal?> Budget = new("--budget", "-b") { Description = "Budget in cents. Default: the plan's, 1000 for a bare list of steps.", HelpName = "CENTS" };
    private static readonly Option<string?> Agent = new("--agent", "-a") { Description = "Agent that would run it.", HelpName = "AGENT" };
    private static readonly Option<ulong?> Seed = new("--seed") { Description = "Seed. Default: the plan's, else 42.", HelpName = "NUMBER" };
    private static readonly Option<string?> Timestamp = new("--timestamp") { Description = "Frozen time that enters the trace, ISO 8601.", HelpName = "TIME" };
    private static readonly Option<string?> SaveTrace = new("--save-trace") { Description = "Writes a trace of schema 1.1 there.", HelpName = "PATH" };
    private static readonly Option<string?> LoadTrace = new("--load-trace") { Description = "Simulates what the trace says and compares; exit code 2 when it differs.", HelpName = "PATH" };
    private static readonly Option<bool> DryRun = new("--dry-run") { Description = "Asks nobody: prints seed, time, plan hash and the skills." };
    private static readonly Option<bool> Verbose = new("--verbose", "-v") { Description = "Accepted for older scripts; the answer is always whole." };

    internal static Command Command()
    {
        var command = new Command("simulate", """
            Says what a plan will cost, how long it takes, and whether it can work. Runs nothing.

            Examples:
              aos simulate plan.yaml --budget 100
              aos simulate '[{"skill": "http_call", "params": {"url": "https://example.com"}}]' --save-trace a.trace.json
              aos simulate --load-trace a.trace.json
            """)
        {
            Plan, OldPlan, Budget, Agent, Seed, Timestamp, SaveTrace, LoadTrace, DryRun, Verbose,
        };
        command.SetAction((parsed, cancel) => parsed.GetValue(DryRun)
            ? DryAsync(parsed, cancel)
            : Houses.InAsync(CommandLine.Place(parsed), house => RunAsync(house, parsed, cancel), cancel, refused: 1));
        return command;
    }

    /// <summary>Asks for the estimate of a recorded question again, and compares; used by replay too.</summary>
    internal static async Task<int> AgainAsync(IHouse house, Trace11 trace, CancellationToken cancel)
    {
        var answer = await AskAsync(house, trace.Metadata.Get("request") ?? Question(trace.Plan, null, null, trace.Seed, trace.Timestamp), cancel);
        var again = Trace(trace.Plan, trace.Metadata, trace.Seed, trace.Timestamp, answer);
        Report.Pretty(answer);
        var diff = TraceDiff.Of(trace, again);
        await Console.Error.WriteLineAsync(diff.Match ? "The answer is the recorded one." : $"The answer differs from the trace: {diff.Summary}");
        return diff.Match ? 0 : 2;
    }

    private static async Task<int> RunAsync(IHouse house, ParseResult parsed, CancellationToken cancel)
    {
        if (parsed.GetValue(LoadTrace) is { } load) return await AgainAsync(house, await TraceVerb.ReadSdkAsync(load, cancel), cancel);
        var (plan, isInline) = await PlanAsync(parsed, cancel);
        var save = parsed.GetValue(SaveTrace);
        var timestamp = parsed.GetValue(Timestamp) ?? (save is null ? null : TimeProvider.System.GetUtcNow().ToString("yyyy-MM-ddTHH:mm:ssK", CultureInfo.InvariantCulture));
        var seed = parsed.GetValue(Seed)?.ToString(CultureInfo.InvariantCulture);
        var question = Question(plan, parsed.GetValue(Budget), parsed.GetValue(Agent), seed, timestamp);
        var answer = await AskAsync(house, question, cancel);
        Report.Pretty(answer);
        if (save is not null) await SaveAsync(save, Trace(plan, Metadata(question), answer.Get("seed")?.GetRawText() ?? seed ?? "42", timestamp!, answer), cancel);
        return isInline || answer.Get("feasible") is { ValueKind: JsonValueKind.True } ? 0 : 1;
    }

    private static Task<JsonElement> AskAsync(IHouse house, JsonElement question, CancellationToken cancel) =>
        house.AskAsync(HttpMethod.Post, "api/v1/runtime/simulate", question, cancel);

    private static async Task<(JsonElement Plan, bool IsInline)> PlanAsync(ParseResult parsed, CancellationToken cancel)
    {
        var isOld = parsed.GetValue(OldPlan) is not null;
        var text = parsed.GetValue(OldPlan) ?? parsed.GetValue(Plan) ?? throw new PlanFileException("there is no plan. Example: aos simulate plan.yaml");
        var isJson = text.TrimStart() is ['[' or '{', ..];
        var plan = isJson ? PlanFile.Value(text, "The plan") : await PlanFile.ReadAsync(text, cancel);
        if (isOld && plan.Get("steps") is { ValueKind: JsonValueKind.Array } steps) plan = steps;
        return (plan, isJson && !isOld);
    }

    private static async Task<int> DryAsync(ParseResult parsed, CancellationToken cancel)
    {
        try
        {
            var (plan, _) = await PlanAsync(parsed, cancel);
            var steps = plan.ValueKind == JsonValueKind.Array ? plan : plan.Get("steps") ?? plan.Get("plan") ?? Json.EmptyArray;
            Console.Out.WriteLine($"seed       {parsed.GetValue(Seed) ?? SeedDefault}");
            Console.Out.WriteLine($"timestamp  {parsed.GetValue(Timestamp) ?? "(now)"}");
            Console.Out.WriteLine($"plan hash  {PythonJson.HashData(plan)}");
            var index = 0;
            if (steps.ValueKind == JsonValueKind.Array)
                foreach (var step in steps.EnumerateArray()) Console.Out.WriteLine($"step {index++,-5} {step.GetText("skill_id") ?? step.GetText("skill") ?? "unknown"}");
            return 0;
        }
        catch (PlanFileException e)
        {
            return Report.Fail(1, e.Message);
        }
    }

    private static JsonElement Question(JsonElement plan, decimal? budget, string? agent, string? seed, string? timestamp) => Json.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WritePropertyName("plan");
        plan.WriteTo(writer);
        if (budget is { } cents) writer.WriteNumber("budget_cents", cents);
        if (agent is not null) writer.WriteString("agent_id", agent);
        if (seed is not null)
        {
            writer.WritePropertyName("seed");
            writer.WriteRawValue(seed);
        }

        if (timestamp is not null) writer.WriteString("timestamp", timestamp);
        writer.WriteEndObject();
    });

    private static JsonElement Metadata(JsonElement question) => Json.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WritePropertyName("request");
        question.WriteTo(writer);
        writer.WriteEndObject();
    });

    /// <summary>One step: the plan in, the whole answer out.</summary>
    private static Trace11 Trace(JsonElement plan, JsonElement metadata, string seed, string timestamp, JsonElement answer) =>
        new Trace11 { Seed = seed, Timestamp = timestamp, Plan = plan, Metadata = metadata }
            .Add("simulate", plan, answer, new PythonRandom(ulong.Parse(seed, CultureInfo.InvariantCulture)).State(), "success").Finalize();

    private static async Task SaveAsync(string path, Trace11 trace, CancellationToken cancel)
    {
        await PlanFile.WriteAsync(path, PythonJson.Compact(Json.Write(trace.WriteTo)) + "\n", cancel);
        await Console.Error.WriteLineAsync($"trace {path}, root {trace.RootHash}");
    }
}
