using System.CommandLine;
using System.Text.Json;
using Aos.Kernel;

namespace Aos.App.Cli;

/// <summary><c>aos skills</c> and <c>aos skill NAME</c>.</summary>
internal static class SkillsVerb
{
    internal static Command List()
    {
        var snapshot = new Option<string?>("--snapshot")
        {
            Description = "Writes the contracts of all versions of all skills instead, to FILE or on standard output.", HelpName = "FILE", Arity = ArgumentArity.ZeroOrOne,
        };
        var command = new Command("skills", """
            Lists the skills: on a terminal as a table, else as the HTTP API gives them.

            Examples:
              aos skills --snapshot skills.json     keep what the skills promise
              aos skills diff skills.json live      what has changed since
              aos skills pins > skills.pins         pin the skills folder as it is
            """) { snapshot };
        command.Aliases.Add("list-skills");
        command.Add(SkillDiffVerb.Command());
        command.Add(Pins());
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            if (parsed.GetResult(snapshot) is { Implicit: false })
                return await WriteAsync(await house.AskAsync(HttpMethod.Get, "api/v1/runtime/registry", null, cancel), parsed.GetValue(snapshot), cancel);
            var skills = await house.AskAsync(HttpMethod.Get, "api/v1/runtime/skills", null, cancel);
            if (parsed.GetValue(CommandLine.AsJson) || Console.IsOutputRedirected)
            {
                Report.Pretty(skills);
                return 0;
            }

            foreach (var skill in skills.GetProperty("descriptors").EnumerateObject())
                Console.Out.WriteLine($"{skill.Name,-16} {string.Join(' ', Versions(skill.Value)),-8} {skill.Value.GetText("description")}");
            return 0;
        }, cancel, refused: 1));
        return command;
    }

    internal static Command One()
    {
        var name = new Argument<string>("name") { Description = "Name of the skill, or NAME@VERSIONS." };
        var command = new Command("skill", """
            Prints a skill's contract: schemas, cost, failure modes, limits.

            Examples:
              aos skill http_call
              aos skill new greet     a project for a skill of your own
            """) { name };
        command.Add(SkillTemplate.Command());
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            Report.Pretty(await house.AskAsync(HttpMethod.Get, $"api/v1/runtime/skills/{Uri.EscapeDataString(parsed.GetValue(name)!)}", null, cancel));
            return 0;
        }, cancel, refused: 1));
        return command;
    }

    /// <summary>Looks at the folder alone: what is to be pinned may be what keeps a house from opening.</summary>
    private static Command Pins()
    {
        var command = new Command("pins", "Prints a pin for each skill in AOS_SKILLS_FOLDER, for AOS_SKILL_PINS.");
        command.SetAction(_ =>
        {
            var options = Skills.SkillsOptions.Read(name => name == "AOS_SKILL_PINS" ? null : Composition.Setting(name), "");
            foreach (var problem in options.Problems) Report.Fail(2, problem);
            if (options.Folder is null) Console.Error.WriteLine("There is no skills folder to pin: AOS_SKILLS_FOLDER names it.");
            foreach (var line in options.PinLines()) Console.Out.WriteLine(line);
            return options.Problems.Count > 0 ? 2 : 0;
        });
        return command;
    }

    private static async Task<int> WriteAsync(JsonElement snapshot, string? file, CancellationToken cancel)
    {
        try
        {
            if (file is null) Report.Pretty(snapshot);
            else await PlanFile.WriteAsync(file, Report.Indented(snapshot) + "\n", cancel);
            return 0;
        }
        catch (PlanFileException e)
        {
            return Report.Fail(2, e.Message);
        }
    }

    private static IEnumerable<string?> Versions(JsonElement skill) =>
        skill.Get("versions") is { ValueKind: JsonValueKind.Array } versions ? versions.EnumerateArray().Select(version => version.GetString()) : [skill.GetText("version")];
}
