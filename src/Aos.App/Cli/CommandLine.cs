using System.CommandLine;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using System.Text;
using Aos.Kernel;
using Microsoft.Win32.SafeHandles;

namespace Aos.App.Cli;

/// <summary>The verbs of <c>aos</c>.</summary>
internal static class CommandLine
{
    /// <summary>How long a command may take to end when it is told to; a server hands its runs back within it.</summary>
    private static readonly TimeSpan EndMax = TimeSpan.FromSeconds(12);

    internal const string Version = "0.1.0";

    /// <summary>Exit code of a command stopped by Ctrl-C.</summary>
    private const int Interrupted = 130;

    /// <summary>EPIPE.</summary>
    private const int BrokenPipe = 32;

    internal static Option<string?> Server { get; } = new("--server")
    {
        Description = "Address of a server. Default: AOS_BASE_URL, else whoever holds the data directory, else this process.", Recursive = true, HelpName = "URL",
    };

    internal static Option<string?> Data { get; } = new("--data") { Description = "Data directory. Default: AOS_DATA, else .aos in this folder.", Recursive = true, HelpName = "DIR" };

    internal static Option<bool> AsJson { get; } = new("--json") { Description = "Prints JSON lines on standard output, and nothing else there.", Recursive = true };

    internal static RootCommand Root()
    {
        var root = new RootCommand("""
            AOS, an operating system for AI agents: says what a plan will cost, runs it durably, leaves a record.

            Examples:
              aos run samples/invoices/plan.yaml     run a plan and print its result
              aos runs list                          what ran, newest first
              aos serve                              the HTTP API on http://127.0.0.1:8000
            """)
        {
            RunVerb.Command(), PlanVerb.Command(), SimulateVerb.Command(), RunsVerb.Command(), WorkflowsVerb.Command(), TraceVerb.Replay(), TraceVerb.Command(), TraceVerb.Diff("diff"), GoldenVerb.Command(),
            SkillsVerb.List(), SkillsVerb.One(), PricesVerb.Command(), CostSimVerb.Command(), AgentsVerb.Command(), AgentsVerb.Goal(), AskVerbs.Capabilities(), AskVerbs.Query(), AskVerbs.Health(),
            ServeVerb.Command(), StoreVerbs.Doctor(), StoreVerbs.Migrate(), NodesVerb.Command(), ArchiveVerb.Command(), AuthVerb.Command(), KeysVerb.Command(), TenantsVerb.Command(), SecretsVerb.Command(), ConnectionsVerb.Command(), KillSwitchVerb.Command(), BudgetsVerb.Command(), CostVerb.Command(), FailuresVerb.Command(), RecoveryVerb.Command(), RecallVerbs.AddTo(MemoryVerb.Command()), WebhooksVerb.Command(), AuditVerb.Command(), ConfigVerb.Command(), CompletionVerb.Command(), AgentsVerb.OldCreate(), AskVerbs.OldRun(),
        };
        root.Options.Add(Server);
        root.Options.Add(Data);
        root.Options.Add(AsJson);
        var version = new Command("version", "Prints the version.");
        version.SetAction(_ => Console.Out.WriteLine($"aos {Version}"));
        root.Add(version);
        LongHelp.Of(root);
        return root;
    }

    internal static async Task<int> RunAsync(string[] arguments)
    {
        OpenOutput();
        try
        {
            var parsed = Root().Parse(arguments);
            if (parsed.Action is ParseErrorAction) return Wrong(parsed);
            return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, Output = Console.Out, ProcessTerminationTimeout = EndMax });
        }
        catch (OperationCanceledException)
        {
            return Interrupted;
        }
        catch (IOException e) when (e.HResult == BrokenPipe)
        {
            return 0; // Whoever read the output has seen enough.
        }
    }

    /// <summary>A command line that makes no sense: 1 and the help when a command is missing, else 2 and what is wrong.</summary>
    private static int Wrong(ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        if (parsed.UnmatchedTokens.Count == 0 && command.Subcommands.Count > 0)
        {
            parsed.RootCommandResult.Command.Parse([.. Names(parsed), "--help"]).Invoke(new InvocationConfiguration { Output = Console.Out });
            return 1;
        }

        if (parsed.UnmatchedTokens is [var token, ..])
        {
            var known = command.Subcommands.Select(inner => inner.Name).Concat(command.Options.Select(option => option.Name)).ToArray();
            var what = command.Subcommands.Count > 0 && !token.StartsWith('-') ? "command" : token.StartsWith('-') ? "option" : "place for";
            return Report.Fail(2, $"there is no {what} '{token}'.", (Nearest.To(token, known) is { } near ? $"Did you mean {near}? " : "") + See(parsed));
        }

        foreach (var error in parsed.Errors) Report.Fail(2, error.Message);
        return Report.Fail(2, See(parsed));
    }

    private static string See(ParseResult parsed) => $"See: {string.Join(' ', ["aos", .. Names(parsed), "--help"])}";

    /// <summary>The verbs as they were given.</summary>
    private static IEnumerable<string> Names(ParseResult parsed)
    {
        var names = new Stack<string>();
        for (SymbolResult? at = parsed.CommandResult; at is CommandResult { Command: not RootCommand } command; at = command.Parent) names.Push(command.Command.Name);
        return names;
    }

    /// <summary>Where this command looks for its house.</summary>
    /// <param name="workspace">Folder of the file skills when the house is in this process; null: AOS_WORKSPACE_ROOT, else DATA/workspace.</param>
    internal static Place Place(ParseResult parsed, string? workspace = null)
    {
        var data = HouseOptions.DataOf(parsed.GetValue(Data));
        return new Place(parsed.GetValue(Server) ?? Composition.Setting("AOS_BASE_URL") ?? Composition.Setting("AOS_API_URL"), data, HouseOptions.WorkspaceOf(workspace, data));
    }

    /// <summary>
    /// A pipe is opened as a plain stream: unlike the console's own it tells when nobody reads any more. A file is not:
    /// processes that write to it one after another share its position.
    /// </summary>
    private static void OpenOutput()
    {
        if (OperatingSystem.IsWindows() || !Console.IsOutputRedirected) return;
        var stream = new FileStream(new SafeFileHandle(1, ownsHandle: false), FileAccess.Write, bufferSize: 0);
        if (!stream.CanSeek) Console.SetOut(new StreamWriter(stream, new UTF8Encoding(false)) { AutoFlush = true });
    }
}
