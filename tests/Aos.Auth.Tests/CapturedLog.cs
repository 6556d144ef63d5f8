using System.Collections.Concurrent;
using Aos.App.Server;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Aos.Auth.Tests;

/// <summary>What a server writes into its log, in the form it writes it.</summary>
internal sealed class CapturedLog : ILoggerProvider
{
    private readonly ConcurrentQueue<string> entries = new();
    private readonly OneLineFormatter formatter = new(TimeProvider.System);

    /// <summary>Each as it was written: a line with its end.</summary>
    internal IReadOnlyCollection<string> Entries => entries;

    public ILogger CreateLogger(string categoryName) => new Log(categoryName, this);

    public void Dispose()
    {
    }

    private sealed class Log(string category, CapturedLog all) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        void ILogger.Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            using var text = new StringWriter();
            all.formatter.Write(new LogEntry<TState>(logLevel, category, eventId, state, exception, formatter), null, text);
            all.entries.Enqueue(text.ToString());
        }
    }
}
