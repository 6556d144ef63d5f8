using System.CommandLine;
using System.Text.Json;
using Aos.Kernel;

namespace Aos.App.Cli;

/// <summary><c>aos killswitch</c>: stops runs at once, on all nodes, and keeps new ones from beginning until it is released.</summary>
internal static class KillSwitchVerb
{
    private static readonly Option<string?> Workflow = new("--workflow") { Description = "Only runs of this workflow, all its versions. Default: all runs of the tenant.", HelpName = "NAME" };
    private static readonly Option<bool> House = new("--house") { Description = "The runs of all tenants; for the operator of the house." };

    internal static Command Command()
    {
        var command = new Command("killswitch", """
            Lists the kill switches that are engaged.

            Examples:
              aos killswitch
              aos killswitch engage --reason 'runs send wrong invoices'
              aos killswitch engage --workflow invoices --reason 'wrong amounts'
              aos killswitch engage --house --reason 'provider breach'
              aos killswitch release --workflow invoices --reason 'fixed in 2.1.0'
            """)
        {
            List(), Engage(), Release(),
        };
        command.Aliases.Add("killswitches");
        command.SetAction((parsed, cancel) => ListAsync(parsed, 0, false, cancel));
        return command;
    }

    private static Command List()
    {
        var released = new Option<int>("--released") { Description = "So many of those that were released too, the newest first. Default 0.", HelpName = "COUNT" };
        var all = new Option<bool>("--all-tenants") { Description = "Of all tenants; for callers of the house." };
        var command = new Command("list", "Lists the kill switches that hold for the tenant, the house's too.\n\nExample: aos killswitch list --released 10") { released, all };
        command.SetAction((parsed, cancel) => ListAsync(parsed, parsed.GetValue(released), parsed.GetValue(all), cancel));
        return command;
    }

    private static Task<int> ListAsync(ParseResult parsed, int released, bool isAll, CancellationToken cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
    {
        var answer = await house.AskAsync(HttpMethod.Get, string.Create(System.Globalization.CultureInfo.InvariantCulture, $"api/v1/killswitches?released={released}{(isAll ? "&all_tenants=true" : "")}"), null, cancel);
        foreach (var one in answer.GetProperty("switches").EnumerateArray()) Tell(parsed, one);
        return 0;
    }, cancel);

    private static Command Engage()
    {
        var reason = new Option<string>("--reason") { Description = "Why, for whoever finds runs stopped.", Required = true, HelpName = "TEXT" };
        var command = new Command("engage", """
            Stops runs at once: they end failed with EMERGENCY_STOP, what is under way is called off, nothing is undone, and no new run begins.

            Examples:
              aos killswitch engage --reason 'runs send wrong invoices'
              aos killswitch engage --workflow invoices --reason 'wrong amounts'
            """)
        {
            reason, Workflow, House,
        };
        command.SetAction((parsed, cancel) => ChangeAsync(parsed, "engage", parsed.GetValue(reason), cancel));
        return command;
    }

    private static Command Release()
    {
        var reason = new Option<string?>("--reason") { Description = "Why, for the record.", HelpName = "TEXT" };
        var command = new Command("release", """
            Lets runs begin again. Those that were stopped stay ended; aos runs retry goes on with one of them.

            Examples:
              aos killswitch release --reason 'fixed'
              aos killswitch release --workflow invoices
            """)
        {
            reason, Workflow, House,
        };
        command.SetAction((parsed, cancel) => ChangeAsync(parsed, "release", parsed.GetValue(reason), cancel));
        return command;
    }

    private static Task<int> ChangeAsync(ParseResult parsed, string change, string? reason, CancellationToken cancel)
    {
        var (workflow, isHouse) = (parsed.GetValue(Workflow), parsed.GetValue(House));
        if (isHouse && workflow is not null) return Task.FromResult(Report.Fail(2, "--house stops everything; leave out --workflow."));
        return Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            var body = Json.Write(writer =>
            {
                writer.WriteStartObject();
                if (reason is not null) writer.WriteString("reason", reason);
                if (workflow is not null) writer.WriteString("workflow", workflow);
                writer.WriteEndObject();
            });
            Tell(parsed, await house.AskAsync(HttpMethod.Post, $"api/v1/killswitches/{(isHouse ? "house/" : "")}{change}", body, cancel));
            return 0;
        }, cancel);
    }

    private static void Tell(ParseResult parsed, JsonElement one)
    {
        if (parsed.GetValue(CommandLine.AsJson))
        {
            Report.Line(one);
            return;
        }

        var what = one.GetText("workflow") is { } workflow ? $"workflow {workflow}" : one.GetText("scope") == "house" ? "the whole house" : $"tenant {one.GetText("tenant_id")}";
        var state = one.GetText("released_at") is { } released ? $"released {released}" : $"engaged {one.GetText("engaged_at")}";
        Console.Out.WriteLine(PlainText.Of($"{what,-32} {state}  {one.GetText("reason")}"));
    }
}
