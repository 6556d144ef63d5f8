using System.CommandLine;
using Aos.Kernel;

namespace Aos.App.Cli;

/// <summary><c>aos skills</c> and <c>aos skill NAME</c>.</summary>
internal static class SkillsVerb
{
    internal static Command List()
    {
        var command = new Command("skills", "Lists the skills: on a terminal as a table, else as the HTTP API gives them.");
        command.Aliases.Add("list-skills");
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            var skills = await house.AskAsync(HttpMethod.Get, "api/v1/runtime/skills", null, cancel);
            if (parsed.GetValue(CommandLine.AsJson) || Console.IsOutputRedirected)
            {
                Report.Pretty(skills);
                return 0;
            }

            foreach (var skill in skills.GetProperty("descriptors").EnumerateObject())
                Console.Out.WriteLine($"{skill.Name,-16} {skill.Value.GetText("version"),-8} {skill.Value.GetText("description")}");
            return 0;
        }, cancel, refused: 1));
        return command;
    }

    internal static Command One()
    {
        var name = new Argument<string>("name") { Description = "Name of the skill." };
        var command = new Command("skill", "Prints a skill's contract: schemas, cost, failure modes, limits.\n\nExample: aos skill http_call") { name };
        command.SetAction((parsed, cancel) => Houses.InAsync(CommandLine.Place(parsed), async house =>
        {
            Report.Pretty(await house.AskAsync(HttpMethod.Get, $"api/v1/runtime/skills/{Uri.EscapeDataString(parsed.GetValue(name)!)}", null, cancel));
            return 0;
        }, cancel, refused: 1));
        return command;
    }
}
