using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Aos.Testing;

/// <summary>A logger that keeps what it is told, to look for secrets in it. Give it to the skill under test.</summary>
public sealed class ConformanceLog : ILogger
{
    private readonly ConcurrentQueue<string> lines = new();

    public IReadOnlyList<string> Lines => [.. lines];

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull
    {
        lines.Enqueue($"{state}");
        return null;
    }

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        lines.Enqueue($"{formatter(state, exception)} {exception}");
}
