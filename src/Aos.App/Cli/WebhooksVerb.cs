using System.CommandLine;
using System.Text.Json;
using Aos.Kernel;

namespace Aos.App.Cli;

/// <summary><c>aos webhooks</c>: where outside systems post to, and what they sent.</summary>
internal static class WebhooksVerb
{
    private static readonly Option<string?> Signal = new("--signal") { Description = "The signal by which the run hears of a delivery. Default: deliveries are kept only.", HelpName = "NAME" };
    private static readonly Option<string?> Run = new("--run") { Description = "The run that hears of every delivery.", HelpName = "RUN" };
    private static readonly Option<string?> Field = new("--run-field") { Description = "Where in a JSON body the run's id stands, such as data.object.metadata.run_id.", HelpName = "PATH" };
    private static readonly Option<int?> Window = new("--window") { Description = "Seconds that the signed time may be off, 30 to 3600. Default 300.", HelpName = "SECONDS" };

    internal static Command Command()
    {
        var command = new Command("webhooks", """
            Lists the endpoints that outside systems post signed deliveries to.

            Examples:
              openssl rand -hex 32 | aos secrets set PAYMENTS_HOOK
              aos webhooks create payments --secret PAYMENTS_HOOK --signal paid --run-field data.run_id
              aos webhooks sign body.json --id evt_1 --secret-file hook.key > headers
              curl -H @headers --data-binary @body.json http://127.0.0.1:8000/webhooks/in/ENDPOINT
              aos webhooks deliveries
            """)
        {
            List(), Create(), Show(), Change(), Remove(), WebhookDeliveriesVerb.List(), WebhookDeliveriesVerb.Show(), WebhookDeliveriesVerb.Export(), WebhookDeliveriesVerb.Replay(), WebhookSignVerb.Command(),
        };
        command.Aliases.Add("webhook");
        command.SetAction(ListAsync);
        return command;
    }

    private static Command List()
    {
        var command = new Command("list", "Lists the endpoints of the tenant.\n\nExample: aos webhooks list --json");
        command.SetAction(ListAsync);
        return command;
    }

    private static Task<int> ListAsync(ParseResult parsed, CancellationToken cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
    {
        var answer = await house.AskAsync(HttpMethod.Get, "api/v1/webhooks/endpoints", null, cancel);
        foreach (var endpoint in answer.GetProperty("endpoints").EnumerateArray()) Tell(parsed, endpoint);
        return 0;
    }, cancel);

    private static Command Create()
    {
        var name = new Argument<string>("name") { Description = "What people call it." };
        var secret = new Option<string>("--secret") { Description = "Name of the tenant's secret that deliveries are signed with; one that no other endpoint has.", HelpName = "NAME", Required = true };
        var scheme = new Option<string?>("--scheme") { Description = "How the sender signs: aos, github or stripe. Default aos.", HelpName = "SCHEME" };
        var command = new Command("create", "Makes an endpoint and prints its address.\n\nExample: aos webhooks create payments --secret PAYMENTS_HOOK --signal paid --run-field data.run_id")
        {
            name, secret, scheme, Signal, Run, Field, Window,
        };
        command.SetAction((parsed, cancel) => SendAsync(parsed, HttpMethod.Post, "api/v1/webhooks/endpoints", writer =>
        {
            writer.WriteString("name", parsed.GetValue(name));
            writer.WriteString("secret", parsed.GetValue(secret));
            if (parsed.GetValue(scheme) is { } how) writer.WriteString("scheme", how);
            WriteRest(writer, parsed);
        }, cancel));
        return command;
    }

    private static Command Show()
    {
        var id = Id();
        var command = new Command("show", "Shows an endpoint.\n\nExample: aos webhooks show 5f0c…") { id };
        command.SetAction((parsed, cancel) => SendAsync(parsed, HttpMethod.Get, Path(parsed.GetValue(id)!), null, cancel));
        return command;
    }

