using System.CommandLine;
using System.Text.Json;
using Aos.Kernel;

namespace Aos.App.Cli;

/// <summary><c>aos costsim backfill</c>: what was not recorded when it happened.</summary>
internal static class CostBackfillVerb
{
    /// <summary>Records of one request.</summary>
    private const int BatchMax = 100;

    private static readonly Argument<string?> File = new("file") { Description = "Records of the older system, a JSON object a line; - reads standard input. Without it the journals of ended runs are read.", Arity = ArgumentArity.ZeroOrOne };
    private static readonly Option<string?> From = new("--from") { Description = "Runs that ended then or later.", HelpName = "TIME" };
    private static readonly Option<string?> Until = new("--until") { Description = "Runs that ended before.", HelpName = "TIME" };
    private static readonly Option<bool> DryRun = new("--dry-run") { Description = "Only counts." };
    private static readonly Option<bool> Verify = new("--verify") { Description = "Exits with 1 unless records are there afterwards." };

    internal static Command Command()
    {
        var command = new Command("backfill", """
            Records what runs cost out of their journals, or takes in the older system's files. Twice changes nothing. Exits with 1 when a line was wrong.

            Examples:
              aos costsim backfill --from 2026-01-01
              aos costsim backfill provenance_2025-01-02.jsonl --dry-run
            """) { File, From, Until, DryRun, Verify };
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            var isWhole = parsed.GetValue(File) is { } file ? await LinesAsync(parsed, house, file, cancel) : await JournalAsync(parsed, house, cancel);
            return isWhole && (!parsed.GetValue(Verify) || await IsThereAsync(house, parsed.GetValue(File) is null ? "run" : "backfill", cancel)) ? 0 : 1;
        }, cancel));
        return command;
    }

    private static async Task<bool> JournalAsync(ParseResult parsed, IHouse house, CancellationToken cancel)
    {
        var body = Json.Write(writer =>
        {
            writer.WriteStartObject();
            if (parsed.GetValue(From) is { } from) writer.WriteString("from", from);
            if (parsed.GetValue(Until) is { } until) writer.WriteString("until", until);
            writer.WriteBoolean("dry_run", parsed.GetValue(DryRun));
            writer.WriteEndObject();
        });
        var done = await house.AskAsync(HttpMethod.Post, "api/v1/costsim/v2/cost/backfill", body, cancel);
        if (parsed.GetValue(CommandLine.AsJson)) Report.Line(done);
        else Console.Out.WriteLine($"{done.GetProperty("runs")} runs: {done.GetProperty("inserted")} recorded, {done.GetProperty("skipped")} known, {done.GetProperty("damaged")} damaged");
        return done.GetProperty("damaged").GetInt32() == 0;
    }

    private static async Task<bool> LinesAsync(ParseResult parsed, IHouse house, string file, CancellationToken cancel)
    {
        if (parsed.GetValue(From) is not null || parsed.GetValue(Until) is not null) throw new PlanFileException("--from and --until are for runs; a file is taken whole.");
        using var reader = file == "-" ? Console.In : Open(file);
        var (batch, counts, number) = (new List<(int Line, JsonElement Record)>(), new Counts(), 0);
        while (await reader.ReadLineAsync(cancel) is { } line)
        {
            number++;
            if (string.IsNullOrWhiteSpace(line)) continue;
            if (Parse(line) is { } record) batch.Add((number, record));
            else counts.Bad(number, "It is no JSON.");
            if (batch.Count == BatchMax) await SendAsync(parsed, house, batch, counts, cancel);
        }

        if (batch.Count > 0) await SendAsync(parsed, house, batch, counts, cancel);
        if (parsed.GetValue(CommandLine.AsJson)) Report.Line(counts.ToJson());
        else Console.Out.WriteLine($"{number} lines: {counts.Inserted} recorded, {counts.Skipped} known, {counts.Wrong} wrong");
        return counts.Wrong == 0;
    }

    private static async Task SendAsync(ParseResult parsed, IHouse house, List<(int Line, JsonElement Record)> batch, Counts counts, CancellationToken cancel)
    {
        var body = Json.Write(writer =>
        {
            writer.WriteStartObject();
            writer.WriteBoolean("dry_run", parsed.GetValue(DryRun));
            writer.WriteStartArray("records");
            foreach (var (_, record) in batch) record.WriteTo(writer);
            writer.WriteEndArray();
            writer.WriteEndObject();
        });
        var reply = await house.AskAsync(HttpMethod.Post, "api/v1/costsim/provenance/backfill", body, cancel);
        counts.Inserted += reply.GetProperty("inserted").GetInt32();
        counts.Skipped += reply.GetProperty("skipped").GetInt32();
        foreach (var error in reply.GetProperty("errors").EnumerateArray()) counts.Bad(batch[error.GetProperty("index").GetInt32()].Line, error.GetText("message")!);
        batch.Clear();
    }

    private static async Task<bool> IsThereAsync(IHouse house, string source, CancellationToken cancel)
    {
        var page = await house.AskAsync(HttpMethod.Get, $"api/v1/costsim/provenance?source={source}&limit=1", null, cancel);
        if (page.GetProperty("total").GetInt64() > 0) return true;
        await Console.Error.WriteLineAsync($"No record of source {source} is there.");
        return false;
    }

    private static TextReader Open(string file)
    {
        try
        {
            return new StreamReader(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new PlanFileException($"{file} cannot be read: {e.Message}");
        }
    }

    private static JsonElement? Parse(string line)
    {
        try
        {
            return Json.Parse(line);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private sealed class Counts
    {
        internal int Inserted { get; set; }

        internal int Skipped { get; set; }

        internal int Wrong { get; private set; }

        internal void Bad(int line, string problem)
        {
            Wrong++;
            Console.Error.WriteLine(PlainText.Of($"line {line}: {problem}"));
        }

        internal JsonElement ToJson() => Json.Write(writer =>
        {
            writer.WriteStartObject();
            writer.WriteNumber("inserted", Inserted);
            writer.WriteNumber("skipped", Skipped);
            writer.WriteNumber("wrong", Wrong);
            writer.WriteEndObject();
        });
    }
}
