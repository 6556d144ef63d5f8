using System.Text.Json;

namespace Aos.Kernel;

/// <summary>Decisions of people about steps and tool calls that wait for one. Each is decided once.</summary>
internal static class Approvals
{
    /// <summary>Begins to wait. The message is journaled: whoever decides sees what is on record.</summary>
    internal static void Ask(Turn turn, PlanStep step, int item, ApprovalClause clause)
    {
        string? message = null;
        if (clause.Message is { } template)
        {
            var evaluated = Template.Evaluate(template, new RunScope(turn.State, step.Index, -1));
            if (evaluated.Failure is { } failure)
            {
                turn.Fail(step.Index, failure);
                return;
            }

            message = Template.AsText(evaluated.Value!.Value);
            if (message.Length > ApprovalClause.MessageMax) message = message[..ApprovalClause.MessageMax];
        }

        turn.Add(new WaitStarted { At = turn.Now, Step = step.Index, Item = item, For = WaitKind.Approval, Until = turn.Now + clause.Timeout, Message = message });
    }

    internal static Failure? Decide(Turn turn, DecideApproval command)
    {
        var step = turn.State.Plan.IndexOf(command.StepId);
        if (step < 0) return FailureCatalog.Fail("INVALID_INPUT", $"The plan has no step {command.StepId}.");
        var s = turn.State.Steps[step];
        var wait = s.Wait is { For: WaitKind.Approval } open && (command.Item < 0 || command.Item == open.Item) ? open : null;
        if (Decided(s, wait, command.Item) is { } before)
        {
            return before.Id == command.Id
                ? null
                : FailureCatalog.Fail("INVALID_STATE", $"Step {command.StepId} was {Word(before)} by {before.By} already.");
        }

        if (turn.State.Status.IsOver()) return FailureCatalog.Fail("RUN_OVER", $"The run is over: {turn.State.Status.Wire()}.");
        if (wait is null)
            return FailureCatalog.Fail("INVALID_STATE", command.Item < 0 ? $"Step {command.StepId} awaits no approval." : $"Call {command.Item} of step {command.StepId} awaits no approval.");
        var level = Clause(turn.Plan.Steps[step]).Level;
        if (command.Level < level)
            return FailureCatalog.Fail("PERMISSION_DENIED", $"Step {command.StepId} needs an approver of level {level}; {command.By} is of level {command.Level}.");
        turn.Add(new ApprovalDecided
        {
            At = turn.Now,
            Step = step,
            Item = wait.Item,
            Id = command.Id,
            Approved = command.Approved,
            By = command.By,
            Note = command.Note,
            Level = command.Level,
        });
        return null;
    }

    /// <summary>Nobody decided in time: the clause does.</summary>
    internal static void Expire(Turn turn, PlanStep step, WaitStarted wait)
    {
        if (Decided(turn.State.Steps[step.Index], wait, wait.Item) is not null) return;
        turn.Add(new ApprovalDecided
        {
            At = turn.Now,
            Step = step.Index,
            Item = wait.Item,
            Id = ApprovalDecided.Timeout,
            Approved = Clause(step).ApprovesOnTimeout,
            By = ApprovalDecided.Timeout,
            Level = 0,
            IsTimeout = true,
        });
    }

    /// <summary>Ends an await that has been decided about.</summary>
    internal static void End(Turn turn, PlanStep step)
    {
        if (turn.State.Steps[step.Index].Approval is not { } decided) return;
        if (decided.Approved) turn.Add(new StepEnded { At = turn.Now, Step = step.Index, Status = StepStatus.Succeeded, Result = Result(decided) });
        else turn.Fail(step.Index, Failure(decided, $"Step {step.Id}"));
    }

    internal static Failure Failure(ApprovalDecided decided, string what) => decided.IsTimeout
        ? FailureCatalog.Fail("AWAIT_TIMEOUT", $"{what} was approved by nobody in time.")
        : FailureCatalog.Fail("APPROVAL_REJECTED", $"{what} was rejected by {decided.By}{(decided.Note is { Length: > 0 } note ? $": {note}" : ".")}");

    /// <summary>How a step waits for people.</summary>
    internal static ApprovalClause Clause(PlanStep step) => step.Await?.Approval ?? step.Agent?.Approval ?? new ApprovalClause();

    /// <summary>The decision about what the command means: the call it names, what is waited for, or the last one.</summary>
    private static ApprovalDecided? Decided(StepState s, WaitStarted? wait, int item)
    {
        var at = wait?.Item ?? item;
        if (at >= 0) return at < s.Calls.Length ? s.Calls[at].Approval : null;
        return s.Approval ?? (wait is null ? s.Calls.LastOrDefault(call => call.Approval is not null)?.Approval : null);
    }

    private static string Word(ApprovalDecided decided) => decided.Approved ? "approved" : "rejected";

    private static JsonElement Result(ApprovalDecided decided) => Json.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteBoolean("approved", true);
        writer.WriteString("by", decided.By);
        writer.WriteString("note", decided.Note);
        writer.WriteEndObject();
    });
}
