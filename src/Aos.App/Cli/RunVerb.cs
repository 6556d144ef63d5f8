using System.CommandLine;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Cli;

/// <summary><c>aos run</c>: 0 succeeded, 1 failed, 2 invalid, 3 waits for somebody, 4 cancelled, 5 the store cannot be opened.</summary>
internal static class RunVerb
{
    internal static Command Command()
    {
        var file = new Argument<string>("file") { Description = "Plan file, JSON or YAML; - reads standard input." };
        var input = new Option<string[]>("--input", "-i") { Description = "An input, NAME=VALUE; the value is JSON or else a text.", AllowMultipleArgumentsPerToken = false };
        var seed = new Option<ulong?>("--seed") { Description = "Seed of the run." };
        var budget = new Option<decimal?>("--budget") { Description = "Hard limit, cents." };
        var json = new Option<bool>("--json") { Description = "Prints the run's events and its end as JSON lines." };
        var wait = new Option<int>("--wait") { Description = "Seconds to wait for the end. Default 3600.", DefaultValueFactory = _ => 3600 };
        var workspace = new Option<string?>("--workspace") { Description = "Folder of the file skills. Default: the plan's folder." };
        var data = CommandLine.Data();
        var command = new Command("run", "Runs a plan, durably, and prints its result.\n\nExample: aos run plan.yaml --input month=2026-01")
        {
            file, input, seed, budget, json, wait, workspace, data,
        };
        command.SetAction((parsed, cancel) =>
        {
            var path = parsed.GetValue(file)!;
            var folder = HouseOptions.DataOf(parsed.GetValue(data));
            var work = parsed.GetValue(workspace) ?? (path == "-" ? Directory.GetCurrentDirectory() : Path.GetDirectoryName(Path.GetFullPath(path))!);
            return Embedded.InAsync(
                new HouseOptions(folder, HouseOptions.WorkspaceOf(work, folder)),
                house => RunAsync(house, path, parsed.GetValue(input) ?? [], parsed.GetValue(seed), parsed.GetValue(budget), parsed.GetValue(json), parsed.GetValue(wait), cancel),
                cancel);
        });
        return command;
    }

    private static async Task<int> RunAsync(
        Embedded house, string file, string[] inputs, ulong? seed, decimal? budget, bool json, int wait, CancellationToken cancel)
    {
        JsonElement source;
        try
        {
            source = await PlanFile.ReadAsync(file, cancel);
        }
        catch (PlanFileException e)
        {
            return CommandLine.Fail(2, e.Message);
        }

        var reading = PlanReader.Read(source, house.Skills.Terms);
        if (reading.Plan is not { } plan)
        {
            PlanVerb.Print(reading, file);
            return 2;
        }

        var request = new StartRequest("cli", plan, Inputs(inputs), seed, budget is { } cents ? new Cents(cents) : null);
        switch (await house.Runs.StartAsync(Embedded.Owner, request, cancel))
        {
            case StartReply.Started started:
                return await FollowAsync(house, started.Run, json, wait, cancel);
            case StartReply.Refused refused:
                return CommandLine.Fail(2, $"{refused.Why.Code}: {refused.Why.Message} {refused.Why.Advice}");
            default:
                return CommandLine.Fail(2, "The run was not started.");
        }
    }

    private static async Task<int> FollowAsync(Embedded house, RunId run, bool json, int wait, CancellationToken cancel)
    {
        if (!json) await Console.Error.WriteLineAsync($"run {run}");
        var state = await house.Runs.WaitAsync(Embedded.Owner, run, TimeSpan.FromSeconds(wait), cancel);
        if (json)
        {
            foreach (var entry in await house.Journal.ReadRawAsync(run, 0, int.MaxValue, cancel))
                Console.WriteLine(System.Text.Encoding.UTF8.GetString(entry.Body.Span));
        }

        return Print(state!, json);
    }

    internal static int Print(RunState state, bool json)
    {
        if (!json && state.End?.Result is { } result) Console.WriteLine(Pretty(result));
        if (state.End?.Failure is { } failure) Console.Error.WriteLine($"aos: {failure.Code}: {failure.Message} {failure.Advice}");
        if (!state.Status.IsOver()) Console.Error.WriteLine($"aos: the run is {state.Status.Wire()}; see: aos runs show {state.Start!.Run}");
        else if (!json) Console.Error.WriteLine($"{state.Status.Wire()}, {state.Steps.Length} steps, {state.Spent} cents, root {state.End!.RootHash}");
        return state.Status switch { RunStatus.Succeeded => 0, RunStatus.Failed => 1, RunStatus.Cancelled => 4, _ => 3 };
    }

    internal static string Pretty(JsonElement value) => value.ValueKind == JsonValueKind.String
        ? value.GetString()!
        : JsonSerializer.Serialize(value, CliJson.Default.JsonElement);

    private static JsonElement Inputs(string[] pairs) => Json.Write(writer =>
    {
        writer.WriteStartObject();
        foreach (var pair in pairs)
        {
            var at = pair.IndexOf('=', StringComparison.Ordinal);
            writer.WritePropertyName(at < 0 ? pair : pair[..at]);
            Value(at < 0 ? "true" : pair[(at + 1)..]).WriteTo(writer);
        }

        writer.WriteEndObject();
    });

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
