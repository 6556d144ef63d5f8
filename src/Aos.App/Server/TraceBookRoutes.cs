using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary><c>/api/v1/traces</c>: the traces of runs and those that clients stored.</summary>
internal static class TraceBookRoutes
{
    private const int PageMax = 1_000;
    private const int OffsetMax = 10_000;
    private const int DaysMax = 365;
    private const int KeyChars = 255;

    internal static void MapTraceBook(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/v1/traces", ListAsync);
        routes.MapPost("/api/v1/traces", StoreAsync);
        routes.MapGet("/api/v1/traces/{id}", ReadAsync);
        routes.MapDelete("/api/v1/traces/{id}", DeleteAsync);
        routes.MapGet("/api/v1/traces/by-hash/{root_hash}", ByHashAsync);
        routes.MapGet("/api/v1/traces/compare/{first}/{second}", CompareAsync);
        routes.MapPost("/api/v1/traces/cleanup", CleanupAsync);
        routes.MapGet("/api/v1/traces/idempotency/{key}", KeyAsync);
    }

    [Needs("trace:read", OpenInDevelopment = true)]
    private static async Task ListAsync(HttpContext context)
    {
        ActFor(context, context.Text("tenant_id"));
        var filter = new TraceFilter(
            context.Text("agent_id"), context.Text("status"), context.Text("root_hash"), context.Text("plan_hash"), Seed(context.Text("seed")),
            Asked.Time("from_date", context.Text("from_date")), Asked.Time("to_date", context.Text("to_date")), Source(context.Text("source")),
            context.Whole("limit", 1, PageMax, 100), context.Whole("offset", 0, OffsetMax, 0));
        var (page, refusal) = await Book(context).ListAsync(context.Caller(), filter, context.RequestAborted);
        if (page is null) throw new RefusedException(refusal!);
        await context.ReplyAsync(writer =>
        {
            writer.WriteStartObject();
            writer.WriteStartArray("traces");
            foreach (var trace in page.Traces)
            {
                if (trace.Run is { } run) TraceWire.WriteSummary(writer, run);
                else StoredTraceWire.WriteSummary(writer, trace.Stored!);
            }

            writer.WriteEndArray();
            writer.WriteNumber("total", page.Total);
            writer.WriteNumber("limit", filter.Limit);
            writer.WriteNumber("offset", filter.Offset);
            writer.WriteEndObject();
        });
    }

    [Needs("trace:write", OpenInDevelopment = true)]
    private static async Task StoreAsync(HttpContext context)
    {
        var body = await context.ObjectBodyAsync();
        if (body.Get("trace") is not { ValueKind: JsonValueKind.Object } trace) throw RefusedException.Wrong("trace is an object: the trace to store.");
        var overwrite = body.Get("overwrite") switch
        {
            null or { ValueKind: JsonValueKind.False or JsonValueKind.Null } => false,
            { ValueKind: JsonValueKind.True } => true,
            _ => throw RefusedException.Wrong("overwrite is true or false."),
        };
        if (trace.GetText("tenant_id") is { } named && named != "default") context.RefuseOtherTenant(named);
        var key = context.Request.Headers["Idempotency-Key"] is [{ Length: > 0 } header] ? Asked.Storable("Idempotency-Key", header) : null;
        if (key is { Length: > KeyChars }) throw RefusedException.Wrong($"Idempotency-Key has 1 to {KeyChars} characters.");
        var (stored, refusal) = await Book(context).StoreAsync(context.Caller(), new TraceOrder(trace, overwrite, key), context.RequestAborted);
        if (stored is null) throw new RefusedException(refusal!);
        if (stored.IsRepeat) context.Response.Headers["Idempotency-Replayed"] = "true";
        else context.ChangedHash(Short(stored.Before), Short(stored.After));
        await context.ReplyAsync(
            writer =>
            {
                writer.WriteStartObject();
                writer.WriteString("trace_id", stored.Id);
                writer.WriteString("root_hash", stored.RootHash);
                writer.WriteBoolean("stored", true);
                writer.WriteEndObject();
            },
            201);
    }

    [Needs("trace:read", OpenInDevelopment = true)]
    private static async Task ReadAsync(HttpContext context)
    {
        var schema = context.Text("schema");
        if (schema is not (null or "1.1" or "1.1.0")) throw RefusedException.Wrong("schema is 1.1, or absent.");
        await ShowAsync(context, await Book(context).FindAsync(context.Caller(), Part(context, "id"), context.RequestAborted) ?? throw Unknown(Part(context, "id")), schema is not null);
    }

    [Needs("trace:read", OpenInDevelopment = true)]
    private static async Task ByHashAsync(HttpContext context)
    {
        var root = Part(context, "root_hash");
        var trace = await Book(context).FindByRootAsync(context.Caller(), root, context.RequestAborted)
            ?? throw new RefusedException(FailureCatalog.Fail("NOT_FOUND", $"There is no trace with the root hash {Asked.Short(root)}."));
        await ShowAsync(context, trace, false);
    }

