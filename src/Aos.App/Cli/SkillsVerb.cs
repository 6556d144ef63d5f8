using System.CommandLine;
using Aos.Contracts;

namespace Aos.App.Cli;

/// <summary><c>aos skills</c>.</summary>
internal static class SkillsVerb
{
    internal static Command Command()
    {
        var command = new Command("skills", "Lists the skills.");
        command.SetAction(async (_, _) =>
        {
            await using var services = PlanVerb.Skills();
            foreach (var (name, skill) in services.GetRequiredService<ISkills>().All.OrderBy(pair => pair.Key, StringComparer.Ordinal))
                Console.WriteLine($"{name,-16} {skill.Contract.Version,-8} {skill.Contract.Description}");
            return 0;
        });
        return command;
    }
}
