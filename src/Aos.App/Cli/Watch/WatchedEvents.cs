using System.Globalization;
using System.Text.Json;
using Aos.Kernel;

namespace Aos.App.Cli.Watch;

/// <summary>What events say of steps.</summary>
internal static class WatchedEvents
{
    internal static WatchChange? Apply(WatchedRun run, WatchedStep step, string kind, JsonElement data, DateTimeOffset at)
    {
        switch (kind)
        {
            case "step.started.v1":
                return Started(step, data, at);
            case "items.listed.v1":
                step.Begin(at);
                step.Items = data.Get("items")?.GetArrayLength() ?? 0;
                return new WatchChange(step, $"0/{step.Items}");
            case "call.succeeded.v1":
                return Succeeded(step, data, at);
            case "call.failed.v1":
                return Failed(step, data, at);
            case "call.unknown.v1":
                (step.Status, step.Wait) = ("waiting", new WatchedWait("somebody to say whether it happened", null, data.GetText("why"), $"aos runs resolve {run.Id} {step.Id} done|not_done|abort"));
                return new WatchChange(step, $"OUTCOME_UNKNOWN: {data.GetText("why")}") { Answer = step.Wait.Answer };
            case "call.resolved.v1":
                return Resolved(step, data, at);
            case "wait.started.v1":
                return Waits(run, step, data, at);
            case "approval.decided.v1":
                step.Wait = null;
                return new WatchChange(step, $"{(data.Get("approved") is { ValueKind: JsonValueKind.True } ? "approved" : "rejected")} by {data.GetText("by")}");
            case "memory.read.v1":
                return new WatchChange(step, $"read {WatchText.Many(data.Get("entries")?.GetArrayLength() ?? 0, "entry", "entries")} of memory");
            case "step.taken.v1":
                step.StartedAt = WatchedRun.Time(data, "started_at");
                step.End("taken over", WatchedRun.Time(data, "ended_at") ?? at);
                return null;
            case "step.ended.v1":
                return Ended(step, data, at);
            default:
                return null;
        }
    }

    private static WatchChange Started(WatchedStep step, JsonElement data, DateTimeOffset at)
    {
        step.Begin(at);
        if (step.TurnsMax == 0) return new WatchChange(step, step.Items is null ? "started" : $"{Item(data) + 1} of {step.Items} started");
        var isTurn = data.Get("turn") is { ValueKind: JsonValueKind.Number };
        if (isTurn) step.Rounds = data.Get("turn")!.Value.GetInt32();
        else step.Tools++;
        var name = isTurn ? $"turn {step.Rounds}" : data.GetText("skill") ?? "a tool";
        step.Call(Item(data), name, "running");
        return new WatchChange(step, isTurn ? $"{name} of {step.TurnsMax}" : $"calls {name}");
    }

    private static WatchChange Succeeded(WatchedStep step, JsonElement data, DateTimeOffset at)
    {
        var cost = Pay(step, data, at);
        step.InputHash = data.GetText("input_hash");
        if (IsUndoing(data))
        {
            step.End("compensated", at);
            return new WatchChange(step, "undone") { IsEnd = true };
        }

        if (step.Items is not null)
        {
            step.ItemsDone++;
            return new WatchChange(step, WatchText.Items(step));
        }

        if (step.TurnsMax > 0)
        {
            var name = step.Calls.TryGetValue(Item(data), out var call) ? call.Name : "a call";
            step.Call(Item(data), name, "succeeded");
            return new WatchChange(step, $"{name} done{WatchText.And(cost)}");
        }

        if (step.Repeats)
        {
            step.Rounds++;
            return new WatchChange(step, $"round {step.Rounds} done");
        }

        step.End("succeeded", at);
        return new WatchChange(step, WatchText.Outcome(step, at)) { IsEnd = true };
    }

    private static WatchChange Failed(WatchedStep step, JsonElement data, DateTimeOffset at)
    {
        Pay(step, data, at);
        step.InputHash ??= data.GetText("input_hash");
        var failure = data.Get("outcome")?.Get("failure");
        var why = $"{failure?.GetText("code")}: {failure?.GetText("message")}";
        if (WatchedRun.Time(data, "retry_at") is { } again)
        {
            step.Retries++;
            step.RetryAt = again;
            return new WatchChange(step, $"{why} Again {WatchText.At(again)}");
        }

        if (step.TurnsMax > 0 && step.Calls.TryGetValue(Item(data), out var call)) step.Call(Item(data), call.Name, "failed");
        if (step.Items is not null) step.ItemsFailed++;
        else step.Why = why;
        return new WatchChange(step, step.Items is null ? why : $"{WatchText.Items(step)}: {why}");
    }

