using System.Globalization;
using System.Text;
using Aos.Kernel;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace Aos.App.Server;

/// <summary>
/// One entry of the log is one line, whatever it tells of: a text from outside can neither begin a line of its own nor speak to the terminal.
/// <c>2026-11-26T10:00:00.000Z warn Aos.Identity.AccessLog[4000] message {run_id=... step_id=...} | exception</c>
/// </summary>
internal sealed class OneLineFormatter(TimeProvider clock) : ConsoleFormatter(FormatterName)
{
    internal const string FormatterName = "aos";

    public OneLineFormatter()
        : this(TimeProvider.System)
    {
    }

    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        var message = Redactor.RedactText(logEntry.Formatter(logEntry.State, logEntry.Exception));
        var line = new StringBuilder(message.Length + 100);
        line.Append(clock.GetUtcNow().UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture)).Append(' ').Append(Level(logEntry.LogLevel)).Append(' ');
        line.Append(logEntry.Category).Append('[').Append(logEntry.EventId.Id).Append("] ").Append(PlainText.Of(message));
        Append(line, LogFields.Of(scopeProvider));
        if (logEntry.Exception is { } e) line.Append(" | ").Append(PlainText.Of(Redactor.RedactText(e.ToString())));
        textWriter.Write(line.Append('\n').ToString());
    }

    private static void Append(StringBuilder line, string?[]? fields)
    {
        if (fields is null) return;
        var begin = " {";
        for (var i = 0; i < fields.Length; i++)
        {
            if (fields[i] is not { } value) continue;
            line.Append(begin).Append(LogFields.Names[i]).Append('=').Append(PlainText.Of(Redactor.RedactText(value, Redaction.Secrets)));
            begin = " ";
        }

        if (begin == " ") line.Append('}');
    }

    private static string Level(LogLevel level) => level switch
    {
        LogLevel.Critical => "crit",
        LogLevel.Error => "fail",
        LogLevel.Warning => "warn",
        LogLevel.Information => "info",
        LogLevel.Debug => "dbug",
        _ => "trce",
    };
}
