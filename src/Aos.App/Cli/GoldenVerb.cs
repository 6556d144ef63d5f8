using System.CommandLine;
using System.Text;
using System.Text.Json;
using Aos.Kernel;
using Aos.Runs;

namespace Aos.App.Cli;

/// <summary><c>aos golden record|verify|diff|tail|archive|restore|resign|cleanup</c>.</summary>
internal static class GoldenVerb
{
    internal static Command Command() => new("golden", "Golden recordings: ended runs as signed files, to hold later runs against.\n\nExample: aos golden record RUN --out golden/ && aos golden verify golden/RUN.steps.jsonl")
    {
        Record(), Verify(), Diff(), GoldenFilesVerb.Tail(), Archive(), GoldenFilesVerb.Restore(), Resign(), GoldenFilesVerb.Cleanup(),
    };

    private static Command Record()
    {
        var run = new Argument<string>("run") { Description = "Run id, or the id of a replay." };
        var output = new Option<string>("--out", "-o") { Description = "File to write, or a folder. Default: this folder.", DefaultValueFactory = _ => ".", HelpName = "FILE" };
        var force = new Option<bool>("--force") { Description = "Replaces a file that is there." };
        var command = new Command("record", "Writes an ended run as a recording, with its signature beside it (.sig). Secrets are hidden.") { run, output, force };
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            var answer = await house.AskAsync(HttpMethod.Get, $"api/v1/runs/{Uri.EscapeDataString(parsed.GetValue(run)!)}/recording", null, cancel);
            var content = Encoding.UTF8.GetBytes(answer.GetText("content")!);
            var file = RecordingFiles.Target(parsed.GetValue(output)!, answer.GetText("file_name")!);
            RecordingFiles.Write(file, content, Signed(content, answer.GetText("signature")!), parsed.GetValue(force));
            Console.Out.WriteLine($"{file}: recorded, signed by {answer.GetText("key_id")}");
            return 0;
        }, cancel, refused: 1));
        return command;
    }

    private static Command Verify()
    {
        var files = new Argument<string[]>("file") { Description = "Recordings.", Arity = ArgumentArity.OneOrMore };
        var key = new Option<string[]>("--key") { Description = "Id of a signing key that is trusted. May be repeated. Default: the key the signature brings.", HelpName = "KEY" };
        var command = new Command("verify", "Checks recordings, offline: their lines and their signatures; with GOLDEN_SECRET set the HMAC too. Exit code 1 when one is not as it was written.") { files, key };
        command.SetAction((parsed, cancel) => TellAsync(async () =>
        {
            var trusted = parsed.GetValue(key) is { Length: > 0 } keys ? keys.ToHashSet(StringComparer.Ordinal) : null;
            var wrong = 0;
            foreach (var file in parsed.GetValue(files)!)
            {
                if (await WhyNotAsync(file, trusted, cancel) is { } reason) wrong += Report.Fail(1, $"TAMPER_DETECTED: {file}: {reason}");
                else Console.Out.WriteLine($"{file}: as it was recorded, signed by {(await SignerAsync(file, cancel) ?? "the golden secret")}");
            }

            return wrong > 0 ? 1 : 0;
        }));
        return command;
    }

    private static Command Diff()
    {
        var left = new Argument<string>("expected") { Description = "Recording." };
        var right = new Argument<string>("actual") { Description = "Recording." };
        var command = new Command("diff", "Compares two recordings: not run ids, times, or whether one was a replay. Exit code 0 when they match, 1 when not.\n\nExample: aos golden diff golden/RUN.steps.jsonl today.steps.jsonl") { left, right };
        command.SetAction((parsed, cancel) => TellAsync(async () =>
        {
            var diff = RecordingDiff.Of(await ReadAsync(parsed.GetValue(left)!, cancel), await ReadAsync(parsed.GetValue(right)!, cancel));
            if (parsed.GetValue(CommandLine.AsJson)) Report.Line(Json.Write(diff.WriteTo));
            else Console.Out.Write(string.Join('\n', diff.Text().Split('\n').Select(PlainText.Of)));
            return diff.Match ? 0 : 1;
        }));
        return command;
    }

    private static Command Archive()
    {
        var folder = new Argument<string>("dir") { Description = "Folder of recordings." };
        var destination = new Option<string>("--dest") { Description = "Archive folder; recordings go into a folder for each month.", Required = true, HelpName = "DIR" };
        var days = new Option<int>("--days") { Description = "Only recordings last written so many days ago or longer, 0 to 36500. Default 90.", DefaultValueFactory = _ => 90, HelpName = "DAYS" };
        var delete = new Option<bool>("--delete") { Description = "Deletes what was archived and checked." };
        var dry = new Option<bool>("--dry-run") { Description = "Names the recordings and changes nothing." };
        var command = new Command("archive", "Copies recordings with their signatures to an archive. What is not as it was recorded is left, and the exit code is 1.") { folder, destination, days, delete, dry };
        command.SetAction((parsed, cancel) => TellAsync(async () =>
        {
            if (parsed.GetValue(days) is not (>= 0 and <= 36_500)) return Report.Fail(2, "--days is a whole number from 0 to 36500.");
            var wrong = 0;
            foreach (var file in RecordingFiles.Older(parsed.GetValue(folder)!, TimeProvider.System.GetUtcNow().AddDays(-parsed.GetValue(days))))
            {
                if (await WhyNotAsync(file.FullName, null, cancel) is { } reason)
                {
                    wrong += Report.Fail(1, $"TAMPER_DETECTED: {file.FullName} is left where it is: {reason}");
                    continue;
                }

                if (parsed.GetValue(dry))
                {
                    Console.Out.WriteLine($"{file.FullName} would be archived");
                    continue;
                }

                var copy = await RecordingFiles.ArchiveAsync(file, parsed.GetValue(destination)!, cancel);
                if (await WhyNotAsync(copy, null, cancel) is { } broken) throw new PlanFileException($"{copy} is not as it was recorded: {broken}");
                if (parsed.GetValue(delete)) RecordingFiles.Delete(file);
                Console.Out.WriteLine($"{file.FullName} -> {copy}");
            }

            return wrong > 0 ? 1 : 0;
        }));
        return command;
    }

    private static Command Resign()
    {
        var files = new Argument<string[]>("file") { Description = "Recordings that this house has signed.", Arity = ArgumentArity.OneOrMore };
        var command = new Command("resign", "Signs recordings again with the present signing key; their bytes stay. What does not hold under its old signature is not signed.\n\nExample: aos keys rotate && aos golden resign golden/*.steps.jsonl") { files };
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            foreach (var file in parsed.GetValue(files)!)
            {
                var (content, signature) = await RecordingFiles.ReadAsync(file, cancel);
                var answer = await house.AskAsync(HttpMethod.Post, "api/v1/recordings/sign", Json.Write(writer =>
                {
                    writer.WriteStartObject();
                    writer.WriteString("content", Encoding.UTF8.GetString(content));
                    writer.WriteString("signature", signature ?? throw new PlanFileException($"{file} has no signature."));
                    writer.WriteEndObject();
                }), cancel);
                RecordingFiles.WriteWhole(RecordingFiles.SignatureOf(file), Encoding.UTF8.GetBytes(Signed(content, answer.GetText("signature")!)));
                Console.Out.WriteLine($"{file}: signed by {answer.GetText("key_id")}");
            }

            return 0;
        }, cancel, refused: 1));
        return command;
    }

    /// <summary>What goes into the signature file: under a golden secret the HMAC comes first.</summary>
    private static string Signed(byte[] content, string line) => Secret() is { } secret ? $"{Golden.Sign(content, secret)}\n{line}" : line;

    private static string? Secret() =>
        Composition.Secrets.Find("GOLDEN_SECRET") is var found && found.Problem is { } problem ? throw new PlanFileException($"CONFIG_INVALID: {problem}") : found.Value is { Length: > 0 } secret ? secret : null;

    /// <summary>Why a recording is not as it was recorded; null: it is.</summary>
    internal static async Task<string?> WhyNotAsync(string file, IReadOnlySet<string>? trusted, CancellationToken cancel)
    {
        var (content, signature) = await RecordingFiles.ReadAsync(file, cancel);
        return RunsRoom.VerifyRecording(content, signature, trusted, Secret()) is { Ok: false } verdict ? verdict.Reason : null;
    }

    private static async Task<string?> SignerAsync(string file, CancellationToken cancel)
    {
        var (content, signature) = await RecordingFiles.ReadAsync(file, cancel);
        return RunsRoom.VerifyRecording(content, signature, null, Secret()).Keys is [var key, ..] ? key : null;
    }

    private static async Task<Recording> ReadAsync(string file, CancellationToken cancel)
    {
        try
        {
            return Recording.Read(await PlanFile.BytesAsync(file, cancel));
        }
        catch (TraceException e)
        {
            throw new PlanFileException($"{file}: {e.Message}");
        }
    }

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
