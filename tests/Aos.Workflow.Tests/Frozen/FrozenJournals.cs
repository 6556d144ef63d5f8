using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json.Nodes;
using Aos.Contracts;
using Aos.Kernel;
using Aos.Runs;

namespace Aos.Workflow.Tests.Frozen;

/// <summary>
/// Journals as nodes stored them, under every rule of the machine, and the states they fold to. What is stored once must be read,
/// folded and decided the same for ever.
/// </summary>
/// <remarks>
/// How to add one: give a new rule or kind of event its story in <c>Stories.cs</c>, then run this class with <c>AOS_SNAPSHOT=add</c> in
/// the environment and commit the new files of <c>Frozen/rules</c>. Files that are there are never written again: when one of them no
/// longer fits, the code has changed what is stored, and needs a new kind of event or a new <see cref="KernelRule"/> instead.
/// </remarks>
public sealed class FrozenJournals
{
    private const string HowTo = "Give it a story in tests/Aos.Workflow.Tests/Frozen/Stories.cs, run this class with AOS_SNAPSHOT=add, and commit the new files.";

    private static readonly string Folder = Path.Combine(Here(), "rules");

    public static TheoryData<KernelRule> Rules() => [.. Enum.GetValues<KernelRule>()];

    [Theory]
    [MemberData(nameof(Rules))]
    [Trait("id", "FROZEN-01")]
    public void Every_stored_event_is_read_and_written_as_it_stands(KernelRule rule)
    {
        foreach (var (file, entries) in Journals(rule))
        {
            foreach (var entry in entries)
            {
                var again = EventCodec.Encode(FrozenRun.Id, entry.Seq, EventCodec.Decode(FrozenRun.Id, entry), ChainHash.Start);
                Assert.True(entry.Body.Span.SequenceEqual(again.Body.Span), $"{file}, event {entry.Seq} is written differently now:\n{Encoding.UTF8.GetString(entry.Body.Span)}\n{Encoding.UTF8.GetString(again.Body.Span)}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Rules))]
    [Trait("id", "FROZEN-02")]
    [Trait("id", "F5.67-15")]
    public void Every_journal_folds_to_the_state_that_was_stored_with_it(KernelRule rule)
    {
        foreach (var (file, entries) in Journals(rule))
        {
            var state = Read(entries).Aggregate(RunState.Empty, RunMachine.Evolve);
            var frozen = JsonNode.Parse(File.ReadAllText(Path.ChangeExtension(file, ".state.json")));
            var difference = StateText.Difference(frozen, StateText.Of(state), "state");
            Assert.True(difference is null, $"{file} folds to another state: {difference}");
        }
    }

    [Theory]
    [MemberData(nameof(Rules))]
    [Trait("id", "FROZEN-03")]
    public void A_run_of_every_rule_still_decides_the_same(KernelRule rule)
    {
        foreach (var (file, entries) in Journals(rule))
        {
            var events = Read(entries);
            var replay = MachineReplay.Of(events, e => Encoding.UTF8.GetString(EventCodec.Encode(FrozenRun.Id, 0, e, ChainHash.Start).Body.Span));
            Assert.True(replay.Reason is null, $"{file}: {replay.Reason}");
            Assert.Equal(rule, ((RunStarted)events[0]).Rule);
        }
    }

    [Theory]
    [MemberData(nameof(Rules))]
    [Trait("id", "FROZEN-04")]
    public void Every_kind_of_event_that_a_rule_knows_is_frozen_under_it(KernelRule rule)
    {
        if (Environment.GetEnvironmentVariable("AOS_SNAPSHOT") == "add") Add(rule);
        var frozen = Journals(rule).SelectMany(journal => journal.Entries).Select(entry => entry.Kind).ToHashSet(StringComparer.Ordinal);
        var missing = EventCodec.AllKinds.Where(kind => Stories.Since.GetValueOrDefault(kind, KernelRule.First) <= rule && !frozen.Contains(kind)).ToList();

        Assert.True(missing.Count == 0, $"No {string.Join(", ", missing)} is frozen under rule {(int)rule} ({rule}). {HowTo}");
    }

    [Fact]
    [Trait("id", "FROZEN-05")]
    public void A_state_that_differs_anywhere_is_noticed_and_a_new_empty_member_is_none()
    {
        var (file, entries) = Journals(KernelRule.First)[0];
        var frozen = JsonNode.Parse(File.ReadAllText(Path.ChangeExtension(file, ".state.json")))!;
        var folded = Read(entries).Aggregate(RunState.Empty, RunMachine.Evolve);
        var shorter = Read(entries).SkipLast(1).Aggregate(RunState.Empty, RunMachine.Evolve);
        var newer = StateText.Of(folded).AsObject();
        newer["Later"] = new JsonArray();

        Assert.Null(StateText.Difference(frozen, newer, "state"));
        Assert.NotNull(StateText.Difference(frozen, StateText.Of(shorter), "state"));
        newer["Later"] = 1;
        Assert.Contains("state.Later", StateText.Difference(frozen, newer, "state")!, StringComparison.Ordinal);
    }

    private static void Add(KernelRule rule)
    {
        var folder = Directory.CreateDirectory(FolderOf(rule)).FullName;
        foreach (var (name, run) in Stories.Of(rule))
        {
            var file = Path.Combine(folder, name + ".jsonl");
            if (File.Exists(file)) continue;
            File.WriteAllText(file, string.Concat(run.Lines().Select(line => line + "\n")));
            File.WriteAllText(Path.ChangeExtension(file, ".state.json"), StateText.Written(StateText.Of(run.State)));
        }
    }

    private static List<(string File, List<JournalEntry> Entries)> Journals(KernelRule rule)
    {
        var files = Directory.Exists(FolderOf(rule)) ? Directory.GetFiles(FolderOf(rule), "*.jsonl").Order(StringComparer.Ordinal).ToList() : [];
        Assert.True(files.Count > 0 || Environment.GetEnvironmentVariable("AOS_SNAPSHOT") == "add", $"Nothing is frozen under rule {(int)rule} ({rule}). {HowTo}");
        return files.ConvertAll(file => (file, File.ReadAllLines(file).Select(Entry).ToList()));
    }

    private static List<RunEvent> Read(List<JournalEntry> entries) => entries.ConvertAll(entry => EventCodec.Decode(FrozenRun.Id, entry));

    private static JournalEntry Entry(string line)
    {
        var body = Json.Parse(line);
        return new JournalEntry(
            body.GetProperty("seq").GetInt32(), body.GetText("kind")!, new DateTimeOffset(body.GetProperty("at").GetDateTime(), TimeSpan.Zero), Encoding.UTF8.GetBytes(line), ChainHash.Start);
    }

    private static string FolderOf(KernelRule rule) => Path.Combine(Folder, string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{(int)rule:00}"));

    /// <summary>The sources: snapshots are read where they are kept.</summary>
    private static string Here([CallerFilePath] string file = "") => Path.GetDirectoryName(file)!;
}
