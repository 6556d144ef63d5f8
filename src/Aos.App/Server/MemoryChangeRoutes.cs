using System.Collections.Immutable;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;
using Microsoft.Net.Http.Headers;

namespace Aos.App.Server;

/// <summary>Changes of stored entries, each on what is stored when it is made, and many entries at once.</summary>
internal static class MemoryChangeRoutes
{
    private const int ItemsMax = 100_000;

    internal static void MapMemoryChanges(this IEndpointRouteBuilder routes)
    {
        routes.MapPatch("/api/v1/memory/pins/{key}", PatchAsync);
        routes.MapPost("/api/v1/memory/pins/{key}/increment", IncrementAsync);
        routes.MapPost("/api/v1/memory/pins/{key}/append", AppendAsync);
        routes.MapPost("/api/v1/memory/pins/import", ImportAsync);
    }

    /// <summary>The body is the patch itself, so what is beside it stands in the query.</summary>
    [Needs("memory_pin:write")]
    private static async Task PatchAsync(HttpContext context)
    {
        if (context.Request.ContentType is { } type && (!MediaTypeHeaderValue.TryParse(type, out var media) || media.MediaType.Value?.ToLowerInvariant() is not ("application/merge-patch+json" or "application/json")))
            throw new RefusedException(FailureCatalog.Fail("UNSUPPORTED_MEDIA_TYPE", "Send application/merge-patch+json: RFC 7396."));
        context.ForTenant(context.Text("tenant_id"));
        var patch = await context.ObjectBodyAsync();
        await ChangeAsync(context, new PinEdit.Merge(patch), context.Flag("create"), context.Text("source"), PinRequest.Ttl(context));
    }

    [Needs("memory_pin:write")]
    private static async Task IncrementAsync(HttpContext context)
    {
        var body = await BodyAsync(context);
        var by = body.Get("by") switch
        {
            null => 1,
            { ValueKind: JsonValueKind.Number } number when number.TryGetDecimal(out var some) => some,
            _ => throw RefusedException.Wrong("by is a number within ±7.9·10²⁸; without it 1."),
        };
        await ChangeAsync(context, new PinEdit.Increment(Path(body), by), PinRequest.Flag(body, "create"), body.TextOf("source"), PinRequest.Ttl(body));
    }

    [Needs("memory_pin:write")]
    private static async Task AppendAsync(HttpContext context)
    {
        var body = await BodyAsync(context);
        int? most = body.Get("max_items") switch
        {
            null or { ValueKind: JsonValueKind.Null } => null,
            { ValueKind: JsonValueKind.Number } number when number.TryGetInt32(out var some) && some is >= 1 and <= ItemsMax => some,
            _ => throw RefusedException.Wrong($"max_items is a whole number from 1 to {ItemsMax}."),
        };
        var items = body.Get("items") is { ValueKind: JsonValueKind.Array } list ? list : throw RefusedException.Wrong("items is a list.");
        await ChangeAsync(context, new PinEdit.Append(Path(body), items, most), PinRequest.Flag(body, "create"), body.TextOf("source"), PinRequest.Ttl(body));
    }

    [Needs("memory_pin:write", Weight = 10)]
    private static async Task ImportAsync(HttpContext context)
    {
        var body = await BodyAsync(context);
        if (body.Get("pins") is not { ValueKind: JsonValueKind.Array } pins || pins.GetArrayLength() is 0 or > IPins.BatchMax) throw RefusedException.Wrong($"pins is a list of 1 to {IPins.BatchMax} entries.");
        var isNew = body.TextOf("mode") switch
        {
            null or "replace" => false,
            "keep" => true,
            _ => throw RefusedException.Wrong("mode is replace (an entry that is there gets the value) or keep (it stays as it is)."),
        };
        var dryRun = PinRequest.Flag(body, "dry_run");
        var source = body.TextOf("source") ?? "import";
        var wishes = pins.EnumerateArray().Select((pin, at) => Wish(pin, at, source) with { Condition = isNew ? new PinCondition(false) : PinCondition.None }).ToList();
        var done = await context.Pins().PutAllAsync(context.Caller(), wishes, dryRun, context.RequestAborted);
        await context.ReplyAsync(writer => Write(writer, done, dryRun));
    }

    private static PinWish Wish(JsonElement pin, int at, string source)
    {
        if (pin.ValueKind != JsonValueKind.Object) throw RefusedException.Wrong($"pins[{at}] is an object with key and value.");
        try
        {
            return PinRequest.Wish(pin, pin.TextOf("key") ?? throw RefusedException.Wrong("key is missing."), source);
        }
        catch (RefusedException e)
        {
            throw RefusedException.Wrong($"pins[{at}]: {e.Failure.Message}");
        }
    }

    private static void Write(Utf8JsonWriter writer, IReadOnlyList<(PinMade? Made, Failure? Refusal)> done, bool dryRun)
    {
        writer.WriteStartObject();
        writer.WriteBoolean("dry_run", dryRun);
        writer.WriteNumber("created", done.Count(one => one.Made is { Before: null }));
        writer.WriteNumber("replaced", done.Count(one => one.Made is { Before: not null }));
        writer.WriteNumber("kept", done.Count(one => one.Refusal?.Code == "PRECONDITION_FAILED"));
        writer.WriteStartArray("errors");
        foreach (var (at, one) in done.Index())
        {
            if (one.Refusal is not { } refusal || refusal.Code == "PRECONDITION_FAILED") continue;
            writer.WriteStartObject();
            writer.WriteNumber("index", at);
            writer.WriteString("code", refusal.Code);
            writer.WriteString("message", refusal.Message);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static async Task<JsonElement> BodyAsync(HttpContext context)
    {
        var body = await context.ObjectBodyAsync();
        context.ForTenant(body.TextOf("tenant_id"));
        return body;
    }

    private static string Path(JsonElement body) => body.TextOf("path") ?? throw RefusedException.Wrong("path is missing: a JSON pointer such as /visits.");

    private static async Task ChangeAsync(HttpContext context, PinEdit edit, bool creates, string? source, PinTtl ttl)
    {
        var change = new PinChange(context.ExistingKey(), [edit]) { Creates = creates, Source = source, Ttl = ttl, Condition = context.PinCondition(), IdempotencyKey = context.PinKey() };
        var (made, refusal) = await context.Pins().ChangeAsync(context.Caller(), change, context.RequestAborted);
        if (refusal is { Code: "NOT_FOUND" }) throw PinRequest.Unknown(change.Key);
        await context.ReplyAsync(made, refusal, 200);
    }
}
