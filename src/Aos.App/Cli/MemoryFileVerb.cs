using System.CommandLine;
using System.Text.Json;
using Aos.Client;
using Aos.Kernel;

namespace Aos.App.Cli;

/// <summary><c>aos memory import</c>, <c>export</c> and <c>seed</c>: entries from files and to them.</summary>
internal static class MemoryFileVerb
{
    private const int PageMax = 500;

    internal static Command Import()
    {
        var file = new Argument<string>("file") { Description = "JSON objects {\"key\", \"value\", \"source\", \"ttl_seconds\"}, one a line, as export writes them; - reads standard input." };
        var (dryRun, verify, keep) = (DryRun(), Verify(), KeepThere());
        var command = new Command("import", """
            Takes entries in. Times to live begin anew. Exits with 1 when an entry was refused or is not there afterwards.

            Examples:
              aos memory export -o memory.jsonl
              aos memory import memory.jsonl --tenant other --verify
            """) { file, dryRun, verify, keep };
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            var load = new MemoryLoad(house, parsed.GetValue(dryRun), parsed.GetValue(verify), parsed.GetValue(keep), "import");
            using var reader = parsed.GetValue(file) is "-" ? Console.In : Open(parsed.GetValue(file)!);
            var number = 0;
            while (await reader.ReadLineAsync(cancel) is { } line)
            {
                number++;
                if (!string.IsNullOrWhiteSpace(line)) await load.AddAsync(MemorySeed.Line(line, number, parsed.GetValue(MemoryVerb.Tenant)), cancel);
            }

            return await load.EndAsync(parsed.GetValue(CommandLine.AsJson), cancel);
        }, cancel));
        return command;
    }

    internal static Command Seed()
    {
        var file = new Argument<string>("file") { Description = "JSON or YAML: {\"pins\": [{\"tenant_id\", \"key\", \"value\"}]}, or {\"entries\": [{\"tenant_id\", \"source\", \"ttl_seconds\", \"pins\": {KEY: VALUE}}]}." };
        var (dryRun, verify, keep) = (DryRun(), Verify(), KeepThere());
        var command = new Command("seed", """
            Puts the entries of a file that is written by hand, each into the tenant it names. Exits with 1 when an entry was refused or is not there afterwards.

            Examples:
              aos memory seed samples/memory/seed.yaml --dry-run
              aos memory seed samples/memory/seed.yaml --verify
            """) { file, dryRun, verify, keep };
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            var load = new MemoryLoad(house, parsed.GetValue(dryRun), parsed.GetValue(verify), parsed.GetValue(keep), "seed");
            foreach (var entry in MemorySeed.Read(await PlanFile.ReadAsync(parsed.GetValue(file)!, cancel), parsed.GetValue(MemoryVerb.Tenant))) await load.AddAsync(entry, cancel);
            return await load.EndAsync(parsed.GetValue(CommandLine.AsJson), cancel);
        }, cancel));
        return command;
    }

    internal static Command Export()
    {
        var prefix = new Option<string?>("--prefix") { Description = "Only keys that begin so.", HelpName = "TEXT" };
        var output = new Option<string?>("--output", "-o") { Description = "File to write. Default: standard output.", HelpName = "FILE" };
        var command = new Command("export", "Writes entries as JSON lines, in the order of their keys.\n\nExample: aos memory export --prefix agent: -o agents.jsonl") { prefix, output };
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            var writer = parsed.GetValue(output) is { } file ? Create(file) : Console.Out;
            var count = 0;
            for (string? cursor = ""; cursor is not null;)
            {
                var query = MemoryVerb.Query(parsed, ("prefix", parsed.GetValue(prefix)), ("limit", $"{PageMax}"), ("order", "key"), ("cursor", cursor.Length > 0 ? cursor : null));
                var page = await house.AskAsync(HttpMethod.Get, MemoryVerb.Pins + query, null, cancel);
                foreach (var pin in page.GetProperty("pins").EnumerateArray())
                {
                    await writer.WriteLineAsync(pin.GetRawText());
                    count++;
                }

                cursor = page.GetText("next_cursor");
            }

            await writer.FlushAsync(cancel);
            if (!ReferenceEquals(writer, Console.Out))
            {
                await writer.DisposeAsync();
                await Console.Error.WriteLineAsync($"{count} entries written");
            }

            return 0;
        }, cancel));
        return command;
    }

    private static Option<bool> DryRun() => new("--dry-run") { Description = "Only tells what would be refused." };

    private static Option<bool> Verify() => new("--verify") { Description = "Reads every entry back and compares it." };

    private static Option<bool> KeepThere() => new("--keep") { Description = "Entries that are there stay as they are." };

    private static StreamReader Open(string file) => Tried(file, "read", () => new StreamReader(file));

    private static StreamWriter Create(string file) => Tried(file, "written", () => new StreamWriter(file));

    private static T Tried<T>(string file, string what, Func<T> open)
    {
        try
        {
            return open();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new PlanFileException($"{file} cannot be {what}: {e.Message}");
        }
    }

    /// <summary>Entries on their way in, some at a time, each lot of one tenant.</summary>
    private sealed class MemoryLoad(IHouse house, bool dryRun, bool verify, bool keep, string source)
    {
        private const int LotMax = 200;

        /// <summary>Bytes of one request, well below what a server takes.</summary>
        private const int LotBytesMax = 8 * 1024 * 1024;

        private readonly List<SeedEntry> lot = [];
        private long bytes;
        private int created, replaced, kept, wrong;

        internal async Task AddAsync(SeedEntry entry, CancellationToken cancel)
        {
            if (lot.Count > 0 && (lot.Count == LotMax || lot[0].Tenant != entry.Tenant || bytes + entry.Pin.Bytes() > LotBytesMax)) await SendAsync(cancel);
            lot.Add(entry);
            bytes += entry.Pin.Bytes();
        }

        internal async Task<int> EndAsync(bool asJson, CancellationToken cancel)
        {
            if (lot.Count > 0) await SendAsync(cancel);
            if (asJson) Report.Line(Json.Write(Write));
            else Console.Out.WriteLine($"{created} made, {replaced} replaced, {kept} left as they are, {wrong} wrong{(dryRun ? " (nothing was written)" : "")}");
            return wrong == 0 ? 0 : 1;
        }

        private async Task SendAsync(CancellationToken cancel)
        {
            var reply = await house.AskAsync(HttpMethod.Post, $"{MemoryVerb.Pins}/import", Json.Write(WriteLot), cancel);
            (created, replaced, kept) = (created + Number(reply, "created"), replaced + Number(reply, "replaced"), kept + Number(reply, "kept"));
            var refused = new HashSet<int>();
            foreach (var error in reply.GetProperty("errors").EnumerateArray())
            {
                refused.Add(error.GetProperty("index").GetInt32());
                Bad(lot[error.GetProperty("index").GetInt32()], $"{error.GetText("code")}: {error.GetText("message")}");
            }

            if (verify && !dryRun)
            {
                foreach (var (at, entry) in lot.Index())
                {
                    if (!refused.Contains(at)) await CompareAsync(entry, cancel);
                }
            }

            lot.Clear();
            bytes = 0;
        }

        private async Task CompareAsync(SeedEntry entry, CancellationToken cancel)
        {
            var (key, tenant) = (entry.Pin.GetText("key") ?? "", entry.Tenant is { } named ? $"?tenant_id={Uri.EscapeDataString(named)}" : "");
            try
            {
                var there = await house.AskAsync(HttpMethod.Get, MemoryVerb.Path(key) + tenant, null, cancel);
                if (!keep && there.GetText("hash") != ContentHash.Short(entry.Pin.GetProperty("value"))) Bad(entry, "another value is there");
            }
            catch (AosException e) when (e.Status == 404)
            {
                Bad(entry, "it is not there");
            }
        }

        private void Bad(SeedEntry entry, string problem)
        {
            wrong++;
            Console.Error.WriteLine(PlainText.Of($"{entry.Place}: {problem}"));
        }

        private void WriteLot(Utf8JsonWriter writer)
        {
            writer.WriteStartObject();
            if (lot[0].Tenant is { } tenant) writer.WriteString("tenant_id", tenant);
            writer.WriteString("mode", keep ? "keep" : "replace");
            writer.WriteString("source", source);
            writer.WriteBoolean("dry_run", dryRun);
            writer.WriteStartArray("pins");
            foreach (var entry in lot) entry.Pin.WriteTo(writer);
            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        private void Write(Utf8JsonWriter writer)
        {
            writer.WriteStartObject();
            writer.WriteBoolean("dry_run", dryRun);
            writer.WriteNumber("created", created);
            writer.WriteNumber("replaced", replaced);
            writer.WriteNumber("kept", kept);
            writer.WriteNumber("wrong", wrong);
            writer.WriteEndObject();
        }

        private static int Number(JsonElement reply, string name) => reply.GetProperty(name).GetInt32();
    }
}
