using System.Text;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Runs;

/// <summary>How a child run tells its parent that it is over: an inbox row written with its own last events.</summary>
internal static class Children
{
    internal static InboxItem Report(ParentRun parent, RunState child)
    {
        var end = child.End!;
        var outcome = end.Status == RunStatus.Succeeded
            ? StructuredOutcome.Succeeded(end.Result ?? Json.Null, child.Spent)
            : StructuredOutcome.Failed(
                FailureCatalog.Fail("CHILD_FAILED", $"The child run {child.Start!.Run} ended {end.Status.Wire()}: {end.Failure?.Code} {end.Failure?.Message}"), child.Spent);
        var body = Json.Write(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("effect", parent.Effect.ToString());
            writer.WritePropertyName("outcome");
            JsonSerializer.Serialize(writer, outcome, JournalJson.Default.StructuredOutcome);
            writer.WriteEndObject();
        });
        return new InboxItem(parent.Run, $"child:{parent.Effect}:{child.Attempt}", "outcome", Encoding.UTF8.GetBytes(body.GetRawText()));
    }

    internal static RunCommand? Read(InboxItem item)
    {
        if (item.Kind != "outcome") return null;
        var body = Json.Parse(item.Body.Span);
        return EffectId.TryParse(body.GetText("effect"), out var effect)
            ? new RecordOutcome(effect, body.GetProperty("outcome").Deserialize(JournalJson.Default.StructuredOutcome)!)
            : null;
    }
}
