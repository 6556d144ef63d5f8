using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Runs;

/// <summary>
/// Asks a model for a plan, through the house's own model skill. The answer must be a plan in the normal shape that the check
/// passes; if not, the model gets the list of problems once and repairs it. There is no other plan to fall back to.
/// </summary>
internal sealed class ModelPlanner(string provider, ISkills skills, TimeProvider clock) : IPlanner
{
    private const int RoundsMax = 2;

    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(60);

    public string Id => provider;

    public string Version => "1.0.0";

    public PlannerMode Mode => PlannerMode.None;

    public async Task<PlannerReply> PlanAsync(PlannerRequest request, PlanCheck check, CancellationToken cancel)
    {
        if (request.Goal.Trim().Length == 0) return PlannerReply.Failed(PlannerCodes.InvalidGoal, "The goal is empty.");
        if (request.Manifest.IsEmpty) return PlannerReply.Failed(PlannerCodes.NoSkillsAvailable, "The planner was given no skill to use.");
        var talk = new List<(string Role, string Text)> { ("system", PlannerPrompt.System(request)), ("user", PlannerPrompt.User(request)) };
        var bill = new PlannerMetadata(Id, Version) { Model = request.Model, CacheKey = request.InputHash() };
        IReadOnlyList<PlanProblem> problems = [];
        for (var round = 1; round <= RoundsMax; round++)
        {
            var outcome = await AskAsync(request, talk, round, cancel);
            bill = Billed(bill, outcome, round);
            if (outcome.Failure is { } failure) return new PlannerReply(null, Of(failure) with { Cost = bill.Cost });
            var answer = outcome.Result.GetText("response_text") ?? "";
            (var output, problems) = await ReadAsync(answer, bill, check, cancel);
            if (output is not null) return PlannerReply.Planned(output with { Metadata = output.Metadata with { GeneratedAt = clock.GetUtcNow() } });
            talk.Add(("assistant", answer));
            talk.Add(("user", PlannerPrompt.Repair(problems)));
        }

        return new PlannerReply(null, new PlannerError(
            PlannerCodes.InvalidPlan, $"The model's plan is not valid, also after one repair: {problems[0].Path}: {problems[0].Message}", Problems.ToJson(problems), Cost: bill.Cost));
    }

    private Task<StructuredOutcome> AskAsync(PlannerRequest request, List<(string Role, string Text)> talk, int round, CancellationToken cancel)
    {
        var parameters = Json.Write(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("provider", provider);
            if (request.Model is { } model) writer.WriteString("model", model);
            writer.WriteNumber("max_tokens", request.TokensMax);
            writer.WriteNumber("seed", request.Seed & long.MaxValue);
            writer.WriteStartArray("messages");
            foreach (var (role, text) in talk)
            {
                writer.WriteStartObject();
                writer.WriteString("role", role);
                writer.WriteString("content", text);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        });
        var key = ContentHash.Hex(parameters);
        return skills.InvokeAsync("llm_invoke", parameters, new SkillCall(request.Tenant, null, $"plan-{round}", request.AgentId, key, request.Seed, CallTimeout), cancel);
    }

    private static PlannerMetadata Billed(PlannerMetadata bill, StructuredOutcome outcome, int round) => bill with
    {
        Rounds = round,
        Cost = bill.Cost + outcome.Cost,
        Model = outcome.Result.GetText("model_used") ?? outcome.Result.GetText("model") ?? bill.Model,
        InputTokens = bill.InputTokens + Tokens(outcome, "input_tokens"),
        OutputTokens = bill.OutputTokens + Tokens(outcome, "output_tokens"),
    };

    private static long Tokens(StructuredOutcome outcome, string name) =>
        outcome.Result.Get(name) is { ValueKind: JsonValueKind.Number } tokens && tokens.TryGetInt64(out var n) ? n : 0;

    private static async Task<(PlannerOutput? Output, IReadOnlyList<PlanProblem> Problems)> ReadAsync(
        string answer, PlannerMetadata bill, PlanCheck check, CancellationToken cancel)
    {
        JsonElement plan;
        try
        {
            plan = Json.Parse(Unfenced(answer));
        }
        catch (JsonException e)
        {
            return (null, [new PlanProblem("", "INVALID_PLAN", $"The answer is no JSON: {e.Message}", "Answer with the JSON object alone.")]);
        }

        var problems = PlannerPrompt.Schema(plan);
        if (problems.Count > 0) return (null, problems);
        var output = new PlannerOutput([.. plan.GetProperty("steps").EnumerateArray().Select(Step)], bill);
        problems = await check(output.ToPlan("plan", ""), cancel);
        return problems.Count > 0 ? (null, problems) : (output, problems);
    }

    private static PlannedStep Step(JsonElement step) => new(step.GetText("step_id")!, step.GetText("skill")!, step.Get("params") ?? Json.EmptyObject)
    {
        DependsOn = step.Get("depends_on") is { ValueKind: JsonValueKind.Array } on ? [.. on.EnumerateArray().Select(id => id.GetString()!)] : [],
        OnError = step.GetText("on_error") ?? "abort",
        Description = step.GetText("description"),
    };

    /// <summary>Models like to put JSON into a code fence, or a sentence in front of it.</summary>
    private static string Unfenced(string answer)
    {
        var start = answer.IndexOf('{', StringComparison.Ordinal);
        var end = answer.LastIndexOf('}');
        return start >= 0 && end > start ? answer[start..(end + 1)] : answer;
    }

    private static PlannerError Of(Failure failure)
    {
        var code = failure.Code switch
        {
            "RATE_LIMITED" => PlannerCodes.RateLimited,
            "LLM_CONTEXT_EXCEEDED" => PlannerCodes.ContextTooLong,
            "TIMEOUT" => PlannerCodes.Timeout,
            _ => PlannerCodes.GenerationFailed,
        };
        return new PlannerError(code, $"The planner's model did not answer: {failure.Message}", Json.Write(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("cause", failure.Code);
            writer.WriteEndObject();
        }), failure.Retryable, failure.RetryAfter);
    }
}
