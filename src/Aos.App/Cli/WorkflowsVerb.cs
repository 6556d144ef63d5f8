using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Aos.Kernel;

namespace Aos.App.Cli;

/// <summary><c>aos workflows</c>: named, versioned plans of the tenant.</summary>
internal static class WorkflowsVerb
{
    internal static Command Command() => new("workflows", "Stored plans: named, versioned, run by name.") { List(), Show(), Versions(), Push(), Validate(), Diff(), WorkflowStatsVerb.Command(), Deprecate(), Run() };

    private static Argument<string> Name() => new("name") { Description = "Name of the workflow.", HelpName = "NAME" };

    private static Argument<string> Named() => new("workflow") { Description = "NAME, or NAME@VERSION: an exact version, 2 for the highest 2.x, or latest.", HelpName = "NAME[@VERSION]" };

    private static Command List()
    {
        var prefix = new Option<string?>("--prefix") { Description = "Only names that begin so.", HelpName = "TEXT" };
        var text = new Option<string?>("--text") { Description = "Only those with this text in name or description.", HelpName = "TEXT" };
        var tag = new Option<string?>("--tag") { Description = "Only those with this tag.", HelpName = "TAG" };
        var deprecated = new Option<bool>("--deprecated") { Description = "Also those of which every version is deprecated." };
        var command = new Command("list", "Lists workflows by name, each with its newest version.\n\nExample: aos workflows list --tag billing") { prefix, text, tag, deprecated };
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            var asked = $"deprecated={(parsed.GetValue(deprecated) ? "true" : "false")}&limit=1000";
            foreach (var (name, value) in new[] { ("prefix", parsed.GetValue(prefix)), ("q", parsed.GetValue(text)), ("tag", parsed.GetValue(tag)) })
                if (value is not null) asked += $"&{name}={Uri.EscapeDataString(value)}";
            string? after = null;
            do
            {
                var page = await house.AskAsync(HttpMethod.Get, $"api/v1/workflows?{asked}{(after is null ? "" : $"&after={Uri.EscapeDataString(after)}")}", null, cancel);
                foreach (var workflow in page.GetProperty("workflows").EnumerateArray()) Print(workflow, parsed);
                after = page.GetText("next_after");
            }
            while (after is not null);
            return 0;
        }, cancel));
        return command;
    }

    private static Command Show()
    {
        var named = Named();
        var command = new Command("show", "Prints one version with its plan: the newest, or the one named.\n\nExample: aos workflows show invoice-digest@2") { named };
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            var (name, version) = Parts(parsed.GetValue(named)!);
            var shown = await house.AskAsync(HttpMethod.Get, $"{Path(name)}/versions/{Uri.EscapeDataString(version)}", null, cancel);
            if (parsed.GetValue(CommandLine.AsJson)) Report.Line(shown);
            else Report.Pretty(shown);
            return 0;
        }, cancel));
        return command;
    }

    private static Command Versions()
    {
        var name = Name();
        var command = new Command("versions", "Lists the versions of a workflow, the highest first.") { name };
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            var page = await house.AskAsync(HttpMethod.Get, $"{Path(parsed.GetValue(name)!)}/versions?limit=1000", null, cancel);
            foreach (var version in page.GetProperty("versions").EnumerateArray()) Print(version, parsed);
            return 0;
        }, cancel));
        return command;
    }

    private static Command Push()
    {
        var file = File();
        var name = new Option<string?>("--name") { Description = "Name of the workflow. Default: the plan's.", HelpName = "NAME" };
        var description = new Option<string?>("--description") { Description = "What it is for.", HelpName = "TEXT" };
        var tag = new Option<string[]>("--tag") { Description = "A tag. May be repeated; those before are replaced.", HelpName = "TAG" };
        var command = new Command("push", """
            Stores a plan as the next version of its workflow. The version is the plan's, else the next patch of the highest one. A plan that is
            the newest version already changes nothing.

            Example: aos workflows push plan.yaml --tag billing
            """) { file, name, description, tag };
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            var body = Body(await PlanFile.ReadAsync(parsed.GetValue(file)!, cancel), parsed.GetValue(name), parsed.GetValue(description), parsed.GetValue(tag));
            var pushed = await house.AskAsync(HttpMethod.Post, "api/v1/workflows", body, cancel);
            if (parsed.GetValue(CommandLine.AsJson)) Report.Line(pushed);
            else Console.Out.WriteLine($"{pushed.GetText("workflow_id")} {(pushed.GetProperty("created").GetBoolean() ? "stored" : "is there already")}, hash {pushed.GetText("plan_hash")}");
            return 0;
        }, cancel));
        return command;
    }

    private static Command Validate()
    {
        var file = File();
        var command = new Command("validate", "Names every mistake of a plan at once, its references included, and stores nothing. Exit code 2 when there is one.") { file };
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
            await ValidateAsync(house, await PlanFile.ReadAsync(parsed.GetValue(file)!, cancel), parsed.GetValue(file)!, parsed.GetValue(CommandLine.AsJson), cancel), cancel));
        return command;
    }

    /// <summary>Asks the house about a plan and tells what it says, as <c>aos plan check</c> does.</summary>
    internal static async Task<int> ValidateAsync(IHouse house, JsonElement plan, string file, bool isJson, CancellationToken cancel)
    {
        var hasName = plan.ValueKind == JsonValueKind.Object && plan.GetText("name") is not null;
        var verdict = await house.AskAsync(HttpMethod.Post, "api/v1/workflows/validate", Body(plan, hasName ? null : "plan", null, []), cancel);
        if (isJson) Report.Line(verdict);
        else
        {
            foreach (var (list, word) in new[] { ("problems", ""), ("warnings", "warning: ") })
            {
                foreach (var problem in verdict.GetProperty(list).EnumerateArray())
                    await Console.Error.WriteLineAsync($"{file}: {problem.GetText("path")}: {word}{problem.GetText("code")}: {problem.GetText("message")} {problem.GetText("suggestion")}".TrimEnd());
            }

            if (verdict.GetProperty("valid").GetBoolean())
                Console.Out.WriteLine($"{file}: {verdict.GetText("name")}, {RunText.Counted(verdict.GetProperty("steps").GetInt32(), "step")}, hash {verdict.GetText("plan_hash")}{References(verdict)}");
        }

        return verdict.GetProperty("valid").GetBoolean() ? 0 : 2;
    }

    private static string References(JsonElement verdict) =>
        string.Concat(verdict.GetProperty("references").EnumerateObject().Select(one => $"\n  {one.Name} is {one.Value.GetString()}"));

    private static Command Diff()
    {
        var name = Name();
        var from = new Argument<string>("from") { Description = "Version." };
        var to = new Argument<string>("to") { Description = "Version. Default: latest.", DefaultValueFactory = _ => "latest" };
        var command = new Command("diff", "Says what changed between two versions, and which runs could go on under the second. Exit code 0 when nothing did, 1 else.\n\nExample: aos workflows diff invoice-digest 1.0.0 2.0.0") { name, from, to };
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            var query = $"from={Uri.EscapeDataString(parsed.GetValue(from)!)}&to={Uri.EscapeDataString(parsed.GetValue(to)!)}";
            var changes = await house.AskAsync(HttpMethod.Get, $"{Path(parsed.GetValue(name)!)}/diff?{query}", null, cancel);
            if (parsed.GetValue(CommandLine.AsJson)) Report.Line(changes);
            else PlanChanges.Print(changes);
            return changes.GetProperty("match").GetBoolean() ? 0 : 1;
        }, cancel));
        return command;
    }

    private static Command Deprecate()
    {
        var named = new Argument<string>("workflow") { Description = "NAME@VERSION, the version in full.", HelpName = "NAME@VERSION" };
        var message = new Option<string?>("--message", "-m") { Description = "What to use instead.", HelpName = "TEXT" };
        var undo = new Option<bool>("--undo") { Description = "Takes it back." };
        var command = new Command("deprecate", "Sets a version apart: by name it is run no more, in full it still can be.\n\nExample: aos workflows deprecate invoice-digest@1.0.0 -m 'use 2'") { named, message, undo };
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            var (name, version) = Parts(parsed.GetValue(named)!);
            Print(await house.AskAsync(HttpMethod.Post, $"{Path(name)}/versions/{Uri.EscapeDataString(version)}/deprecate", Json.Write(writer =>
            {
                writer.WriteStartObject();
                if (parsed.GetValue(message) is { } text) writer.WriteString("message", text);
                writer.WriteBoolean("undo", parsed.GetValue(undo));
                writer.WriteEndObject();
            }), cancel), parsed);
            return 0;
        }, cancel));
        return command;
    }

    private static Command Run()
    {
        var named = Named();
        var input = new Option<string[]>("--input", "-i") { Description = "An input, NAME=VALUE; the value is JSON or else a text. May be repeated.", HelpName = "NAME=VALUE" };
        var label = new Option<string[]>("--label", "-l") { Description = "A label of the run, NAME=VALUE. May be repeated.", HelpName = "NAME=VALUE" };
        var seed = new Option<ulong?>("--seed") { Description = "Seed of the run. Default: the plan's.", HelpName = "NUMBER" };
        var budget = new Option<decimal?>("--budget") { Description = "Hard limit in cents. Default: the plan's.", HelpName = "CENTS" };
        var key = new Option<string?>("--key") { Description = "Idempotency key: the same key and the same request give the same run.", HelpName = "TEXT" };
        var command = new Command("run", "Runs a stored plan and stays with it to its end, as aos run does.\n\nExample: aos workflows run invoice-digest@2 --input month=2026-01")
        {
            named, input, label, seed, budget, key, RunVerb.Wait, RunVerb.Watch, RunVerb.Workspace,
        };
        command.SetAction((parsed, cancel) =>
        {
            var work = parsed.GetValue(RunVerb.Workspace) ?? Directory.GetCurrentDirectory();
            return Houses.InAsync(CommandLine.Place(parsed, work), async house =>
            {
                var (name, version) = Parts(parsed.GetValue(named)!);
                var run = await house.AskAsync(HttpMethod.Post, $"{Path(name)}/run", Json.Write(writer =>
                {
                    writer.WriteStartObject();
                    writer.WriteString("version", version);
                    writer.WriteString("agent_id", "cli");
                    writer.WritePropertyName("inputs");
                    RunVerb.Inputs(parsed.GetValue(input) ?? []).WriteTo(writer);
                    if (parsed.GetValue(seed) is { } number) writer.WriteNumber("seed", number);
                    if (parsed.GetValue(budget) is { } cents) writer.WriteNumber("budget_cents", cents);
                    if (parsed.GetValue(key) is { } text) writer.WriteString("idempotency_key", text);
                    writer.WriteStartObject("labels");
                    foreach (var (labelled, value) in RunVerb.Labels(parsed.GetValue(label) ?? [])) writer.WriteString(labelled, value);
                    writer.WriteEndObject();
                    writer.WriteEndObject();
                }), cancel);
                foreach (var warning in (run.Get("warnings") ?? Json.EmptyArray).EnumerateArray()) await Console.Error.WriteLineAsync($"warning: {warning.GetText("message")}");
                return await RunVerb.FollowAsync(house, run.GetText("run_id")!, parsed, work, cancel);
            }, cancel);
        });
        return command;
    }

    private static Argument<string> File() => new("file") { Description = "Plan file, JSON or YAML; - reads standard input." };

    private static JsonElement Body(JsonElement plan, string? name, string? description, string[]? tags) => Json.Write(writer =>
    {
        writer.WriteStartObject();
        if (name is not null) writer.WriteString("name", name);
        writer.WritePropertyName("plan");
        plan.WriteTo(writer);
        if (description is not null) writer.WriteString("description", description);
        if (tags is { Length: > 0 })
        {
            writer.WriteStartArray("tags");
            foreach (var tag in tags) writer.WriteStringValue(tag);
            writer.WriteEndArray();
        }

        writer.WriteEndObject();
    });

    private static void Print(JsonElement one, ParseResult parsed)
    {
        if (parsed.GetValue(CommandLine.AsJson))
        {
            Report.Line(one);
            return;
        }

        var at = one.TryGetProperty("created_at", out var created) && created.TryGetDateTimeOffset(out var time) ? time.ToLocalTime().ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture) : "";
        var note = one.GetProperty("deprecated").GetBoolean() ? $"deprecated {one.GetText("message")}" : one.GetText("description");
        Console.Out.WriteLine($"{one.GetText("name")}@{one.GetText("version")} {at} {one.GetText("plan_hash")![..16]} {note}".TrimEnd());
    }

    private static (string Name, string Version) Parts(string named) => named.IndexOf('@', StringComparison.Ordinal) is var at and >= 0 ? (named[..at], named[(at + 1)..]) : (named, "latest");

    private static string Path(string name) => $"api/v1/workflows/{Uri.EscapeDataString(name)}";
}
