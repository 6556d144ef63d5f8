using System.CommandLine;

namespace Aos.App.Cli;

/// <summary>The verbs of <c>aos</c>.</summary>
internal static class CommandLine
{
    internal const string Version = "0.1.0";

    internal static RootCommand Root()
    {
        var root = new RootCommand("AOS, an operating system for AI agents. First session: aos run samples/invoices/plan.yaml")
        {
            RunVerb.Command(), PlanVerb.Command(), SkillsVerb.Command(), RunsVerb.Command(), ServeVerb.Command(),
        };
        var version = new Command("version", "Prints the version.");
        version.SetAction(_ => Console.WriteLine($"aos {Version}"));
        root.Add(version);
        return root;
    }

    internal static Option<string?> Data() => new("--data") { Description = "Data directory. Default: AOS_DATA, else .aos in this folder." };

    internal static int Fail(int code, string message)
    {
        Console.Error.WriteLine($"aos: {message}");
        return code;
    }
}
