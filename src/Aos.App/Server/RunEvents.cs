using System.Globalization;
using System.Text;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary>
/// A run's events, live, as server-sent events: <c>id</c> is the number of the event, <c>event</c> its kind, <c>data</c> its
/// body with secrets hidden. <c>Last-Event-ID</c> (or <c>?after=</c>) goes on after that event. A comment line keeps the
/// connection alive. The stream ends with the run, or with <c>?follow=false</c> at the newest event there is; who asks again after the end gets 204, and stops.
/// Between the events stands what models write while they write it: <c>event: delta</c>, without an <c>id</c>, on the node that asks the model; <c>?deltas=false</c>
/// leaves it out.
/// </summary>
internal static class RunEvents
{
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    [Needs("run:read", OpenInDevelopment = true)]
    internal static async Task FollowAsync(HttpContext context)
    {
        var runs = context.RequestServices.GetRequiredService<IRuns>();
        var id = RunRoutes.Id(context);
        var state = await runs.ReadAsync(context.Caller(), id, context.RequestAborted) ?? throw RunRoutes.Unknown(context);
        var after = After(context);
        var last = context.Request.Query["follow"] is ["false"] ? state.Seq : int.MaxValue;
        if (after >= last || (state.Status.IsOver() && after >= state.Seq))
        {
            context.Response.StatusCode = 204;
            return;
        }

        context.Response.ContentType = "text/event-stream";
        context.Response.Headers.CacheControl = "no-cache";
        var clock = context.RequestServices.GetRequiredService<TimeProvider>();
        var journaled = runs.FollowAsync(context.Caller(), id, after, context.RequestAborted);
        using var watch = last == int.MaxValue && context.Request.Query["deltas"] is not ["false"] ? context.RequestServices.GetService<IDeltas>()?.Watch(context.Caller().Tenant, id) : null;
        var all = watch is null ? LiveEvents.OfAsync(journaled, context.RequestAborted) : LiveEvents.WithAsync(journaled, after, watch, context.RequestAborted);
        await using var events = all.GetAsyncEnumerator(context.RequestAborted);
        while (await NextAsync(context, events, clock))
        {
            await WriteAsync(context, events.Current);
            if (events.Current.Entry?.Seq >= last) return;
        }
    }

    /// <summary>Waits for the next event; says something every now and then while nothing happens.</summary>
    private static async Task<bool> NextAsync(HttpContext context, IAsyncEnumerator<LiveEvent> events, TimeProvider clock)
    {
        var next = events.MoveNextAsync();
        if (next.IsCompleted) return await next;
        await context.Response.Body.FlushAsync(context.RequestAborted);
        var task = next.AsTask();
        try
        {
            while (true)
            {
                try
                {
                    return await task.WaitAsync(Heartbeat, clock, context.RequestAborted);
                }
                catch (TimeoutException)
                {
                    await context.Response.WriteAsync(": still here\n\n", context.RequestAborted);
                    await context.Response.Body.FlushAsync(context.RequestAborted);
                }
            }
        }
        finally
        {
            // The reader may only be closed when it is no longer reading.
            await ((Task)task).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static Task WriteAsync(HttpContext context, LiveEvent live)
    {
        var text = live.Entry is { } entry
            ? $"id: {entry.Seq}\nevent: {entry.Kind}\ndata: {Redactor.Redact(Json.Parse(entry.Body.Span)).GetRawText()}\n\n"
            : $"event: {LiveEvents.Kind}\ndata: {LiveEvents.Body(live.Delta!).GetRawText()}\n\n";
        return context.Response.WriteAsync(text, Encoding.UTF8, context.RequestAborted);
    }

    private static int After(HttpContext context)
    {
        if (context.Request.Headers["Last-Event-ID"] is not [{ Length: > 0 } last]) return context.Whole("after", 0, int.MaxValue, 0);
        return int.TryParse(last, NumberStyles.None, CultureInfo.InvariantCulture, out var seq)
            ? seq
            : throw RefusedException.Wrong("Last-Event-ID is the number of an event.");
    }
}
