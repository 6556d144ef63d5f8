using System.CommandLine;
using System.Globalization;
using Aos.Kernel;

namespace Aos.App.Cli;

/// <summary><c>aos golden tail|restore|cleanup</c>: recordings as files, without a house.</summary>
internal static class GoldenFilesVerb
{
    /// <summary>Longer than a recording takes to be written.</summary>
    private static readonly TimeSpan AtWork = TimeSpan.FromMinutes(1);

    internal static Command Tail()
    {
        var file = new Argument<string>("file") { Description = "Recording." };
        var lines = new Option<int>("--lines", "-n") { Description = "Newest lines that are shown, 1 to 100000. Default 20.", DefaultValueFactory = _ => 20, HelpName = "NUMBER" };
        var command = new Command("tail", "Prints the last lines of a recording with their numbers, laid out for reading. Exit code 1 when it is none.\n\nExample: aos golden tail golden/RUN.steps.jsonl -n 5") { file, lines };
        command.SetAction((parsed, cancel) => TellAsync(async () =>
        {
            if (parsed.GetValue(lines) is not (>= 1 and <= 100_000 and var most)) return Report.Fail(2, "--lines is a whole number from 1 to 100000.");
            var events = await EventsAsync(parsed.GetValue(file)!, cancel);
            for (var i = Math.Max(events.Count - most, 0); i < events.Count; i++)
            {
                var e = events[i];
                if (parsed.GetValue(CommandLine.AsJson))
                {
                    Report.Line(e.Data);
                    continue;
                }

                Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{i + 1}: {Word(e)} {e.At}"));
                Report.Pretty(e.Data);
            }

            return 0;
        }));
        return command;
    }

    internal static Command Restore()
    {
        var files = new Argument<string[]>("file") { Description = "Recordings of an archive.", Arity = ArgumentArity.OneOrMore };
        var folder = new Option<string>("--to") { Description = "Folder to bring them back to.", Required = true, HelpName = "DIR" };
        var force = new Option<bool>("--force") { Description = "Replaces files that are there." };
        var command = new Command("restore", "Copies recordings with their signatures out of an archive. What is not as it was recorded is not restored, and the exit code is 1.\n\nExample: aos golden restore archive/202601/*.steps.jsonl --to golden/") { files, folder, force };
        command.SetAction((parsed, cancel) => TellAsync(async () =>
        {
            var wrong = 0;
            foreach (var file in parsed.GetValue(files)!)
            {
                if (await GoldenVerb.WhyNotAsync(file, null, cancel) is { } reason)
                {
                    wrong += Report.Fail(1, $"TAMPER_DETECTED: {file} is not restored: {reason}");
                    continue;
                }

                var (content, signature) = await RecordingFiles.ReadAsync(file, cancel);
                var target = RecordingFiles.Target(parsed.GetValue(folder)! + Path.DirectorySeparatorChar, Path.GetFileName(file));
                RecordingFiles.Write(target, content, signature!, parsed.GetValue(force));
                Console.Out.WriteLine($"{file} -> {target}");
            }

            return wrong > 0 ? 1 : 0;
        }));
        return command;
    }

    internal static Command Cleanup()
    {
        var folder = new Argument<string>("dir") { Description = "Folder of recordings; folders in it are looked through too." };
        var dry = new Option<bool>("--dry-run") { Description = "Names what would be deleted and changes nothing." };
        var command = new Command("cleanup", "Deletes signatures whose recording is gone, and files that a recording which was cut off left behind; what is younger than a minute may be at work and stays.\n\nExample: aos golden cleanup golden/ --dry-run") { folder, dry };
        command.SetAction((parsed, _) => TellAsync(() =>
        {
            foreach (var file in RecordingFiles.Left(parsed.GetValue(folder)!, TimeProvider.System.GetUtcNow() - AtWork))
            {
                if (!parsed.GetValue(dry)) RecordingFiles.Delete(file);
                Console.Out.WriteLine($"{file.FullName} {(parsed.GetValue(dry) ? "would be deleted" : "deleted")}");
            }

            return Task.FromResult(0);
        }));
        return command;
    }

    private static async Task<IReadOnlyList<RecordedEvent>> EventsAsync(string file, CancellationToken cancel)
    {
        try
        {
            return Recording.Read(await PlanFile.BytesAsync(file, cancel)).Events;
        }
        catch (TraceException e)
        {
            throw new PlanFileException($"{file}: {e.Message}");
        }
    }

    private static string Word(RecordedEvent e) => e.Type switch
    {
        "run_start" => $"START seed {e.Data.Get("seed")}",
        "step" => $"STEP {e.Data.GetText("step_id")} {(e.Data.Get("success")?.GetBoolean() == true ? "OK" : $"FAIL:{e.Data.GetText("error_code") ?? e.Data.GetText("status")}")}",
        _ => $"END {e.Data.GetText("status")}",
    };

    private static async Task<int> TellAsync(Func<Task<int>> work)
    {
        try
        {
            return await work();
        }
        catch (PlanFileException e)
        {
            return Report.Fail(1, e.Message);
        }
    }
}
