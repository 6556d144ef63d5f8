using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Runs;

/// <summary>
/// Commands for a run as they travel by its inbox to the node that drives it, and what the run replies. Nodes of two builds
/// share a store, so the form is frozen: a change of it is a new order.
/// </summary>
internal static class CommandCodec
{
    /// <summary>Kind of the inbox item.</summary>
    internal const string Kind = "command";

    internal static byte[] Write(TenantId tenant, RunCommand command) => Bytes(w =>
    {
        w.WriteStartObject();
        w.WriteString("tenant"u8, tenant.Value);
        switch (command)
        {
            case CancelRun cancel: Reasoned(w, "cancel"u8, cancel.Reason); break;
            case StopRun stop:
                w.WriteString("order"u8, "stop"u8);
                EventWriter.Failure(w, "why"u8, stop.Why);
                break;
            case PauseRun pause: Reasoned(w, "pause"u8, pause.Reason); break;
            case ResumeRun resume: Reasoned(w, resume.OfBudget ? "resume_of_budget"u8 : "resume"u8, resume.Reason); break;
            case RetryRun retry:
                Reasoned(w, retry.Budget is null ? "retry"u8 : "retry_with_budget"u8, retry.Reason);
                if (retry.Queued) w.WriteBoolean("queued"u8, true);
                if (retry.Of is { } attempt) w.WriteNumber("of"u8, attempt);
                if (retry.Suggestion is { } suggestion) w.WriteString("suggestion"u8, suggestion);
                if (retry.Budget is { } budget) w.WriteNumber("budget_micros"u8, budget.ToMicros());
                break;
            case SignalRun signal: Signal(w, signal); break;
            case ResolveStep resolve: Resolve(w, resolve); break;
            case DecideApproval decide: Decide(w, decide); break;
            default: throw new InvariantBrokenException($"{command.GetType().Name} is no command that people give.");
        }

        w.WriteEndObject();
    });

    /// <summary>The command, or why it cannot be carried out. Never throws: a bad item must not stop its run.</summary>
    /// <param name="tenant">Whose run it is.</param>
    internal static (RunCommand? Command, Failure? Refusal) Read(InboxItem item, TenantId tenant)
    {
        try
        {
            var data = Json.ParseWrapped(item.Body.Span);
            if (Text(data, "tenant") != tenant.Value) return (null, FailureCatalog.Fail("RUN_NOT_FOUND", $"There is no run {item.Run}."));
            RunCommand? command = Text(data, "order") switch
            {
                "cancel" => new CancelRun(Text(data, "reason")),
                "stop" => new StopRun(EventReader.Failure(data.GetProperty("why"))!),
                "pause" => new PauseRun(Text(data, "reason")),
                "resume" => new ResumeRun(Text(data, "reason")),
                "resume_of_budget" => new ResumeRun(Text(data, "reason")) { OfBudget = true },
                "retry" or "retry_with_budget" => Retry(data),
                "signal" => new SignalRun(Text(data, "id"), Text(data, "name"), data.GetProperty("payload")),
                "resolve" => new ResolveStep(Text(data, "step"), data.GetProperty("item").GetInt32(), Enum.Parse<ResolveVerdict>(Text(data, "verdict")), data.GetProperty("result")),
                "decide" => new DecideApproval(
                    Text(data, "id"), Text(data, "step"), data.GetProperty("item").GetInt32(), data.GetProperty("approved").GetBoolean(), Text(data, "by"), data.GetText("note"),
                    data.GetProperty("level").GetInt32()),
                _ => null,
            };
            return command is null
                ? (null, FailureCatalog.Fail("NOT_AVAILABLE", $"The node that drives run {item.Run} is of an older build and does not know this command."))
                : (command, null);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or FormatException or ArgumentException or InvalidOperationException)
        {
            return (null, FailureCatalog.Fail("INVALID_INPUT", $"The command {item.Id} for run {item.Run} cannot be read: {e.Message}"));
        }
    }

    /// <summary>What the run replies to item <paramref name="item"/>.</summary>
    /// <param name="seq">Number of the run's last event after the decision.</param>
    internal static InboxAnswer Answer(long item, Failure? refusal, int seq) => new(item, Bytes(w =>
    {
        w.WriteStartObject();
        if (refusal is not null) EventWriter.Failure(w, "refused"u8, refusal);
        w.WriteNumber("seq"u8, seq);
        w.WriteEndObject();
    }));

    internal static (Failure? Refusal, int Seq) Read(InboxAnswer answer)
    {
        var data = Json.ParseWrapped(answer.Body.Span);
        return (EventReader.Failure(data.Get("refused")), data.GetProperty("seq").GetInt32());
    }

    private static RetryRun Retry(JsonElement data) => new(Text(data, "reason"))
    {
        Queued = data.Get("queued")?.GetBoolean() ?? false, Of = data.Get("of")?.GetInt32(), Suggestion = data.Get("suggestion")?.GetGuid(),
        Budget = data.Get("budget_micros") is { } budget ? Cents.FromMicros(budget.GetInt64()) : null,
    };

    private static byte[] Bytes(Action<Utf8JsonWriter> write) => Json.Write(write).Raw().ToArray();

    private static void Reasoned(Utf8JsonWriter w, ReadOnlySpan<byte> order, string reason)
    {
        w.WriteString("order"u8, order);
        w.WriteString("reason"u8, reason);
    }

    private static void Signal(Utf8JsonWriter w, SignalRun signal)
    {
        w.WriteString("order"u8, "signal"u8);
        w.WriteString("id"u8, signal.Id);
        w.WriteString("name"u8, signal.Name);
        w.WritePropertyName("payload"u8);
        signal.Payload.WriteTo(w);
    }

    private static void Resolve(Utf8JsonWriter w, ResolveStep resolve)
    {
        w.WriteString("order"u8, "resolve"u8);
        w.WriteString("step"u8, resolve.StepId);
        w.WriteNumber("item"u8, resolve.Item);
        w.WriteString("verdict"u8, resolve.Verdict.ToString());
        w.WritePropertyName("result"u8);
        resolve.Result.WriteTo(w);
    }

    private static void Decide(Utf8JsonWriter w, DecideApproval decide)
    {
        w.WriteString("order"u8, "decide"u8);
        w.WriteString("id"u8, decide.Id);
        w.WriteString("step"u8, decide.StepId);
        w.WriteNumber("item"u8, decide.Item);
        w.WriteBoolean("approved"u8, decide.Approved);
        w.WriteString("by"u8, decide.By);
        if (decide.Note is { } note) w.WriteString("note"u8, note);
        w.WriteNumber("level"u8, decide.Level);
    }

    private static string Text(JsonElement data, string name) => data.GetProperty(name).GetString() ?? throw new JsonException($"{name} is null.");
}
