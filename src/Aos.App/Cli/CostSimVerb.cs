using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Aos.Kernel;

namespace Aos.App.Cli;

/// <summary><c>aos costsim</c>: the two cost models, how they differ, and how the second one does on the reference datasets.</summary>
internal static class CostSimVerb
{
    internal static Command Command() => new("costsim", "What two cost models say of a plan, whether the second one can be trusted, and what calls really cost.\n\nExample: aos costsim simulate plan.yaml --budget 100")
    {
        Status(), Simulate(), Datasets(), Validate(), CostBreakerVerb.Command(), CanaryVerb.Command(),
        DivergenceVerbs.Divergence(), DivergenceVerbs.Drift(), DivergenceVerbs.Provenance(), CostBackfillVerb.Command(),
    };

    private static Command Status()
    {
        var command = new Command("status", "Whether the second model is asked, whether its breaker is open, and its version.\n\nExample: aos costsim status");
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            Report.Pretty(await house.AskAsync(HttpMethod.Get, "api/v1/costsim/v2/status", null, cancel));
            return 0;
        }, cancel, refused: 1));
        return command;
    }

    private static Command Simulate()
    {
        var plan = new Argument<string>("plan") { Description = "Plan file, JSON or YAML; - reads standard input. The calls of its steps are asked about, as if each were made once." };
        var budget = new Option<long?>("--budget") { Description = "Budget in whole cents, 1000 by default.", HelpName = "CENTS" };
        var command = new Command("simulate", "Asks both models about a plan; exits with 1 when the first one says that it cannot work.\n\nExample: aos costsim simulate plan.yaml --budget 100") { plan, budget };
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            var steps = Calls(await PlanFile.ReadAsync(parsed.GetValue(plan)!, cancel));
            var answers = await house.AskAsync(HttpMethod.Post, "api/v1/costsim/v2/simulate", Question(steps, parsed.GetValue(budget)), cancel);
            Report.Pretty(answers);
            return answers.Get("v1_feasible") is { ValueKind: JsonValueKind.True } ? 0 : 1;
        }, cancel, refused: 1));
        return command;
    }

    private static Command Datasets()
    {
        var command = new Command("datasets", "Lists the reference datasets.\n\nExample: aos costsim datasets");
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            var datasets = await house.AskAsync(HttpMethod.Get, "api/v1/costsim/datasets", null, cancel);
            if (parsed.GetValue(CommandLine.AsJson)) Report.Pretty(datasets);
            else foreach (var dataset in datasets.EnumerateArray()) Console.Out.WriteLine($"{dataset.GetText("id"),-16} {dataset.GetProperty("sample_count"),3} samples  {dataset.GetText("description")}");
            return 0;
        }, cancel, refused: 1));
        return command;
    }

    private static Command Validate()
    {
        var id = new Argument<string?>("dataset") { Description = "Its id; without it all of them.", Arity = ArgumentArity.ZeroOrOne };
        var command = new Command("validate", "Judges the second model by reference datasets; exits with 1 when one of them does not accept it.\n\nExamples:\n  aos costsim validate\n  aos costsim validate mixed_city") { id };
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            var one = parsed.GetValue(id);
            var verdict = await house.AskAsync(HttpMethod.Post, one is null ? "api/v1/costsim/datasets/validate-all" : $"api/v1/costsim/datasets/{Uri.EscapeDataString(one)}/validate", null, cancel);
            if (parsed.GetValue(CommandLine.AsJson) || one is not null) Report.Pretty(verdict);
            else Print(verdict.GetProperty("results"));
            return verdict.GetText("verdict") == "acceptable" || verdict.Get("all_passed") is { ValueKind: JsonValueKind.True } ? 0 : 1;
        }, cancel, refused: 1));
        return command;
    }

    private static void Print(JsonElement results)
    {
        foreach (var result in results.EnumerateObject())
            Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{result.Name,-16} {result.Value.GetText("verdict"),-15} drift {result.Value.GetProperty("drift_score")}, mean error {result.Value.GetProperty("mean_error")} cents"));
    }

    /// <summary>Steps that call a skill, of a list or of a plan document.</summary>
    private static IEnumerable<JsonElement> Calls(JsonElement plan)
    {
        var steps = plan.ValueKind == JsonValueKind.Array ? plan : plan.Get("steps") ?? plan.Get("plan")?.Get("steps") ?? plan.Get("plan") ?? Json.EmptyArray;
        return steps.ValueKind == JsonValueKind.Array ? steps.EnumerateArray().Where(step => step.GetText("skill") is not null) : throw new PlanFileException("the plan has no list of steps.");
    }

    private static JsonElement Question(IEnumerable<JsonElement> steps, long? budget) => Json.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteStartArray("plan");
        foreach (var step in steps)
        {
            writer.WriteStartObject();
            writer.WriteString("skill", step.GetText("skill"));
            writer.WritePropertyName("params");
            (step.Get("params") ?? Json.EmptyObject).WriteTo(writer);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        if (budget is { } cents) writer.WriteNumber("budget_cents", cents);
        writer.WriteEndObject();
    });
}
