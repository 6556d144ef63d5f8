using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Aos.Kernel;

namespace Aos.App.Cli;

/// <summary><c>aos archive run|list|verify</c>.</summary>
internal static class ArchiveVerb
{
    internal static Command Command() => new("archive", """
        Ended runs in files: takes them out of the database, lists the files, checks them. What is archived is read as ever.

        Example: aos archive run --older-than 90d
        """)
    {
        Run(), List(), Verify(),
    };

    private static Command Run()
    {
        var age = new Option<string>("--older-than") { Description = "Runs that ended longer ago; at least 1d. Default 30d.", DefaultValueFactory = _ => "30d", HelpName = "TIME" };
        var dry = new Option<bool>("--dry-run") { Description = "Counts the runs and changes nothing." };
        var command = new Command("run", """
            Archives ended runs now: whole trees of parents and children, checked, in compressed files.

            Examples:
              aos archive run --older-than 90d --dry-run
              aos archive run
            """)
        {
            age, dry,
        };
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            var order = Json.Write(writer =>
            {
                writer.WriteStartObject();
                writer.WriteString("older_than", parsed.GetValue(age));
                writer.WriteBoolean("dry_run", parsed.GetValue(dry));
                writer.WriteEndObject();
            });
            var report = await house.AskAsync(HttpMethod.Post, "api/v1/archive", order, cancel);
            if (parsed.GetValue(CommandLine.AsJson)) Report.Line(report);
            else Console.Out.WriteLine(Told(report));
            return 0;
        }, cancel));
        return command;
    }

    private static Command List()
    {
        var command = new Command("list", "Lists the archive files: name, runs, bytes, when their runs ended, where they were written.\n\nExample: aos archive list --json");
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            var answer = await house.AskAsync(HttpMethod.Get, "api/v1/archive", null, cancel);
            foreach (var file in answer.GetProperty("files").EnumerateArray())
            {
                if (parsed.GetValue(CommandLine.AsJson)) Report.Line(file);
                else Console.Out.WriteLine($"{file.GetText("name")} {Number(file, "runs"),7} runs {Number(file, "bytes"),10} bytes  {file.GetText("place")}");
            }

            return 0;
        }, cancel));
        return command;
    }

    private static Command Verify()
    {
        var command = new Command("verify", """
            Reads every byte of the archive files that are here and checks hashes, chains and index. Exit code 1 when one is not as it was written.

            Example: aos archive verify
            """);
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            var answer = await house.AskAsync(HttpMethod.Get, "api/v1/archive/verify", null, cancel);
            if (parsed.GetValue(CommandLine.AsJson)) Report.Line(answer);
            else Print(answer);
            return answer.Get("ok") is { ValueKind: JsonValueKind.True } ? 0 : 1;
        }, cancel, refused: 1));
        return command;
    }

    private static void Print(JsonElement answer)
    {
        foreach (var file in answer.GetProperty("files").EnumerateArray())
        {
            var word = file.GetProperty("is_here").ValueKind == JsonValueKind.False ? "elsewhere" : file.GetText("reason") is null ? "ok" : "damaged";
            Console.Out.WriteLine($"{word,-9} {file.GetText("name")}  {(word == "elsewhere" ? file.GetText("place") : file.GetText("reason"))}".TrimEnd());
        }

        Console.Out.WriteLine($"{Number(answer, "checked")} checked, {Number(answer, "elsewhere")} elsewhere");
    }

    private static string Told(JsonElement report)
    {
        var skipped = Number(report, "skipped") is var stay and not "0" ? $"; {stay} stay: a run of their tree is under way, too young, or damaged" : "";
        return report.GetProperty("dry_run").ValueKind == JsonValueKind.True
            ? $"{Number(report, "runs")} runs with {Number(report, "events")} events would go{skipped}"
            : $"{Number(report, "runs")} runs with {Number(report, "events")} events went into {Number(report, "files")} file(s), {Number(report, "bytes")} bytes{skipped}";
    }

    private static string Number(JsonElement of, string name) => of.GetProperty(name).GetInt64().ToString(CultureInfo.InvariantCulture);
}
