using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary><c>/api/v1/memory/notes</c> and <c>/api/v1/memory/search</c>: what agents remember; and how far its vectors are.</summary>
internal static class RecallRoutes
{
    internal static void MapRecall(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/api/v1/memory/notes", AddAsync);
        routes.MapGet("/api/v1/memory/notes", ListAsync);
        routes.MapDelete("/api/v1/memory/notes", ForgetAsync);
        routes.MapGet("/api/v1/memory/notes/{id}", ReadAsync);
        routes.MapDelete("/api/v1/memory/notes/{id}", DeleteAsync);
        routes.MapGet("/api/v1/memory/search", GetSearchAsync);
        routes.MapPost("/api/v1/memory/search", PostSearchAsync);
        routes.MapGet("/api/v1/memory/backfill", ProgressAsync);
        routes.MapGet("/api/v1/embedding/quota", QuotaAsync);
    }

    [Needs("memory:write")]
    private static async Task AddAsync(HttpContext context)
    {
        var body = await context.ObjectBodyAsync();
        context.RefuseOtherTenant(body.TextOf("tenant_id"));
        var (made, refusal) = await Recall(context).AddAsync(context.Caller(), RecallQuery.Wish(body), context.RequestAborted);
        if (refusal is not null) throw new RefusedException(refusal, refusal.Code == "INVALID_INPUT" ? 422 : null);
        if (made!.IsNew) context.Changed(null, Known(made.Note));
        await context.ReplyAsync(
            writer =>
            {
                writer.WriteStartObject();
                RecallWire.WriteNote(writer, made.Note);
                writer.WriteBoolean("existing", !made.IsNew);
                writer.WriteEndObject();
            },
            made.IsNew ? 201 : 200);
    }

    [Needs("memory:read")]
    private static async Task ListAsync(HttpContext context)
    {
        context.RefuseOtherTenant(context.Text("tenant_id"));
        var limit = context.Whole("limit", 1, 1_000, 100);
        Guid? before = context.Text("before") is { } text ? RecallQuery.Id("before", text) : null;
        var notes = await Recall(context).ListAsync(context.Caller(), RecallQuery.Filter(context), before, limit, context.RequestAborted);
        await context.ReplyAsync(writer =>
        {
            writer.WriteStartObject();
            writer.WriteStartArray("notes");
            foreach (var note in notes)
            {
                writer.WriteStartObject();
                RecallWire.WriteNote(writer, note);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteNumber("count", notes.Count);
            writer.WriteString("next_before", notes.Count == limit ? notes[^1].Id.ToString("D") : null);
            writer.WriteEndObject();
        });
    }

    [Needs("memory:read")]
    private static async Task ReadAsync(HttpContext context)
    {
        var note = Id(context) is { } id ? await Recall(context).FindAsync(context.Caller(), id, context.RequestAborted) : null;
        if (note is null) throw Unknown();
        await context.ReplyAsync(writer => Write(writer, note));
    }

    [Needs("memory:admin")]
    private static async Task DeleteAsync(HttpContext context)
    {
        var note = Id(context) is { } id ? await Recall(context).DeleteAsync(context.Caller(), id, context.RequestAborted) : null;
        if (note is null) throw Unknown();
        context.Changed(Known(note), null);
        await context.ReplyAsync(writer =>
        {
            writer.WriteStartObject();
            writer.WriteBoolean("deleted", true);
            writer.WriteString("id", note.Id.ToString("D"));
            writer.WriteEndObject();
        });
    }

    [Needs("memory:admin")]
    private static async Task ForgetAsync(HttpContext context)
    {
        context.RefuseOtherTenant(context.Text("tenant_id"));
        var wish = new ForgetWish(context.Text("agent_id"), RecallQuery.Run(context.Text("run_id")), Asked.Time("before", context.Text("before")));
        if (wish is { Agent: null, Run: null, Before: null }) throw RefusedException.Wrong("Say what is to be forgotten: agent_id, run_id or before. What is given holds together.");
        var count = await Recall(context).ForgetAsync(context.Caller(), wish, context.RequestAborted);
        await context.ReplyAsync(writer =>
        {
            writer.WriteStartObject();
            writer.WriteNumber("deleted_count", count);
            writer.WriteEndObject();
        });
    }

    [Needs("memory:read", ChangesNothing = true)]
    private static async Task PostSearchAsync(HttpContext context) => await SearchAsync(context, RecallQuery.OfBody(await context.ObjectBodyAsync()));

    [Needs("memory:read")]
    private static Task GetSearchAsync(HttpContext context) => SearchAsync(context, RecallQuery.OfQuery(context));

    private static async Task SearchAsync(HttpContext context, (RecallQuestion Question, bool Explains, string? Tenant) asked)
    {
        context.RefuseOtherTenant(asked.Tenant);
        var reply = await Recall(context).SearchAsync(context.Caller(), asked.Question, context.RequestAborted);
        await context.ReplyAsync(writer => RecallWire.Write(writer, reply, asked.Explains));
    }

    [Needs("memory:read")]
    private static async Task ProgressAsync(HttpContext context)
    {
        var progress = await Recall(context).ProgressAsync(context.Caller(), context.RequestAborted);
        await context.ReplyAsync(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("model", progress.Model ?? HashEmbedding.Name);
            writer.WriteNumber("notes", progress.Notes);
            writer.WriteNumber("done", progress.Model is null ? progress.Notes : progress.Done);
            writer.WriteNumber("pending", progress.Pending);
            writer.WriteNumber("failed", progress.Dead);
            writer.WriteString("last_error", progress.LastError);
            writer.WriteEndObject();
        });
    }

    [Needs("memory:read")]
    private static async Task QuotaAsync(HttpContext context)
    {
        var allowance = await Recall(context).AllowanceAsync(context.Caller(), context.RequestAborted);
        await context.ReplyAsync(writer =>
        {
            writer.WriteStartObject();
            writer.WriteNumber("daily_quota", allowance.Daily);
            writer.WriteNumber("current_count", allowance.Used);
            writer.WriteNumber("remaining", allowance.Remaining);
            writer.WriteBoolean("exceeded", allowance.IsExceeded);
            writer.WriteString("reset_at", allowance.ResetsAt.UtcDateTime);
            writer.WriteEndObject();
        });
    }

    private static IRecall Recall(HttpContext context) => context.RequestServices.GetRequiredService<IRecall>();

    /// <summary>Null: no note can have it.</summary>
    private static Guid? Id(HttpContext context) => Guid.TryParseExact((string?)context.Request.RouteValues["id"], "D", out var id) ? id : null;

    private static JsonElement Known(Note note) => Json.Write(writer => Write(writer, note));

    private static void Write(Utf8JsonWriter writer, Note note)
    {
        writer.WriteStartObject();
        RecallWire.WriteNote(writer, note);
        writer.WriteEndObject();
    }

    private static RefusedException Unknown() => new(FailureCatalog.Fail("NOT_FOUND", "There is no such note in the memory; aos memory notes list shows them."));
}
