using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Aos.App.Cli;

/// <summary>
/// Help: the first paragraph of a command's description stands in the lists of its parents; the rest, its examples,
/// comes at the end of its own help.
/// </summary>
internal sealed class LongHelp : SynchronousCommandLineAction
{
    private readonly Dictionary<Command, string> rest = [];
    private readonly HelpAction usual;

    private LongHelp(HelpAction usual) => this.usual = usual;

    internal static void Of(RootCommand root)
    {
        if (root.Options.OfType<HelpOption>().FirstOrDefault() is not { Action: HelpAction usual } help) return;
        var action = new LongHelp(usual);
        action.Split(root);
        help.Action = action;
    }

    public override int Invoke(ParseResult parseResult)
    {
        var code = usual.Invoke(parseResult);
        if (rest.TryGetValue(parseResult.CommandResult.Command, out var text)) parseResult.InvocationConfiguration.Output.WriteLine(text + "\n");
        return code;
    }

    private void Split(Command command)
    {
        if (command.Description?.Split("\n\n", 2) is [var first, var more])
        {
            command.Description = first;
            rest[command] = more;
        }

        foreach (var inner in command.Subcommands) Split(inner);
    }
}
