using System.CommandLine;
using System.Text.Json;
using Aos.App.Cli.Timelines;
using Aos.App.Cli.Watch;
using Aos.Kernel;
using Spectre.Console;

namespace Aos.App.Cli;

/// <summary><c>aos trace show</c>: a record as a timeline, or as it is answered.</summary>
internal static class TraceShowVerb
{
    internal static Command Command()
    {
        var what = new Argument<string>("trace") { Description = "A trace file (an export, schema 2 or 1.1), a run id, or the id of a stored trace." };
        var schema = new Option<string?>("--schema") { Description = "Prints JSON instead: 2 (events; of a stored trace its steps), or 1.1 (as the SDKs read it).", HelpName = "SCHEMA" };
        schema.AcceptOnlyFromAmong("2", "1.1");
        var width = new Option<int?>("--width") { Description = $"Characters of a line, {WatchScreen.WidthMin} to {WatchScreen.WidthMax}. Default: the terminal's, else {WatchScreen.WidthDefault}.", HelpName = "NUMBER" };
        width.Validators.Add(result =>
        {
            if (result.GetValue(width) is < WatchScreen.WidthMin or > WatchScreen.WidthMax) result.AddError($"--width is a whole number from {WatchScreen.WidthMin} to {WatchScreen.WidthMax}.");
        });
        var command = new Command("show", """
            Draws a trace as a timeline: a bar for each step on one axis, with time, cost, tries and hashes. With --json or
            --schema it is printed as JSON, secrets hidden.

            Examples:
              aos trace show RUN
              aos trace show run.aos-trace.json --width 120
              aos trace show RUN --schema 1.1
            """)
        {
            what, schema, width,
        };
        command.SetAction((parsed, cancel) =>
        {
            var named = parsed.GetValue(what)!;
            var form = parsed.GetValue(schema);
            if (File.Exists(named))
            {
                return TraceVerb.TellAsync(async () =>
                {
                    if (form is not null) throw new PlanFileException("--schema is for runs and stored traces; a file has the schema that it has.");
                    Show(parsed, await PlanFile.BytesAsync(named, cancel), named, parsed.GetValue(width));
                    return 0;
                });
            }

            return Houses.InAsync(CommandLine.Place(parsed), async house =>
            {
                var record = await house.AskAsync(HttpMethod.Get, Path(named, form), null, cancel);
                if (form is not null) Report.Pretty(record);
                else return await TraceVerb.TellAsync(() => Task.FromResult(Show(parsed, record, named, parsed.GetValue(width))));
                return 0;
            }, cancel);
        });
        return command;
    }

    private static string Path(string named, string? form)
    {
        var id = Uri.EscapeDataString(named);
        return RunId.TryParse(named, out _) ? $"api/v1/runs/{id}/trace?schema={form ?? "2"}&limit=10000" : $"api/v1/traces/{id}{(form == "1.1" ? "?schema=1.1" : "")}";
    }

    private static void Show(ParseResult parsed, byte[] file, string named, int? width)
    {
        JsonElement record;
        try
        {
            record = JsonText.Read(file);
        }
        catch (JsonTextException e)
        {
            throw new PlanFileException($"{named}: it is no JSON: {e.Message}.");
        }

        Show(parsed, record, named, width);
    }

    private static int Show(ParseResult parsed, JsonElement record, string named, int? width)
    {
        if (parsed.GetValue(CommandLine.AsJson))
        {
            Report.Line(record);
            return 0;
        }

        try
        {
            var isTerminal = !Console.IsOutputRedirected && Environment.GetEnvironmentVariable("TERM") is not (null or "dumb");
            Print(Timeline.Read(record), width ?? (isTerminal ? WatchScreen.Width : WatchScreen.WidthDefault), isTerminal);
            return 0;
        }
        catch (TraceException e)
        {
            throw new TraceException($"{named}: {e.Message}");
        }
    }

    private static void Print(Timeline timeline, int width, bool isTerminal)
    {
        var screen = isTerminal ? Watcher.Screen(Console.Out, width) : null;
        foreach (var (text, status) in TimelineText.Lines(timeline, width))
        {
            if (screen is null || status.Length == 0) Console.Out.WriteLine(text);
            else screen.Write(new Text(text + "\n", new Style(WatchTree.ColourOf(status))));
        }
    }
}
