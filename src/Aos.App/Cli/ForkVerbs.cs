using System.CommandLine;
using System.Text.Json;
using Aos.Kernel;

namespace Aos.App.Cli;

/// <summary><c>aos runs diff</c> and <c>aos runs fork</c>.</summary>
internal static class ForkVerbs
{
    internal static Command Diff()
    {
        var left = new Argument<string>("a") { Description = "Run id." };
        var right = new Argument<string>("b") { Description = "Run id." };
        var command = new Command("diff", "Compares two runs step by step and says where they part. Exit code 0 when they are the same, 1 when not.\n\nExample: aos runs diff RUN OTHER") { left, right };
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            var (a, b) = (Uri.EscapeDataString(parsed.GetValue(left)!), Uri.EscapeDataString(parsed.GetValue(right)!));
            var diff = await house.AskAsync(HttpMethod.Get, $"api/v1/runs/{a}/diff/{b}", null, cancel);
            if (parsed.GetValue(CommandLine.AsJson)) Report.Line(diff);
            else Console.Out.Write(RunDiffText.Of(diff));
            return diff.Get("match") is { ValueKind: JsonValueKind.True } ? 0 : 1;
        }, cancel));
        return command;
    }

    internal static Command Fork()
    {
        var run = new Argument<string>("run") { Description = "Id of the run to fork." };
        var step = new Option<string?>("--from-step") { Description = "The first step that is done anew; what comes before it is taken over.", HelpName = "STEP" };
        var seq = new Option<int?>("--from-event") { Description = "Takes over what was finished at this event.", HelpName = "SEQ" };
        var plan = new Option<string?>("--plan") { Description = "A changed plan. Steps that are taken over stand in it as they were.", HelpName = "FILE" };
        var inputs = new Option<string?>("--inputs") { Description = "JSON: other inputs.", HelpName = "JSON" };
        var seed = new Option<ulong?>("--seed") { Description = "Another seed. Default: the run's.", HelpName = "NUMBER" };
        var model = new Option<string?>("--model") { Description = "Model of the model calls that are made anew.", HelpName = "MODEL" };
        var budget = new Option<decimal?>("--budget") { Description = "Cents the fork may spend. Default: the run's budget.", HelpName = "CENTS" };
        var reason = new Option<string?>("--reason") { Description = "Why, for the journal.", HelpName = "TEXT" };
        var key = new Option<string?>("--key") { Description = "Idempotency key: asked twice, there is one fork.", HelpName = "KEY" };
        var wait = new Option<int>("--wait") { Description = "Seconds to wait for its end, 0 to 60. Default 20.", DefaultValueFactory = _ => 20, HelpName = "SECONDS" };
        var command = new Command("fork", "Starts a new run that takes over the finished steps of another one and goes on from there.\n\nExample: aos runs fork RUN --from-step summarise --model another-model")
        {
            run, step, seq, plan, inputs, seed, model, budget, reason, key, wait,
        };
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            var changed = parsed.GetValue(plan) is { } file ? await PlanFile.ReadAsync(file, cancel) : (JsonElement?)null;
            var body = Json.Write(writer =>
            {
                writer.WriteStartObject();
                if (parsed.GetValue(step) is { } id) writer.WriteString("from_step", id);
                if (parsed.GetValue(seq) is { } number) writer.WriteNumber("from_event", number);
                if (changed is { } another) Value(writer, "plan", another);
                if (parsed.GetValue(inputs) is { } given) Value(writer, "inputs", PlanFile.Value(given, "--inputs"));
                if (parsed.GetValue(seed) is { } chance) writer.WriteNumber("seed", chance);
                if (parsed.GetValue(model) is { } name) writer.WriteString("model", name);
                if (parsed.GetValue(budget) is { } cents) writer.WriteNumber("budget_cents", cents);
                writer.WriteString("reason", parsed.GetValue(reason) ?? "asked on the command line");
                if (parsed.GetValue(key) is { } once) writer.WriteString("idempotency_key", once);
                writer.WriteNumber("wait", parsed.GetValue(wait));
                writer.WriteEndObject();
            });
            var forked = await house.AskAsync(HttpMethod.Post, $"api/v1/runs/{Uri.EscapeDataString(parsed.GetValue(run)!)}/fork", body, cancel);
            Report.Pretty(forked);
            return forked.GetText("status") is "failed" or "cancelled" ? 1 : 0;
        }, cancel));
        return command;
    }

    private static void Value(Utf8JsonWriter writer, string name, JsonElement value)
    {
        writer.WritePropertyName(name);
        value.WriteTo(writer);
    }
}
