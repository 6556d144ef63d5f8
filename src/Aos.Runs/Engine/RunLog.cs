using Aos.Contracts;
using Aos.Kernel;
using Microsoft.Extensions.Logging;

namespace Aos.Runs;

internal sealed partial class RunLog(ILogger<RunLog> logger)
{
    [LoggerMessage(EventId = 2100, Level = LogLevel.Debug, Message = "Run {RunId} ended {Status}.")]
    internal partial void Ended(RunId runId, RunStatus status);

    [LoggerMessage(EventId = 2101, Level = LogLevel.Error, Message = "Run {RunId} stands still: a rule does not hold.")]
    internal partial void Frozen(RunId runId, Exception why);

    [LoggerMessage(EventId = 2102, Level = LogLevel.Error, Message = "Run {RunId} was set aside: {Why}")]
    internal partial void Corrupt(RunId runId, string why);

    [LoggerMessage(EventId = 2103, Level = LogLevel.Warning, Message = "{Count} runs of a process that ended are taken over.")]
    internal partial void Adopting(int count);

    [LoggerMessage(EventId = 2108, Level = LogLevel.Warning, Message = "The lease of node {Node} is over: its runs leave memory and are taken over.")]
    internal partial void LeaseOver(NodeId node);

    [LoggerMessage(EventId = 2104, Level = LogLevel.Error, Message = "A pass over due runs broke; the next one follows.")]
    internal partial void ClerkBroke(Exception why);

    [LoggerMessage(EventId = 2105, Level = LogLevel.Error, Message = "Work for a run broke.")]
    internal partial void TaskBroke(Exception why);

    [LoggerMessage(EventId = 2107, Level = LogLevel.Error, Message = "Run {RunId} could not be loaded: {Why}")]
    internal partial void NotLoaded(RunId runId, string why);

    [LoggerMessage(EventId = 2109, Level = LogLevel.Information, Message = "This node drains: it hands {Count} runs back.")]
    internal partial void Draining(int count);

    [LoggerMessage(EventId = 2106, Level = LogLevel.Warning, Message = "The runs under way could not be released; the next start takes them over.")]
    internal partial void NotReleased(Exception why);
}
