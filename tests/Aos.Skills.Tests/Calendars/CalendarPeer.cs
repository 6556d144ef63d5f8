using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Aos.Skills.Tests;

/// <summary>A CalDAV server of this machine with one calendar, which keeps resources, their versions and the conditions of requests.</summary>
internal sealed class CalendarPeer : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, (string Text, int Version)> kept = new(StringComparer.Ordinal);
    private Peer peer = null!;

    /// <summary>Method, path and condition of each request.</summary>
    internal ConcurrentQueue<string> Asked { get; } = new();

    /// <summary>What it answers to a request instead; null: as a good server does.</summary>
    internal Func<HttpContext, IResult?> Answers { get; set; } = _ => null;

    /// <summary>Called after it has written and before it answers.</summary>
    internal Action<HttpContext> Written { get; set; } = _ => { };

    internal string Origin => peer.Origin;

    internal string Authority => peer.Authority;

    /// <summary>The only event that it keeps.</summary>
    internal string Event => Assert.Single(kept).Value.Text;

    internal int Count => kept.Count;

    internal static async Task<CalendarPeer> StartAsync()
    {
        var made = new CalendarPeer();
        made.peer = await Peer.StartAsync(app =>
        {
            app.MapMethods("/dav/team/{name}", ["PUT", "GET", "DELETE"], (string name, HttpContext context) => made.ServeAsync(name, context));
            app.MapMethods("/{**rest}", ["PUT", "GET", "DELETE"], () => Results.StatusCode(409));
        });
        return made;
    }

    public ValueTask DisposeAsync() => peer.DisposeAsync();

    internal void Put(string name, string text) => kept[name] = (text, 100);

    private async Task<IResult> ServeAsync(string name, HttpContext context)
    {
        var (none, match) = (context.Request.Headers.IfNoneMatch.ToString(), context.Request.Headers.IfMatch.ToString());
        Asked.Enqueue($"{context.Request.Method} {name}{(none.Length > 0 ? $" if none {none}" : "")}{(match.Length > 0 ? $" if {match}" : "")}");
        if (context.Request.Headers.Authorization != "Bearer sesame") return Results.StatusCode(401);
        if (Answers(context) is { } answer) return answer;
        var isThere = kept.TryGetValue(name, out var old);
        if ((none == "*" && isThere) || (match.Length > 0 && (!isThere || (match != "*" && match != $"\"{old.Version}\"")))) return Results.StatusCode(412);
        switch (context.Request.Method)
        {
            case "PUT":
                if (context.Request.ContentType != "text/calendar; charset=utf-8") return Results.StatusCode(415);
                kept[name] = (await Peer.BodyAsync(context), old.Version + 1);
                Written(context);
                context.Response.Headers.ETag = $"\"{old.Version + 1}\"";
                return Results.StatusCode(isThere ? 204 : 201);
            case "DELETE":
                return Results.StatusCode(kept.TryRemove(name, out _) ? 204 : 404);
            default:
                if (!isThere) return Results.NotFound();
                context.Response.Headers.ETag = $"\"{old.Version}\"";
                return Results.Text(old.Text, "text/calendar");
        }
    }
}
