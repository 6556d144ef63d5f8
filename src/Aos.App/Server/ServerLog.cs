using Microsoft.Extensions.Logging.Console;

namespace Aos.App.Server;

/// <summary>How the server logs.</summary>
/// <param name="Level">The least that is written. Default: warnings.</param>
/// <param name="IsJson">True: a JSON object a line.</param>
internal sealed record LogOptions(LogLevel Level = LogLevel.Warning, bool IsJson = false)
{
    /// <summary><c>AOS_LOG_LEVEL</c> and <c>AOS_LOG_FORMAT</c>.</summary>
    internal static LogOptions Read(Func<string, string?> setting, List<string> problems)
    {
        var level = setting("AOS_LOG_LEVEL") switch
        {
            null or "warning" => LogLevel.Warning,
            "debug" => LogLevel.Debug,
            "info" => LogLevel.Information,
            "error" => LogLevel.Error,
            _ => LogLevel.None,
        };
        if (level == LogLevel.None) problems.Add($"AOS_LOG_LEVEL is debug, info, warning or error, not '{setting("AOS_LOG_LEVEL")}'.");
        var isJson = setting("AOS_LOG_FORMAT") switch
        {
            null or "text" => false,
            "json" => true,
            var other => Wrong(problems, $"AOS_LOG_FORMAT is text or json, not '{other}'."),
        };
        return new LogOptions(level, isJson);
    }

    private static bool Wrong(List<string> problems, string problem)
    {
        problems.Add(problem);
        return false;
    }
}

/// <summary>The log of a server.</summary>
internal static class ServerLog
{
    /// <summary>One writer, one form, one least level; the web framework speaks only of what breaks.</summary>
    internal static void OneLineEach(this ILoggingBuilder logging, LogOptions options)
    {
        logging.ClearProviders();
        logging.AddConsole(console => console.FormatterName = options.IsJson ? JsonLineFormatter.FormatterName : OneLineFormatter.FormatterName);
        logging.AddConsoleFormatter<OneLineFormatter, ConsoleFormatterOptions>();
        logging.AddConsoleFormatter<JsonLineFormatter, ConsoleFormatterOptions>();
        logging.SetMinimumLevel(options.Level);
        logging.AddFilter("Microsoft", LogLevel.Warning);
        logging.AddFilter("Microsoft.AspNetCore", LogLevel.Error);
        logging.AddFilter("System", LogLevel.Warning);
    }
}
