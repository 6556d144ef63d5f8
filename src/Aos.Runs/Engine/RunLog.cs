using Aos.Kernel;
using Microsoft.Extensions.Logging;

namespace Aos.Runs;

internal sealed partial class RunLog(ILogger<RunLog> logger)
{
    [LoggerMessage(EventId = 2100, Level = LogLevel.Debug, Message = "Run {RunId} ended {Status}.")]
    internal partial void Ended(RunId runId, RunStatus status);

    [LoggerMessage(EventId = 2101, Level = LogLevel.Error, Message = "Run {RunId} stands still: a rule does not hold.")]
    internal partial void Frozen(RunId runId, Exception why);

    [LoggerMessage(EventId = 2102, Level = LogLevel.Error, Message = "Run {RunId} was left alone: {Why}")]
    internal partial void Corrupt(RunId runId, string why);
}
