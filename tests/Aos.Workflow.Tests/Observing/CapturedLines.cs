using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Aos.Workflow.Tests.Observing;

/// <summary>A line of the log and what stood beside it.</summary>
internal sealed record Line(string Logger, LogLevel Level, EventId Event, string Message, IReadOnlyDictionary<string, object?> Fields)
{
    /// <summary>A field as text; null: it is not there.</summary>
    internal string? this[string name] => Fields.TryGetValue(name, out var value) ? value?.ToString() : null;
}

/// <summary>Whatever is logged, with all that is in scope at that moment; of a name the inner value.</summary>
internal sealed class CapturedLines : ILoggerProvider, ISupportExternalScope
{
    private readonly ConcurrentQueue<Line> lines = new();
    private IExternalScopeProvider? scopes;

    internal IReadOnlyList<Line> All => [.. lines];

    internal ILoggerFactory Factory(LogLevel least = LogLevel.Trace) => LoggerFactory.Create(logging => logging.SetMinimumLevel(least).AddProvider(this));

    public ILogger CreateLogger(string categoryName) => new Log(categoryName, this);

    public void SetScopeProvider(IExternalScopeProvider scopeProvider) => scopes = scopeProvider;

    public void Dispose()
    {
    }

    private sealed class Log(string name, CapturedLines all) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        void ILogger.Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            var fields = new SortedDictionary<string, object?>(StringComparer.Ordinal);
            all.scopes?.ForEachScope(
                static (scope, into) =>
                {
                    if (scope is not IEnumerable<KeyValuePair<string, object?>> values) return;
                    foreach (var (key, value) in values) into[key] = value;
                },
                fields);
            all.lines.Enqueue(new Line(name, logLevel, eventId, formatter(state, exception), fields));
        }
    }
}
