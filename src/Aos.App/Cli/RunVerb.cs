using System.CommandLine;
using System.Text.Json;
using Aos.App.Cli.Watch;
using Aos.Kernel;

namespace Aos.App.Cli;

/// <summary><c>aos run</c>: 0 succeeded, 1 failed, 2 invalid or not admitted, 3 waits for somebody, 4 cancelled, 5 no house.</summary>
internal static class RunVerb
{
    internal static Option<bool> Watch { get; } = new("--watch") { Description = "Shows steps, child runs, agent turns and waits on standard error: on a terminal as a tree that is redrawn as things change, elsewhere a line for each change." };

    internal static Option<int> Wait { get; } = new("--wait") { Description = "Seconds to wait for the end; the run goes on without. Default 3600.", DefaultValueFactory = _ => 3600, HelpName = "SECONDS" };

    internal static Option<string?> Workspace { get; } = new("--workspace") { Description = "Folder of the file skills, when no server runs the plan. Default: the plan's folder.", HelpName = "DIR" };

    internal static Command Command()
    {
        var file = new Argument<string>("file") { Description = "Plan file, JSON or YAML; - reads standard input." };
        var input = new Option<string[]>("--input", "-i") { Description = "An input, NAME=VALUE; the value is JSON or else a text. May be repeated.", HelpName = "NAME=VALUE" };
        var label = new Option<string[]>("--label", "-l") { Description = "A label of the run, NAME=VALUE. May be repeated.", HelpName = "NAME=VALUE" };
        var seed = new Option<ulong?>("--seed") { Description = "Seed of the run. Default: the plan's.", HelpName = "NUMBER" };
        var budget = new Option<decimal?>("--budget") { Description = "Hard limit in cents. Default: the plan's.", HelpName = "CENTS" };
        var priority = new Option<int?>("--priority") { Description = "Runs that wait for a slot begin in this order, the highest first: -100 to 100. Default 0.", HelpName = "NUMBER" };
        var calls = new Option<string?>("--external-calls") { Description = "Where its calls may go: deny, or hosts with commas. It narrows what the plan says. Default: the plan's.", HelpName = "HOSTS" };
        var key = new Option<string?>("--key") { Description = "Idempotency key: the same key and the same request give the same run.", HelpName = "TEXT" };
        priority.Validators.Add(result =>
        {
            if (result.GetValue(priority) is < -100 or > 100) result.AddError("--priority is a whole number from -100 to 100.");
        });
        var command = new Command("run", """
            Runs a plan, durably, and prints its result.

            Examples:
              aos run plan.yaml --input month=2026-01
              aos run plan.yaml --budget 50 --json | tail -1
              cat plan.json | aos run - --wait 0

            Exit code: 0 succeeded, 1 failed, 2 invalid or not admitted, 3 waits for somebody, 4 cancelled, 5 no house.
            """)
        {
            file, input, label, seed, budget, priority, calls, key, Wait, Watch, Workspace,
        };
        command.SetAction((parsed, cancel) =>
        {
            var path = parsed.GetValue(file)!;
            var work = parsed.GetValue(Workspace) ?? (path == "-" ? Directory.GetCurrentDirectory() : Path.GetDirectoryName(Path.GetFullPath(path))!);
            var reading = Task.Run(() => PlanFile.ReadAsync(path, cancel), cancel); // While the house opens.
            return Houses.InAsync(CommandLine.Place(parsed, work) with { Plan = reading }, async house =>
            {
                var plan = await reading;
                var order = new RunOrder(
                    plan, Inputs(parsed.GetValue(input) ?? []), parsed.GetValue(seed), parsed.GetValue(budget), Labels(parsed.GetValue(label) ?? []), parsed.GetValue(key), parsed.GetValue(priority),
                    Calls(parsed.GetValue(calls)));
                var run = await house.StartAsync(order, cancel);
                return await FollowAsync(house, run.GetText("run_id")!, parsed, work, cancel);
            }, cancel);
        });
        return command;
    }

    private static JsonElement? Calls(string? text) => text switch
    {
        null => null,
        "deny" or "allow" => Json.Of(text),
        _ => Json.Write(writer =>
        {
            writer.WriteStartArray();
            foreach (var host in text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)) writer.WriteStringValue(host);
            writer.WriteEndArray();
        }),
    };

    /// <summary>Stays with a run until it is over or needs somebody, shows what happens and prints the end.</summary>
    internal static async Task<int> FollowAsync(IHouse house, string run, ParseResult parsed, string workspace, CancellationToken cancel)
    {
        var isJson = parsed.GetValue(CommandLine.AsJson);
        var isTree = !isJson && parsed.GetValue(Watch);
        var isWatched = isJson || isTree || ProgressView.IsTerminal;
        if (!isJson) await Console.Error.WriteLineAsync($"run {run}");
        var view = new ProgressView(ProgressView.IsTerminal);
        try
        {
            using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            var watching = isTree ? new Watcher(house, TimeProvider.System, ProgressView.IsTerminal, Console.Error).FollowAsync(run, enough.Token)
                : isWatched ? WatchAsync(house, run, isJson ? null : view, enough.Token) : Task.CompletedTask;
            var state = await house.ReadAsync(run, TimeSpan.FromSeconds(parsed.GetValue(Wait)), cancel);
            if (!RunText.IsOver(state)) await enough.CancelAsync();
            await watching;
            view.Close();
            return isJson ? RunText.ExitCode(state) : RunText.Print(state);
        }
        catch (OperationCanceledException)
        {
            view.Close();
            var where = Path.GetFullPath(workspace) == Directory.GetCurrentDirectory() ? "" : $" --workspace {workspace}";
            await Console.Error.WriteLineAsync($"aos: the run is kept. Go on with it: aos runs resume {run}{where}");
            throw;
        }
    }

    private static async Task WatchAsync(IHouse house, string run, ProgressView? view, CancellationToken enough)
    {
        try
        {
            await foreach (var message in house.FollowAsync(run, 0, follow: true, enough))
            {
                if (view is null) Report.Line(message.Body);
                else view.Show(message);
            }
        }
        catch (OperationCanceledException)
        {
            // Nobody waits for more; what the caller does next says why.
        }
    }

    internal static JsonElement Inputs(string[] pairs) => Json.Write(writer =>
    {
        writer.WriteStartObject();
        foreach (var (name, value) in Pairs(pairs))
        {
            writer.WritePropertyName(name);
            Value(value).WriteTo(writer);
        }

        writer.WriteEndObject();
    });

    internal static Dictionary<string, string> Labels(string[] pairs) => new(Pairs(pairs), StringComparer.Ordinal);

    /// <summary>The last of equal names counts.</summary>
    private static Dictionary<string, string> Pairs(string[] pairs)
    {
        var read = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var pair in pairs)
        {
            var at = pair.IndexOf('=', StringComparison.Ordinal);
            if (at <= 0) throw new PlanFileException($"'{pair}' is no NAME=VALUE.");
            read[pair[..at]] = pair[(at + 1)..];
        }

        return read;
    }

    private static JsonElement Value(string text)
    {
        try
        {
            return Json.Parse(text);
        }
        catch (JsonException)
        {
            return Json.Of(text);
        }
    }
}
