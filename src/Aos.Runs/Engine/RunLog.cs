using Aos.Contracts;
using Aos.Kernel;
using Microsoft.Extensions.Logging;

namespace Aos.Runs;

internal sealed partial class RunLog(ILogger<RunLog> logger)
{
    /// <summary>Whether somebody reads what happens to runs that nothing is wrong with.</summary>
    internal bool IsTelling => logger.IsEnabled(LogLevel.Information);

    /// <summary>What is logged until the end of this, here and in what is called from here, stands beside the run and its step.</summary>
    internal IDisposable? In(RunStarted start, PlanStep? step) => logger.BeginScope(new RunFields(start, step));

    [LoggerMessage(EventId = 2110, EventName = "workflow_start", Level = LogLevel.Information, Message = "Run {RunId} of {Plan} begins: {Steps} steps.")]
    internal partial void Began(RunId runId, string plan, int steps);

    [LoggerMessage(EventId = 2111, EventName = "step_done", Level = LogLevel.Information, Message = "{Skill} answered in {Milliseconds} ms.")]
    internal partial void Called(string skill, double milliseconds);

    [LoggerMessage(EventId = 2112, EventName = "step_retry_backoff", Level = LogLevel.Information, Message = "{Skill} failed with {Code}; it is tried again in {Milliseconds} ms.")]
    internal partial void Again(string skill, string code, double milliseconds);

    [LoggerMessage(EventId = 2113, EventName = "step_call_failed", Level = LogLevel.Information, Message = "{Skill} failed with {Code}; it is not tried again.")]
    internal partial void CallFailed(string skill, string code);

    [LoggerMessage(EventId = 2114, EventName = "step_unknown", Level = LogLevel.Information, Message = "Nobody knows what became of a call of {Skill}.")]
    internal partial void Unknown(string skill);

    [LoggerMessage(EventId = 2115, EventName = "step_waits", Level = LogLevel.Information, Message = "The step waits for a {Kind}.")]
    internal partial void Waits(WaitKind kind);

    [LoggerMessage(EventId = 2116, EventName = "step_failed", Level = LogLevel.Information, Message = "The step failed with {Code}.")]
    internal partial void StepFailed(string code);

    [LoggerMessage(EventId = 2117, EventName = "workflow_end", Level = LogLevel.Information, Message = "Run {RunId} is over: {Status} {Code}.")]
    internal partial void IsOver(RunId runId, RunStatus status, string? code);

    [LoggerMessage(EventId = 2118, EventName = "checkpoint_saved", Level = LogLevel.Debug, Message = "{Events} events are stored, the last is {Seq}.")]
    internal partial void Saved(int events, int seq);

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