    private static WatchChange Resolved(WatchedStep step, JsonElement data, DateTimeOffset at)
    {
        var verdict = data.GetText("verdict") ?? "";
        step.Wait = null;
        if (verdict == "Done" && !IsUndoing(data) && step is { Items: null, TurnsMax: 0, Repeats: false }) step.End("succeeded", at);
        else step.Status = "running";
        return new WatchChange(step, $"resolved: {verdict switch { "Done" => "done", "NotDone" => "not done", _ => "given up" }}");
    }

    private static WatchChange Waits(WatchedRun run, WatchedStep step, JsonElement data, DateTimeOffset at)
    {
        step.StartedAt ??= at;
        step.Status = "waiting";
        step.Wait = WaitOf(run, step, data);
        if (data.GetText("child") is { } child) step.Child = new WatchedRun(child);
        var message = step.Wait.Message is { } said ? $": {said}" : "";
        return new WatchChange(step, $"waits for {step.Wait.For}{(step.Wait.Until is { } until ? $" until {WatchText.At(until)}" : "")}{message}") { Answer = step.Wait.Answer };
    }

    private static WatchedWait WaitOf(WatchedRun run, WatchedStep step, JsonElement data)
    {
        var until = WatchedRun.Time(data, "until");
        switch (data.GetText("for"))
        {
            case "Signal":
                return new WatchedWait($"signal {data.GetText("signal")}", until, null, $"aos runs signal {run.Id} {data.GetText("signal")}");
            case "Approval":
                var call = Item(data) >= 0 ? string.Create(CultureInfo.InvariantCulture, $" --call {Item(data)}") : "";
                return new WatchedWait(call.Length > 0 ? "approval of a call" : "approval", until, data.GetText("message"), $"aos runs approve {run.Id} {step.Id}{call}");
            case "Child":
                return new WatchedWait($"run {data.GetText("child")}", until, null, null);
            case "Repeat":
                return new WatchedWait("its next round", until, null, null);
            default:
                return new WatchedWait("the time", until, null, null);
        }
    }

    private static WatchChange? Ended(WatchedStep step, JsonElement data, DateTimeOffset at)
    {
        var status = data.GetText("status")?.ToLowerInvariant() ?? "";
        if (data.Get("failure") is { } failure) step.Why = $"{failure.GetText("code")}: {failure.GetText("message")}";
        if (status == "failed" && data.Get("fallback") is { ValueKind: JsonValueKind.Number })
        {
            step.Status = "running";
            return new WatchChange(step, $"{step.Why} Its fallback stands in");
        }

        step.End(status, at);
        return new WatchChange(step, WatchText.Outcome(step, at)) { IsEnd = true };
    }

    /// <summary>What the call cost; its time counts from its start, of a call that was put on record only afterwards from its latency.</summary>
    private static decimal Pay(WatchedStep step, JsonElement data, DateTimeOffset at)
    {
        var outcome = data.Get("outcome");
        var latency = outcome?.Get("latency_ticks") is { ValueKind: JsonValueKind.Number } ticks && ticks.TryGetInt64(out var length) ? TimeSpan.FromTicks(length) : TimeSpan.Zero;
        step.StartedAt ??= at - latency;
        if (step.Status is "pending" or "waiting") step.Status = "running";
        (step.Wait, step.RetryAt) = (null, null);
        var cost = outcome is { } paid ? WatchedRun.Number(paid, "cost") ?? 0 : 0;
        step.Cost += cost;
        return cost;
    }

    private static bool IsUndoing(JsonElement data) => EffectId.TryParse(data.GetText("effect"), out var effect) && effect.Compensation;

    private static int Item(JsonElement data) => EffectId.TryParse(data.GetText("effect"), out var effect) ? effect.Item
        : data.Get("item") is { ValueKind: JsonValueKind.Number } item && item.TryGetInt32(out var at) ? at : -1;
}
