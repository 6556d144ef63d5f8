using System.Runtime.CompilerServices;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary>An event of a run, or, between two of them, a piece of what a model writes.</summary>
/// <param name="Entry">Null: it is a piece.</param>
/// <param name="Delta">Null: it is an event.</param>
internal readonly record struct LiveEvent(JournalEntry? Entry, TextDelta? Delta);

/// <summary>Puts what models write between the events of a run, where it was written.</summary>
internal static class LiveEvents
{
    /// <summary>What a piece is called among the kinds of events. It has no number, and is in no journal.</summary>
    internal const string Kind = "delta";

    /// <summary>Events one by one; a piece as soon as it comes, but after the events that were there before it, and before those that came after.</summary>
    internal static async IAsyncEnumerable<LiveEvent> WithAsync(IAsyncEnumerable<JournalEntry> events, int after, IDeltaWatch watch, [EnumeratorCancellation] CancellationToken cancel)
    {
        await using var entries = events.GetAsyncEnumerator(cancel);
        var next = entries.MoveNextAsync().AsTask();
        var more = watch.Deltas.WaitToReadAsync(cancel).AsTask();
        try
        {
            while (true)
            {
                cancel.ThrowIfCancellationRequested();
                while (watch.Deltas.TryPeek(out var delta) && delta.After <= after && watch.Deltas.TryRead(out delta)) yield return new LiveEvent(null, delta);
                var isAhead = watch.Deltas.TryPeek(out _);
                if (more.IsCompleted && !isAhead) more = watch.Deltas.WaitToReadAsync(cancel).AsTask();
                await (next.IsCompleted || isAhead ? (Task)next : Task.WhenAny(next, more));
                if (!next.IsCompleted) continue;
                // What was written before this event was told before it was there.
                while (watch.Deltas.TryPeek(out var delta) && delta.After <= after && watch.Deltas.TryRead(out delta)) yield return new LiveEvent(null, delta);
                if (!await next) yield break;
                after = entries.Current.Seq;
                yield return new LiveEvent(entries.Current, null);
                next = entries.MoveNextAsync().AsTask();
            }
        }
        finally
        {
            // The reader may only be closed when it is no longer reading.
            await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Events alone, in the same form.</summary>
    internal static async IAsyncEnumerable<LiveEvent> OfAsync(IAsyncEnumerable<JournalEntry> events, [EnumeratorCancellation] CancellationToken cancel)
    {
        await foreach (var entry in events.WithCancellation(cancel)) yield return new LiveEvent(entry, null);
    }

    internal static JsonElement Body(TextDelta delta) => Json.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("step_id", delta.StepId);
        if (delta.Effect is { } effect) writer.WriteString("effect", effect.ToString());
        writer.WriteString("provider", delta.Provider);
        writer.WriteNumber("n", delta.Number);
        writer.WriteString("text", delta.Text);
        writer.WriteEndObject();
    });
}
