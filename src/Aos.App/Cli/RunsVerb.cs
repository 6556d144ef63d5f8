using System.CommandLine;
using System.Text;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Cli;

/// <summary><c>aos runs list|show|events|cancel|pause|resume|retry|signal|resolve</c>.</summary>
internal static class RunsVerb
{
    internal static Command Command() => new("runs", "Looks at runs and steers them.")
    {
        List(),
        One("show", "Prints a run's state.", (house, run, cancel) => ShowAsync(house, run, cancel)),
        One("events", "Prints a run's journal, one event a line.", EventsAsync),
        Order("cancel", "Cancels a run.", new CancelRun("cancelled from the command line")),
        Order("pause", "Lets a run start nothing more.", new PauseRun("paused from the command line")),
        Order("resume", "Lets a paused or quarantined run go on.", new ResumeRun("resumed from the command line")),
        Order("retry", "Starts a new attempt of a failed run; finished steps are kept.", new RetryRun("retried from the command line")),
        Signal(),
        Resolve(),
    };

    private static Command List()
    {
        var data = CommandLine.Data();
        var command = new Command("list", "Lists runs, newest first.") { data };
        command.SetAction((parsed, cancel) => InAsync(parsed.GetValue(data), async house =>
        {
            foreach (var row in await house.Rows.ListAsync(new RunFilter(TenantId.Default), cancel))
                Console.WriteLine($"{row.Id} {row.Status.Wire(),-11} {row.CreatedAt.ToLocalTime():yyyy-MM-dd HH:mm:ss} {row.AgentId} {row.FailureCode}");
            return 0;
        }, cancel));
        return command;
    }

    private static Command One(string name, string description, Func<Embedded, RunId, CancellationToken, Task<int>> act)
    {
        var id = new Argument<string>("run") { Description = "Run id." };
        var data = CommandLine.Data();
        var command = new Command(name, description) { id, data };
        command.SetAction((parsed, cancel) => WithAsync(parsed.GetValue(id)!, parsed.GetValue(data), act, cancel));
        return command;
    }

    private static Command Order(string name, string description, RunCommand order) =>
        One(name, description, (house, run, cancel) => CommandAsync(house, run, order, cancel));

    private static Command Signal()
    {
        var id = new Argument<string>("run") { Description = "Run id." };
        var name = new Argument<string>("name") { Description = "Name of the signal." };
        var payload = new Option<string>("--payload") { Description = "JSON. Default null.", DefaultValueFactory = _ => "null" };
        var data = CommandLine.Data();
        var command = new Command("signal", "Sends a signal to a run.") { id, name, payload, data };
        command.SetAction((parsed, cancel) => WithAsync(parsed.GetValue(id)!, parsed.GetValue(data), (house, run, token) =>
            CommandAsync(house, run, new SignalRun(Guid.CreateVersion7().ToString("D"), parsed.GetValue(name)!, Json.Parse(parsed.GetValue(payload)!)), token), cancel));
        return command;
    }

    private static Command Resolve()
    {
        var id = new Argument<string>("run") { Description = "Run id." };
        var step = new Argument<string>("step") { Description = "Step id." };
        var verdict = new Argument<string>("verdict") { Description = "done, not_done or abort." };
        verdict.AcceptOnlyFromAmong("done", "not_done", "abort");
        var result = new Option<string>("--result") { Description = "JSON: the result, when it was done. Default null.", DefaultValueFactory = _ => "null" };
        var data = CommandLine.Data();
        var command = new Command("resolve", "Says what became of a step whose outcome is unknown.") { id, step, verdict, result, data };
        command.SetAction((parsed, cancel) => WithAsync(parsed.GetValue(id)!, parsed.GetValue(data), (house, run, token) =>
        {
            var decided = parsed.GetValue(verdict) switch { "done" => ResolveVerdict.Done, "not_done" => ResolveVerdict.NotDone, _ => ResolveVerdict.Abort };
            return CommandAsync(house, run, new ResolveStep(parsed.GetValue(step)!, -1, decided, Json.Parse(parsed.GetValue(result)!)), token);
        }, cancel));
        return command;
    }

    private static Task<int> WithAsync(string id, string? data, Func<Embedded, RunId, CancellationToken, Task<int>> act, CancellationToken cancel) =>
        RunId.TryParse(id, out var run)
            ? InAsync(data, house => act(house, run, cancel), cancel)
            : Task.FromResult(CommandLine.Fail(2, $"'{id}' is no run id. aos runs list shows them."));

    private static Task<int> InAsync(string? data, Func<Embedded, Task<int>> act, CancellationToken cancel)
    {
        var folder = HouseOptions.DataOf(data);
        return Embedded.InAsync(new HouseOptions(folder, HouseOptions.WorkspaceOf(null, folder)), act, cancel);
    }

    private static async Task<int> CommandAsync(Embedded house, RunId run, RunCommand order, CancellationToken cancel)
    {
        switch (await house.Runs.CommandAsync(Embedded.Owner, run, order, cancel))
        {
            case CommandReply.Refused refused:
                return CommandLine.Fail(1, $"{refused.Why.Code}: {refused.Why.Message} {refused.Why.Advice}");
            case CommandReply.Unknown:
                return CommandLine.Fail(1, $"RUN_NOT_FOUND: there is no run {run}. aos runs list shows them.");
            default:
                return await ShowAsync(house, run, cancel);
        }
    }

    private static async Task<int> ShowAsync(Embedded house, RunId run, CancellationToken cancel)
    {
        if (await house.Runs.ReadAsync(Embedded.Owner, run, cancel) is not { } state)
            return CommandLine.Fail(1, $"RUN_NOT_FOUND: there is no run {run}. aos runs list shows them.");
        Console.WriteLine(RunVerb.Pretty(Server.RunWire.Of(state)));
        return 0;
    }

    private static async Task<int> EventsAsync(Embedded house, RunId run, CancellationToken cancel)
    {
        foreach (var entry in await house.Journal.ReadAsync(run, 0, int.MaxValue, cancel)) Console.WriteLine(Encoding.UTF8.GetString(entry.Body.Span));
        return 0;
    }
}
