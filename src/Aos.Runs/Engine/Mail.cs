using System.Text;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Runs;

/// <summary>Outcomes that reach a run by its inbox: of child runs, written with the child's own last events, and late ones.</summary>
internal static class Mail
{
    internal static InboxItem Report(ParentRun parent, RunState child)
    {
        var end = child.End!;
        var outcome = end.Status == RunStatus.Succeeded
            ? StructuredOutcome.Succeeded(end.Result ?? Json.Null, child.Spent)
            : StructuredOutcome.Failed(
                FailureCatalog.Fail("CHILD_FAILED", $"The child run {child.Start!.Run} ended {end.Status.Wire()}: {end.Failure?.Code} {end.Failure?.Message}"), child.Spent);
        return new InboxItem(parent.Run, $"child:{parent.Effect}:{child.Attempt}", "outcome", Write(parent.Effect, outcome));
    }

    internal static byte[] Write(EffectId effect, StructuredOutcome outcome) => Encoding.UTF8.GetBytes(Json.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("effect", effect.ToString());
        writer.WritePropertyName("outcome");
        EventWriter.Outcome(writer, outcome);
        writer.WriteEndObject();
    }).GetRawText());

    /// <summary>What is no outcome only wakes the run, so that it is marked as read and does not keep the run in memory.</summary>
    internal static RunCommand Read(InboxItem item)
    {
        if (item.Kind != "outcome") return new WakeRun();
        var body = Json.ParseWrapped(item.Body.Span);
        return EffectId.TryParse(body.GetText("effect"), out var effect)
            ? new RecordOutcome(effect, EventReader.Outcome(body.GetProperty("outcome")))
            : new WakeRun();
    }
}
