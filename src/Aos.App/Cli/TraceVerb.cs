using System.CommandLine;
using System.Text;
using System.Text.Json;
using Aos.Kernel;
using Aos.Runs;

namespace Aos.App.Cli;

/// <summary><c>aos trace</c>, <c>aos replay</c> and <c>aos diff</c>.</summary>
internal static class TraceVerb
{
    internal static Command Command() => new("trace", "Reads, checks, compares, exports and stores traces of runs and of clients.\n\nExample: aos trace export RUN -o run.aos-trace.json && aos trace verify run.aos-trace.json")
    {
        TraceBookVerb.List(), TraceShowVerb.Command(), Verify(), Diff("diff"), Export(), TraceBookVerb.Store(), TraceBookVerb.Delete(), TraceBookVerb.Mismatches(),
    };

    /// <summary>Replay calls no skill: it decides the recorded run again and compares. 0 the same, 1 broken or unknown, 2 different.</summary>
    internal static Command Replay()
    {
        var what = new Argument<string>("run") { Description = "Run id, or a trace file." };
        var verbose = new Option<bool>("--verbose", "-v") { Description = "Prints the steps of a trace file." };
        var mode = new Option<string>("--mode") { Description = "Of a run: verify (decide again), re-execute (besides, call what has no effects and compare), dry-run (check the record). Default verify.", DefaultValueFactory = _ => "verify", HelpName = "MODE" };
        mode.AcceptOnlyFromAmong("verify", "re-execute", "dry-run");
        var execute = new Option<bool>("--execute") { Description = "Asks for the recorded simulation again and compares; exit code 2 when it differs." };
        var command = new Command("replay", """
            Decides a recorded run again, calling nothing, and compares; or checks a trace file.

            Examples:
              aos replay RUN
              aos replay RUN --mode re-execute
              aos replay a.trace.json --execute
            """)
        {
            what, verbose, execute, mode,
        };
        command.SetAction((parsed, cancel) =>
        {
            var named = parsed.GetValue(what)!;
            if (RunId.TryParse(named, out _) && !File.Exists(named))
            {
                return Houses.InAsync(CommandLine.Place(parsed), async house =>
                {
                    var answer = await house.AskAsync(HttpMethod.Post, $"api/v1/runtime/replay/{named}", ReplayBody(parsed.GetValue(mode)!), cancel);
                    Report.Pretty(answer);
                    if (answer.Get("success") is { ValueKind: JsonValueKind.True }) return 0;
                    return answer.GetText("error") is { } error && error.Contains("not found", StringComparison.Ordinal) ? Report.Fail(1, $"RUN_NOT_FOUND: there is no run {named}.") : 2;
                }, cancel, refused: 1);
            }

            return FileAsync(parsed, named, parsed.GetValue(verbose), parsed.GetValue(execute), cancel);
        });
        return command;
    }

