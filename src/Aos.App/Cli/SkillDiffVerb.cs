using System.Collections.Immutable;
using System.CommandLine;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Cli;

/// <summary><c>aos skills diff</c>: what changed between two snapshots of the registry.</summary>
internal static class SkillDiffVerb
{
    /// <summary>In place of a file: the skills that are there now.</summary>
    private const string Live = "live";

    internal static Command Command()
    {
        var old = new Argument<string>("old") { Description = "A file that aos skills --snapshot wrote." };
        var now = new Argument<string>("new") { Description = "Another one, or live: the skills there are now.", Arity = ArgumentArity.ZeroOrOne, DefaultValueFactory = _ => Live };
        var command = new Command("diff", """
            Says what changed in the contracts of skills, what of it breaks plans, and how much a version must grow.
            Exits with 1 when something breaks without a version that says so.

            Example: aos skills diff skills.json live
            """) { old, now };
        command.SetAction((parsed, cancel) => DiffAsync(parsed, parsed.GetValue(old)!, parsed.GetValue(now)!, cancel));
        return command;
    }

    private static async Task<int> DiffAsync(ParseResult parsed, string old, string now, CancellationToken cancel)
    {
        try
        {
            var before = await ReadAsync(old, cancel);
            if (now != Live) return Tell(parsed, ContractDiffs.OfSnapshots(before, await ReadAsync(now, cancel)));
            return await Houses.InAsync(CommandLine.Place(parsed), async house =>
                Tell(parsed, ContractDiffs.OfSnapshots(before, await house.AskAsync(HttpMethod.Get, "api/v1/runtime/registry", null, cancel))), cancel, refused: 1);
        }
        catch (PlanFileException e)
        {
            return Report.Fail(2, e.Message);
        }
    }

    /// <summary>Any other document would be compared as one without skills, and nothing found to be gone or changed.</summary>
    private static async Task<JsonElement> ReadAsync(string file, CancellationToken cancel)
    {
        var read = await PlanFile.ReadAsync(file, cancel);
        return SkillSnapshots.IsOne(read) ? read : throw new PlanFileException($"{file} is no snapshot of skills: aos skills --snapshot FILE writes one.");
    }

    private static int Tell(ParseResult parsed, ImmutableArray<ContractDiff> diffs)
    {
        if (parsed.GetValue(CommandLine.AsJson) || Console.IsOutputRedirected) Report.Pretty(ToJson(diffs));
        else Print(diffs);
        return diffs.All(diff => diff.IsBumped) ? 0 : 1;
    }

    private static void Print(ImmutableArray<ContractDiff> diffs)
    {
        if (diffs.IsEmpty) Console.Out.WriteLine("Nothing has changed.");
        foreach (var diff in diffs)
        {
            Console.Out.WriteLine($"{diff.Skill} {diff.Old ?? "(new)"} -> {diff.New ?? "(gone)"}{(diff.Recommended == VersionBump.None ? "" : $", needs a {Name(diff.Recommended)} version{(diff.IsBumped ? "" : ": it has not got one")}")}");
            foreach (var change in diff.Changes) Console.Out.WriteLine($"  {Sign(change.Weight)} {change.Type} {change.Path}: {change.Description}");
        }
    }

    private static char Sign(ChangeWeight weight) => weight switch { ChangeWeight.Breaking => '!', ChangeWeight.NonBreaking => '+', _ => '?' };

    private static JsonElement ToJson(ImmutableArray<ContractDiff> diffs) => Json.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteBoolean("compatible", diffs.All(diff => diff.IsCompatible));
        writer.WriteBoolean("bumped", diffs.All(diff => diff.IsBumped));
        writer.WriteStartArray("skills");
        foreach (var diff in diffs)
        {
            writer.WriteStartObject();
            writer.WriteString("skill_id", diff.Skill);
            writer.WriteString("old_version", diff.Old);
            writer.WriteString("new_version", diff.New);
            writer.WriteBoolean("compatible", diff.IsCompatible);
            writer.WriteString("recommended_bump", Name(diff.Recommended));
            writer.WriteBoolean("bumped", diff.IsBumped);
            WriteChanges(writer, "breaking_changes", diff.Breaking);
            WriteChanges(writer, "non_breaking_changes", diff.NonBreaking);
            WriteChanges(writer, "warnings", diff.Warnings);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    });

    private static void WriteChanges(Utf8JsonWriter writer, string name, IEnumerable<ContractChange> changes)
    {
        writer.WriteStartArray(name);
        foreach (var change in changes)
        {
            writer.WriteStartObject();
            writer.WriteString("type", change.Type);
            writer.WriteString("path", change.Path);
            writer.WriteString("description", change.Description);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static string Name(VersionBump bump) => bump.ToString().ToLowerInvariant();
}
