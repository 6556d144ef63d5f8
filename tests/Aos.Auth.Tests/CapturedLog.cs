using System.Collections.Concurrent;
using Aos.App.Server;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace Aos.Auth.Tests;

/// <summary>What a server writes into its log, in the form it writes it.</summary>
/// <param name="isJson">True: as JSON lines.</param>
internal sealed class CapturedLog(bool isJson = false) : ILoggerProvider, ISupportExternalScope
{
    private readonly ConcurrentQueue<string> entries = new();
    private readonly ConsoleFormatter formatter = isJson ? new JsonLineFormatter(TimeProvider.System) : new OneLineFormatter(TimeProvider.System);
    private IExternalScopeProvider? scopes;

    /// <summary>Each as it was written: a line with its end.</summary>
    internal IReadOnlyCollection<string> Entries => entries;

    public ILogger CreateLogger(string categoryName) => new Log(categoryName, this);

    public void SetScopeProvider(IExternalScopeProvider scopeProvider) => scopes = scopeProvider;

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
            all.formatter.Write(new LogEntry<TState>(logLevel, category, eventId, state, exception, formatter), all.scopes, text);
            all.entries.Enqueue(text.ToString());
        }
    }
}
