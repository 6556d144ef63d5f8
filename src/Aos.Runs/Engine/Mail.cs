using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Runs;

/// <summary>Outcomes that reach a run by its inbox: of child runs, written with the child's own last events, and late ones.</summary>
internal static class Mail
{
    /// <summary>What an ended run tells others, in the very append that ends it: its parent what came of it, its children that they are called off.</summary>
    internal static IReadOnlyList<InboxItem> OfEnd(RunState over)
    {
        var start = over.Start!;
        // What a switch ended, it ended with all below.
        RunCommand off = over.End!.Failure is { Code: "EMERGENCY_STOP" } stop ? new StopRun(stop) : new CancelRun($"run {start.Run} is over");
        var calledOff = RunMachine.Unsettled(over).Select(child => new InboxItem(
            child.Run, string.Create(CultureInfo.InvariantCulture, $"parent:{over.Attempt}"), CommandCodec.Kind, CommandCodec.Write(start.Tenant, off)));
        return start.Parent is { } parent ? [Report(parent, over), .. calledOff] : [.. calledOff];
    }

    /// <summary>A child that its run ended before it could begin: it spent nothing.</summary>
    internal static RecordOutcome NeverBegan(UnsettledChild child) =>
        new(child.Effect, StructuredOutcome.Failed(FailureCatalog.Fail("CHILD_FAILED", $"The child run {child.Run} never began.")));

    internal static InboxItem Report(ParentRun parent, RunState child)
    {
        var end = child.End!;
        var outcome = end.Status == RunStatus.Succeeded
            ? StructuredOutcome.Succeeded(end.Result ?? Json.Null, child.Spent)
            : StructuredOutcome.Failed(
                FailureCatalog.Fail("CHILD_FAILED", $"The child run {child.Start!.Run} ended {end.Status.Wire()}: {end.Failure?.Code} {end.Failure?.Message}"), child.Spent);
        return new InboxItem(parent.Run, $"child:{parent.Effect}:{child.Attempt}", "outcome", Write(parent.Effect, outcome));
    }

    /// <summary>What a webhook is told of the end of an attempt. Its id follows from run and attempt, so that a repeat is seen as one.</summary>
    internal static OutboxItem Notice(string url, RunState over)
    {
        var (start, end) = (over.Start!, over.End!);
        var id = new Guid(SHA256.HashData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"ended:{start.Run}:{over.Attempt}"))).AsSpan(0, 16), bigEndian: true);
        var body = Json.Write(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("event", "run.ended");
            writer.WriteString("run_id", start.Run.ToString());
            writer.WriteString("agent_id", start.AgentId);
            writer.WriteString("status", end.Status.Wire());
            writer.WriteNumber("attempt", over.Attempt);
            writer.WriteString("ended_at", end.At);
            writer.WriteNumber("cost_cents", over.Spent.Value);
            if (end.Failure is { } failure)
            {
                writer.WriteString("code", failure.Code);
                writer.WriteString("message", failure.Message);
            }

            writer.WriteString("root_hash", end.RootHash);
            writer.WriteEndObject();
        });
        return new OutboxItem(id, start.Tenant, start.Run, url, "webhook", Encoding.UTF8.GetBytes(body.GetRawText()));
    }

    internal static byte[] Write(EffectId effect, StructuredOutcome outcome) => Encoding.UTF8.GetBytes(Json.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("effect", effect.ToString());
        writer.WritePropertyName("outcome");
        EventWriter.Outcome(writer, outcome);
        writer.WriteEndObject();
    }).GetRawText());

    /// <summary>An item as the run of <paramref name="tenant"/> decides it.</summary>
    internal static Letter Letter(InboxItem item, TenantId tenant)
    {
        if (item.Kind != CommandCodec.Kind) return new Letter(Read(item), item.Seq, null);
        var (command, refusal) = CommandCodec.Read(item, tenant);
        return new Letter(command ?? new WakeRun(), item.Seq, null) { IsAsked = true, Refusal = refusal };
    }

    /// <summary>
    /// A failure of an idempotent call that comes by mail is the word of an earlier driver about its own call. Whoever drives the run
    /// now has made the call again under the same key, and only what comes of that says that nothing happened.
    /// </summary>
    internal static bool IsMoot(RunState state, RunCommand command)
    {
        if (command is not RecordOutcome { Outcome.Failure: not null, Effect: var effect } || effect.Step < 0 || effect.Step >= state.Steps.Length) return false;
        var step = state.Steps[effect.Step];
        var at = Math.Max(effect.Item, 0);
        var call = effect.Compensation ? step.Compensation : at < step.Calls.Length ? step.Calls[at] : null;
        return call?.Started?.Class == EffectClass.Idempotent;
    }

    /// <summary>What is no outcome only wakes the run, so that it is marked as read and does not keep the run in memory.</summary>
    private static RunCommand Read(InboxItem item)
    {
        if (item.Kind != "outcome") return new WakeRun();
        var body = Json.ParseWrapped(item.Body.Span);
        return EffectId.TryParse(body.GetText("effect"), out var effect)
            ? new RecordOutcome(effect, EventReader.Outcome(body.GetProperty("outcome")))
            : new WakeRun();
    }
}
