using System.CommandLine;

namespace Aos.App.Cli;

/// <summary><c>aos completion bash|zsh|fish</c>: a script that asks <c>aos</c> itself, so that it never gets old.</summary>
internal static class CompletionVerb
{
    private const string Bash = """
        _aos() {
          local IFS=$'\n'
          COMPREPLY=($(compgen -W "$(aos "[suggest:${COMP_POINT}]" "${COMP_LINE}" 2>/dev/null)" -- "${COMP_WORDS[COMP_CWORD]}"))
          [ ${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- "${COMP_WORDS[COMP_CWORD]}"))
        }
        complete -F _aos aos
        """;

    private const string Zsh = """
        #compdef aos
        _aos() {
          local -a found
          found=("${(@f)$(aos "[suggest:${CURSOR}]" "${BUFFER}" 2>/dev/null)}")
          [[ -n "${found[1]}" ]] && compadd -- $found || _files
        }
        compdef _aos aos
        """;

    private const string Fish = """
        complete -f -c aos -a '(aos "[suggest:"(commandline -C)"]" (commandline -b) 2>/dev/null)'
        """;

    internal static Command Command()
    {
        var shell = new Argument<string>("shell") { Description = "bash, zsh or fish." };
        shell.AcceptOnlyFromAmong("bash", "zsh", "fish");
        var command = new Command("completion", "Prints a completion script.\n\nExamples:\n  source <(aos completion bash)\n  aos completion fish > ~/.config/fish/completions/aos.fish") { shell };
        command.SetAction(parsed => Console.Out.WriteLine(parsed.GetValue(shell) switch { "bash" => Bash, "zsh" => Zsh, _ => Fish }));
        return command;
    }
}