    [Needs("trace:read", OpenInDevelopment = true)]
    private static async Task CompareAsync(HttpContext context)
    {
        var (comparison, unknown) = await Book(context).CompareAsync(context.Caller(), Part(context, "first"), Part(context, "second"), context.RequestAborted);
        if (comparison is null) throw Unknown(unknown!);
        await context.ReplyAsync(writer =>
        {
            writer.WriteStartObject();
            writer.WriteBoolean("match", comparison.Diff.Match);
            writer.WriteString("trace1_root_hash", comparison.Root1);
            writer.WriteString("trace2_root_hash", comparison.Root2);
            comparison.Diff.WriteDifferences(writer);
            writer.WriteEndObject();
        });
    }

    [Needs("trace:delete", OpenInDevelopment = true)]
    private static async Task DeleteAsync(HttpContext context)
    {
        var id = Part(context, "id");
        var (deleted, refusal) = await Book(context).DeleteAsync(context.Caller(), id, context.RequestAborted);
        if (deleted is null) throw refusal is null ? Unknown(id) : new RefusedException(refusal);
        context.ChangedHash(Short(deleted), null);
        context.Response.StatusCode = 204;
        await Trail.WriteOwedAsync(context);
    }

    [Needs("trace:admin", OpenInDevelopment = true)]
    private static async Task CleanupAsync(HttpContext context)
    {
        var days = context.Whole("days", 1, DaysMax, 30);
        var deleted = await Book(context).CleanupAsync(context.Caller(), TimeSpan.FromDays(days), context.RequestAborted);
        await context.ReplyAsync(writer =>
        {
            writer.WriteStartObject();
            writer.WriteNumber("deleted_count", deleted);
            writer.WriteNumber("retention_days", days);
            writer.WriteEndObject();
        });
    }

    [Needs("trace:read", OpenInDevelopment = true)]
    private static async Task KeyAsync(HttpContext context)
    {
        var key = await Book(context).FindKeyAsync(context.Caller(), Part(context, "key"), context.RequestAborted);
        await context.ReplyAsync(writer =>
        {
            writer.WriteStartObject();
            writer.WriteBoolean("executed", key is { IsExecuted: true });
            if (key is { IsExecuted: true })
            {
                writer.WriteString("trace_id", key.TraceId);
                if (key.Step is { } step) writer.WriteNumber("step_index", step);
                else writer.WriteNull("step_index");
                writer.WriteString("status", key.Status);
                writer.WriteString("output_hash", key.OutputHash);
            }
            else if (key is not null)
            {
                writer.WriteString("status", key.Status);
            }

            writer.WriteEndObject();
        });
    }

    internal static RefusedException Unknown(string id) => new(FailureCatalog.Fail("NOT_FOUND", $"There is no trace {Asked.Short(id)}."));

    /// <summary>A part of the path that may name something stored.</summary>
    internal static string Part(HttpContext context, string name) => Asked.Storable(name, (string)context.Request.RouteValues[name]!);

    private static Task ShowAsync(HttpContext context, AnyTrace trace, bool isSdk) => context.ReplyAsync(writer =>
    {
        if (trace.Run is { } run)
        {
            if (isSdk) TraceWire.WriteSdk(writer, run);
            else TraceWire.WriteRecord(writer, run);
        }
        else if (isSdk)
        {
            trace.Stored!.Sdk.WriteTo(writer);
        }
        else
        {
            StoredTraceWire.WriteRecord(writer, trace.Stored!);
        }
    });

    /// <summary>A caller of the house may ask for any tenant; others for their own.</summary>
    private static void ActFor(HttpContext context, string? tenant)
    {
        if (tenant is not null && context.Caller().IsHouse) context.ActAs(context.Caller() with { Tenant = Asked.Tenant("tenant_id", tenant) });
        else context.RefuseOtherTenant(tenant);
    }

    private static string? Seed(string? text)
    {
        if (text is null) return null;
        var digits = text.TrimStart('-');
        if (digits.Length is 0 or > 64 || text.Length - digits.Length > 1 || !digits.All(char.IsAsciiDigit)) throw RefusedException.Wrong("seed is a whole number of at most 64 digits.");
        var plain = digits.TrimStart('0');
        return plain.Length == 0 ? "0" : text.Length > digits.Length ? $"-{plain}" : plain;
    }

    private static TraceSource? Source(string? text) => text switch
    {
        null => null,
        "run" => TraceSource.Run,
        "client" => TraceSource.Client,
        _ => throw RefusedException.Wrong("source is run or client."),
    };

    private static string? Short(string? hash) => hash?[..16];

    private static ITraceBook Book(HttpContext context) => context.RequestServices.GetRequiredService<ITraceBook>();
}
