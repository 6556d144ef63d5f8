using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Aos.Kernel;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace Aos.App.Server;

/// <summary>
/// One JSON object a line, for those who collect logs: <c>timestamp</c>, <c>level</c>, <c>logger</c>, <c>event_id</c>, <c>event</c>,
/// <c>message</c>, then the fields in scope, then the message's own values by their names, then <c>exception</c>.
/// </summary>
internal sealed class JsonLineFormatter(TimeProvider clock) : ConsoleFormatter(FormatterName)
{
    internal const string FormatterName = "aos-json";

    private const string Template = "{OriginalFormat}";

    /// <summary>Escapes line breaks, and all that is not ASCII: no line can be taken for two, and nothing acts on a terminal.</summary>
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.Default };

    private static readonly string[] Own = ["timestamp", "level", "logger", "event_id", "event", "message", "exception"];

    public JsonLineFormatter()
        : this(TimeProvider.System)
    {
    }

    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var writer = new Utf8JsonWriter(buffer, Options))
        {
            writer.WriteStartObject();
            writer.WriteString("timestamp", clock.GetUtcNow().UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
            writer.WriteString("level", Level(logEntry.LogLevel));
            writer.WriteString("logger", logEntry.Category);
            writer.WriteNumber("event_id", logEntry.EventId.Id);
            if (logEntry.EventId.Name is { } name) writer.WriteString("event", name);
            writer.WriteString("message", Redactor.RedactText(logEntry.Formatter(logEntry.State, logEntry.Exception)));
            WriteFields(writer, LogFields.Of(scopeProvider));
            if (logEntry.State is IReadOnlyList<KeyValuePair<string, object?>> values) WriteValues(writer, values);
            if (logEntry.Exception is { } e) writer.WriteString("exception", Redactor.RedactText(e.ToString()));
            writer.WriteEndObject();
        }

        textWriter.Write(Encoding.UTF8.GetString(buffer.WrittenSpan) + "\n");
    }

    private static void WriteFields(Utf8JsonWriter writer, string?[]? fields)
    {
        for (var i = 0; i < fields?.Length; i++)
        {
            if (fields[i] is not { } value) continue;
            if (LogFields.Names[i] == "step_index" && int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var index)) writer.WriteNumber(LogFields.Names[i], index);
            else writer.WriteString(LogFields.Names[i], Redactor.RedactText(value, Redaction.Secrets));
        }
    }

    /// <summary>A value that is called like one of the line's own members has no place of its own; the message has it.</summary>
    private static void WriteValues(Utf8JsonWriter writer, IReadOnlyList<KeyValuePair<string, object?>> values)
    {
        var written = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < values.Count; i++)
        {
            var (given, value) = values[i];
            if (given == Template || Snake(given) is var name && (Own.Contains(name) || LogFields.Names.Contains(name) || !written.Add(name))) continue;
            writer.WritePropertyName(name);
            switch (value)
            {
                case null: writer.WriteNullValue(); break;
                case bool flag: writer.WriteBooleanValue(flag); break;
                case int number: writer.WriteNumberValue(number); break;
                case long number: writer.WriteNumberValue(number); break;
                case double number when double.IsFinite(number): writer.WriteNumberValue(number); break;
                default: writer.WriteStringValue(Shown(given, Convert.ToString(value, CultureInfo.InvariantCulture))); break;
            }
        }
    }

    /// <summary>What is secret by its name or its form has no place in a log, and neither has what is a person's.</summary>
    private static string? Shown(string name, string? value) => value is null ? null : Redactor.IsSecret(name) ? Redactor.Marker : Redactor.RedactText(value);

    /// <summary><c>RequestId</c> as <c>request_id</c>.</summary>
    private static string Snake(string name)
    {
        var snake = new StringBuilder(name.Length + 4);
        for (var i = 0; i < name.Length; i++)
        {
            if (char.IsAsciiLetterUpper(name[i]) && i > 0) snake.Append('_');
            snake.Append(char.ToLowerInvariant(name[i]));
        }

        return snake.ToString();
    }

    private static string Level(LogLevel level) => level switch
    {
        LogLevel.Critical => "critical",
        LogLevel.Error => "error",
        LogLevel.Warning => "warning",
        LogLevel.Information => "info",
        LogLevel.Debug => "debug",
        _ => "trace",
    };
}
