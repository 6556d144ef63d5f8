using System.Globalization;
using System.Text;
using Aos.Kernel;
using Aos.Runs;

namespace Aos.Campaigns;

/// <summary>States, events and decisions as text: two are the same when their texts are.</summary>
internal static class Print
{
    /// <summary>The stored form of an event, without its number.</summary>
    internal static string Of(RunEvent e) => Encoding.UTF8.GetString(EventCodec.Encode(default, 0, e, ChainHash.Start).Body.Span);

    internal static string Of(Decision decision)
    {
        var text = new StringBuilder(decision.Refusal is { } refusal ? $"{refusal.Code}: {refusal.Message}" : "");
        foreach (var e in decision.Events) text.Append('\n').Append(Of(e));
        return text.ToString();
    }

    /// <summary>All of a state that decides about what follows or is shown to anybody.</summary>
    internal static string Of(RunState state)
    {
        if (state.Start is null) return "nothing";
        var text = new StringBuilder(512);
        text.Append(CultureInfo.InvariantCulture, $"{state.Seq} {state.Status} {state.LastAt:O} {state.StartedAt:O} {state.BegunAt:O} {state.EndedAt:O} {state.Attempt} {state.IsPaused}{state.IsQuarantined} {state.Spent} {state.Reserved} {state.Cursor} {RootHash.Of(state)}");
        text.Append(CultureInfo.InvariantCulture, $" {state.Signals.Length} {string.Join(',', state.SignalIds)} {state.Compensating?.Steps.Length} {RunMachine.NextWake(state):O}");
        foreach (var step in state.Steps)
        {
            text.Append(CultureInfo.InvariantCulture, $"\n{step.Status} {step.Result?.GetRawText()} {step.Failure?.Code} {step.Items?.GetRawText()} {step.Wait?.For} {step.Wait?.Item} {step.Wait?.Until:O} {step.Wait?.Granted} {step.Fallback} {step.Wanted} {step.Cost} {step.CostBefore} {step.Generation} {step.Approval?.Approved} {step.StartedAt:O} {step.EndedAt:O}");
            foreach (var call in step.Calls) Of(text, call);
            if (step.Compensation is { } undo) Of(text.Append(" undo"), undo);
        }

        foreach (var order in RunMachine.Pending(state)) text.Append('\n').Append(Of(order));
        return text.ToString();
    }

    private static void Of(StringBuilder text, CallState call) => text.Append(
        CultureInfo.InvariantCulture, $"; {call.Status} {call.Generation} {call.Attempts} {call.Rounds} {call.Started?.Effect} {call.RetryAt:O} {call.Outcome?.Ok} {call.Outcome?.Cost} {call.InputHash} {call.Approval?.Approved}");

    private static string Of(RunEffect order) => order switch
    {
        InvokeSkill invoke => $"{invoke.Id} {invoke.Skill}@{invoke.Version} {invoke.Params.GetRawText()} {invoke.Class} {invoke.IdempotencyKey} {invoke.Timeout} {invoke.Seed}",
        StartChild child => $"{child.Id} {child.Child} {child.Inputs.GetRawText()} {child.Budget}",
        _ => order.ToString(),
    };
}
