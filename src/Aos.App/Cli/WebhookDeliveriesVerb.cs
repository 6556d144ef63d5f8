using System.CommandLine;
using System.Text.Json;
using Aos.Kernel;

namespace Aos.App.Cli;

/// <summary><c>aos webhooks deliveries</c> and what is done with one.</summary>
internal static class WebhookDeliveriesVerb
{
    private static readonly (Option<string?> Option, string Query)[] Filters =
    [
        (new("--endpoint") { Description = "Of this endpoint.", HelpName = "ID" }, "endpoint"),
        (new("--delivery-id") { Description = "As the sender calls it.", HelpName = "ID" }, "delivery_id"),
        (new("--alertname") { Description = "Alerts of this name.", HelpName = "NAME" }, "alertname"),
        (new("--severity") { Description = "Alerts of this severity.", HelpName = "WORD" }, "severity"),
        (new("--forwarding") { Description = "none, waiting, done or failed.", HelpName = "STATE" }, "forwarding"),
        (new("--since") { Description = "Received at this time or later, such as 2026-01-31T12:00:00Z.", HelpName = "TIME" }, "since"),
        (new("--until") { Description = "Received before this time.", HelpName = "TIME" }, "until"),
    ];

    internal static Command List()
    {
        var limit = new Option<int>("--limit") { Description = "How many, 1 to 1000.", HelpName = "NUMBER", DefaultValueFactory = _ => 100 };
        var before = new Option<string?>("--before") { Description = "Only those older than the delivery of this id.", HelpName = "ID" };
        var command = new Command("deliveries", "Lists what came in, newest first.\n\nExample: aos webhooks deliveries --forwarding failed") { limit, before };
        foreach (var (option, _) in Filters) command.Options.Add(option);
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            var page = await PageAsync(house, parsed, parsed.GetValue(limit), parsed.GetValue(before), cancel);
            foreach (var delivery in page.GetProperty("deliveries").EnumerateArray()) Tell(parsed, delivery);
            return 0;
        }, cancel));
        return command;
    }

    internal static Command Show()
    {
        var id = Id();
        var command = new Command("delivery", "Shows one delivery with its headers and body; what is named like a secret is hidden.\n\nExample: aos webhooks delivery 019a…") { id };
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            Report.Line(await house.AskAsync(HttpMethod.Get, Path(parsed.GetValue(id)!), null, cancel));
            return 0;
        }, cancel));
        return command;
    }

    internal static Command Export()
    {
        const int PageMax = 100;
        var command = new Command("export", "Prints deliveries whole, newest first, a JSON object a line.\n\nExample: aos webhooks export --since 2026-01-01T00:00:00Z > deliveries.jsonl");
        foreach (var (option, _) in Filters) command.Options.Add(option);
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            string? before = null;
            do
            {
                var page = await PageAsync(house, parsed, PageMax, before, cancel);
                foreach (var delivery in page.GetProperty("deliveries").EnumerateArray()) Report.Line(await house.AskAsync(HttpMethod.Get, Path(delivery.GetText("id")!), null, cancel));
                before = page.GetText("next");
            }
            while (before is not null);
            return 0;
        }, cancel));
        return command;
    }

    internal static Command Replay()
    {
        var id = Id();
        var command = new Command("replay", "Forwards a delivery again, as its endpoint says now; the run sees that it is a replay.\n\nExample: aos webhooks replay 019a…") { id };
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            Tell(parsed, await house.AskAsync(HttpMethod.Post, $"{Path(parsed.GetValue(id)!)}/replay", null, cancel));
            return 0;
        }, cancel));
        return command;
    }

    private static Task<JsonElement> PageAsync(IHouse house, ParseResult parsed, int limit, string? before, CancellationToken cancel)
    {
        var query = string.Concat(Filters.Select(filter => parsed.GetValue(filter.Option) is { } value ? $"&{filter.Query}={Uri.EscapeDataString(value)}" : ""));
        return house.AskAsync(HttpMethod.Get, $"api/v1/webhooks/deliveries?limit={limit}{(before is null ? "" : "&before=" + Uri.EscapeDataString(before))}{query}", null, cancel);
    }

    private static Argument<string> Id() => new("delivery") { Description = "Id of the delivery, as aos webhooks deliveries prints it." };

    private static string Path(string id) => $"api/v1/webhooks/deliveries/{Uri.EscapeDataString(id)}";

    private static void Tell(ParseResult parsed, JsonElement delivery)
    {
        if (parsed.GetValue(CommandLine.AsJson))
        {
            Report.Line(delivery);
            return;
        }

        var forwarding = delivery.GetProperty("forwarding");
        var to = forwarding.GetText("run_id") is { } run ? $" {run}" : "";
        var why = forwarding.GetText("problem") is { } problem ? $"  {problem}" : "";
        Console.Out.WriteLine(PlainText.Of(
            $"{delivery.GetText("id")}  {delivery.GetText("received_at")}  {delivery.GetText("delivery_id")}  {delivery.GetProperty("body_size")} B  {forwarding.GetText("state")}{to}{why}"));
    }
}