    private static Command Change()
    {
        var id = Id();
        var name = new Option<string?>("--name") { Description = "What people call it.", HelpName = "TEXT" };
        var secret = new Option<string?>("--secret") { Description = "Name of another secret.", HelpName = "NAME" };
        var off = new Option<bool>("--disable") { Description = "Refuses deliveries from now on." };
        var on = new Option<bool>("--enable") { Description = "Takes them again." };
        var keep = new Option<bool>("--keep-only") { Description = "Forwards deliveries to no run any more." };
        var command = new Command("change", "Changes an endpoint; what is not named stays. Holds on all nodes at once.\n\nExample: aos webhooks change 5f0c… --disable")
        {
            id, name, secret, Signal, Run, Field, Window, off, on, keep,
        };
        command.SetAction((parsed, cancel) => SendAsync(parsed, HttpMethod.Patch, Path(parsed.GetValue(id)!), writer =>
        {
            if (parsed.GetValue(name) is { } text) writer.WriteString("name", text);
            if (parsed.GetValue(secret) is { } other) writer.WriteString("secret", other);
            if (parsed.GetValue(off) || parsed.GetValue(on)) writer.WriteBoolean("enabled", parsed.GetValue(on));
            if (parsed.GetValue(keep)) writer.WriteNull("forward");
            WriteRest(writer, parsed);
        }, cancel));
        return command;
    }

    private static Command Remove()
    {
        var id = Id();
        var command = new Command("remove", "Takes an endpoint away; what it received stays until its time is over.\n\nExample: aos webhooks remove 5f0c…") { id };
        command.SetAction((parsed, cancel) => SendAsync(parsed, HttpMethod.Delete, Path(parsed.GetValue(id)!), null, cancel));
        return command;
    }

    private static Task<int> SendAsync(ParseResult parsed, HttpMethod method, string path, Action<Utf8JsonWriter>? write, CancellationToken cancel) =>
        Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            JsonElement? body = write is null ? null : Json.Write(writer =>
            {
                writer.WriteStartObject();
                write(writer);
                writer.WriteEndObject();
            });
            Tell(parsed, await house.AskAsync(method, path, body, cancel));
            return 0;
        }, cancel);

    private static Argument<string> Id() => new("endpoint") { Description = "Id of the endpoint." };

    private static string Path(string id) => $"api/v1/webhooks/endpoints/{Uri.EscapeDataString(id)}";

    private static void WriteRest(Utf8JsonWriter writer, ParseResult parsed)
    {
        if (parsed.GetValue(Window) is { } window) writer.WriteNumber("window_seconds", window);
        if (parsed.GetValue(Signal) is null && parsed.GetValue(Run) is null && parsed.GetValue(Field) is null) return;
        writer.WriteStartObject("forward");
        if (parsed.GetValue(Signal) is { } signal) writer.WriteString("signal", signal);
        if (parsed.GetValue(Run) is { } run) writer.WriteString("run_id", run);
        if (parsed.GetValue(Field) is { } field) writer.WriteString("run_field", field);
        writer.WriteEndObject();
    }

    private static void Tell(ParseResult parsed, JsonElement endpoint)
    {
        if (parsed.GetValue(CommandLine.AsJson))
        {
            Report.Line(endpoint);
            return;
        }

        var forward = endpoint.Get("forward") is { ValueKind: JsonValueKind.Object } to
            ? $"signal {to.GetText("signal")} to {to.GetText("run_id") ?? $"the run at {to.GetText("run_field")}"}"
            : "kept only";
        var state = endpoint.GetProperty("enabled").GetBoolean() ? "" : "  disabled";
        Console.Out.WriteLine(PlainText.Of($"{endpoint.GetText("path")}  {endpoint.GetText("name")}  {endpoint.GetText("scheme")}, secret {endpoint.GetText("secret")}, {forward}{state}"));
    }
}