    private static JsonElement ReplayBody(string mode) => Json.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("mode", mode);
        writer.WriteEndObject();
    });

    internal static Command Diff(string name)
    {
        var left = new Argument<string>("a") { Description = "Trace file, run id, or id of a stored trace." };
        var right = new Argument<string>("b") { Description = "Trace file, run id, or id of a stored trace." };
        var command = new Command(name, "Compares two records. Exit code 0 when they are the same, 1 when not.\n\nExample: aos trace diff a.trace.json b.trace.json") { left, right };
        command.SetAction((parsed, cancel) => TellAsync(async () =>
        {
            var (a, b) = (parsed.GetValue(left)!, parsed.GetValue(right)!);
            if (File.Exists(a) && File.Exists(b)) return Compared(await PlanFile.BytesAsync(a, cancel), await PlanFile.BytesAsync(b, cancel));
            return await Houses.InAsync(
                CommandLine.Place(parsed),
                async house => IsStored(a) || IsStored(b) ? await CompareAsync(house, a, b, cancel) : Compared(await RecordAsync(house, a, cancel), await RecordAsync(house, b, cancel)),
                cancel, refused: 1);
        }));
        return command;
    }

    /// <summary>A trace of schema 1.1, checked.</summary>
    internal static async Task<Trace11> ReadSdkAsync(string file, CancellationToken cancel)
    {
        try
        {
            var trace = Trace11.Read(await PlanFile.ReadAsync(file, cancel));
            return trace.Verify() ? trace : throw new PlanFileException($"TAMPER_DETECTED: {file} is not as it was written: its root hash is {trace.RootHash ?? "missing"}, its steps give {trace.ComputeRoot()}.");
        }
        catch (TraceException e)
        {
            throw new PlanFileException($"{file} is no trace: {e.Message}");
        }
    }

    private static Command Verify()
    {
        var what = new Argument<string>("file") { Description = "A record: exported by aos trace export, or a trace of an SDK; or a run id." };
        var key = new Option<string[]>("--key") { Description = "Id of a signing key that is trusted. May be repeated. Default: the key the file brings.", HelpName = "KEY" };
        var command = new Command("verify", "Checks a record, offline when it is a file. Exit code 1 when it is not as it was written; the event is named.") { what, key };
        command.SetAction((parsed, cancel) =>
        {
            var named = parsed.GetValue(what)!;
            if (RunId.TryParse(named, out _) && !File.Exists(named))
            {
                return Houses.InAsync(CommandLine.Place(parsed), async house =>
                {
                    var verdict = await house.AskAsync(HttpMethod.Get, $"api/v1/runs/{named}/trace/verify", null, cancel);
                    Report.Pretty(verdict);
                    return verdict.Get("ok") is { ValueKind: JsonValueKind.True } ? 0 : 1;
                }, cancel, refused: 1);
            }

            return TellAsync(async () =>
            {
                var trusted = parsed.GetValue(key) is { Length: > 0 } keys ? keys.ToHashSet(StringComparer.Ordinal) : null;
                return Checked(named, await PlanFile.BytesAsync(named, cancel), trusted, cancel);
            });
        });
        return command;
    }

    private static Command Export()
    {
        var run = new Argument<string>("run") { Description = "Run id." };
        var output = new Option<string?>("--output", "-o") { Description = "File to write. Default: standard output.", HelpName = "FILE" };
        var command = new Command("export", "Writes the record of a run as a file that anyone can check. It holds parameters and results as they are.") { run, output };
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            var record = Encoding.UTF8.GetString(await ExportAsync(house, parsed.GetValue(run)!, cancel));
            if (parsed.GetValue(output) is { } file) await PlanFile.WriteAsync(file, record, cancel);
            else Console.Out.WriteLine(record);
            return 0;
        }, cancel));
        return command;
    }

    private static async Task<int> FileAsync(ParseResult parsed, string file, bool isVerbose, bool execute, CancellationToken cancel)
    {
        if (execute)
            return await Houses.InAsync(CommandLine.Place(parsed), async house => await SimulateVerb.AgainAsync(house, await ReadSdkAsync(file, cancel), cancel), cancel, refused: 1);
        return await TellAsync(async () =>
        {
            var bytes = await PlanFile.BytesAsync(file, cancel);
            if (isVerbose && PlanFile.Parse(bytes, file).Get("steps") is { ValueKind: JsonValueKind.Array } steps)
                foreach (var step in steps.EnumerateArray()) Console.Out.WriteLine($"step {step.Get("step_index")} {step.GetText("skill_id")} {step.GetText("outcome")} output {step.GetText("output_hash")}");
            return Checked(file, bytes, null, cancel);
        });
    }

    private static int Checked(string file, byte[] bytes, IReadOnlySet<string>? trusted, CancellationToken cancel)
    {
        var verdict = RunsRoom.VerifyTrace(bytes, trusted, cancel);
        if (!verdict.Ok) return Report.Fail(1, $"TAMPER_DETECTED: {file}{(verdict.Seq is { } seq ? $", event {seq}" : "")}: {verdict.Reason}");
        Console.Out.WriteLine($"{file}: as it was written. {verdict.Form}, {verdict.Events} {(verdict.Form == Contracts.TraceForms.Sdk ? "steps" : "events")}, root {verdict.RootHash}"
            + (verdict.Keys.Count > 0 ? $", signed by {string.Join(", ", verdict.Keys)}" : ""));
        return 0;
    }

    private static int Compared(byte[] left, byte[] right)
    {
        var diff = RunsRoom.DiffTraces(left, right);
        Report.Pretty(Json.Write(diff.WriteTo));
        return diff.Match ? 0 : 1;
    }

    /// <summary>Neither a file nor a run.</summary>
    private static bool IsStored(string named) => !File.Exists(named) && !RunId.TryParse(named, out _);

    /// <summary>Ids are compared by the server; a file with one of them in schema 1.1, the form that they have in common.</summary>
    private static async Task<int> CompareAsync(IHouse house, string a, string b, CancellationToken cancel)
    {
        if (File.Exists(a) || File.Exists(b)) return Compared(await SdkAsync(house, a, cancel), await SdkAsync(house, b, cancel));
        var answer = await house.AskAsync(HttpMethod.Get, $"api/v1/traces/compare/{Uri.EscapeDataString(a)}/{Uri.EscapeDataString(b)}", null, cancel);
        Report.Pretty(answer);
        return answer.Get("match") is { ValueKind: JsonValueKind.True } ? 0 : 1;
    }

    private static async Task<byte[]> SdkAsync(IHouse house, string named, CancellationToken cancel) => File.Exists(named)
        ? await PlanFile.BytesAsync(named, cancel)
        : Encoding.UTF8.GetBytes((await house.AskAsync(HttpMethod.Get, $"api/v1/traces/{Uri.EscapeDataString(named)}?schema=1.1", null, cancel)).GetRawText());

    private static Task<byte[]> RecordAsync(IHouse house, string named, CancellationToken cancel) =>
        File.Exists(named) ? PlanFile.BytesAsync(named, cancel) : ExportAsync(house, named, cancel);

    private static async Task<byte[]> ExportAsync(IHouse house, string run, CancellationToken cancel) =>
        Encoding.UTF8.GetBytes((await house.AskAsync(HttpMethod.Get, $"api/v1/runs/{Uri.EscapeDataString(run)}/trace/export", null, cancel)).GetRawText());

    internal static async Task<int> TellAsync(Func<Task<int>> work)
    {
        try
        {
            return await work();
        }
        catch (Exception e) when (e is PlanFileException or TraceException)
        {
            return Report.Fail(1, e.Message);
        }
    }
}
