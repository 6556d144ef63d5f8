using System.Globalization;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary>Reads notes, filters and questions out of requests.</summary>
internal static class RecallQuery
{
    internal const int TextMax = 1_000;
    private const int TypesMax = 20;

    internal static NoteWish Wish(JsonElement body)
    {
        var (agent, workflow) = (body.TextOf("agent_id"), body.TextOf("workflow"));
        var scope = body.TextOf("scope") is { } named ? Scope(named) : agent is not null ? NoteScope.Agent : workflow is not null ? NoteScope.Workflow : NoteScope.Tenant;
        var usual = new NoteWish("", NoteScope.Tenant);
        return new NoteWish(body.TextOf("text") ?? throw RefusedException.Wrong("text is missing: what is to be remembered."), scope, agent, workflow)
        {
            Type = body.TextOf("memory_type") ?? usual.Type,
            Meta = body.Get("meta") is { ValueKind: not JsonValueKind.Null } ? body.ObjectOf("meta") : null,
            Importance = Number(body, "importance") ?? usual.Importance,
            Source = body.TextOf("source") ?? usual.Source,
            IsTrusted = body.TextOf("trust") switch { null or "trusted" => true, "untrusted" => false, _ => throw RefusedException.Wrong("trust is trusted or untrusted.") },
            Run = Run(body.TextOf("run_id")),
            Step = body.TextOf("step_id"),
            TtlSeconds = Whole(body, "ttl_seconds"),
        };
    }

    /// <summary>The filter of a query string.</summary>
    internal static NoteFilter Filter(HttpContext context) => Filter(name => context.Text(name), [.. (context.Text("types") ?? context.Text("memory_type") ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)]);

    internal static (RecallQuestion Question, bool Explains, string? Tenant) OfQuery(HttpContext context)
    {
        var text = context.Text("q") ?? context.Text("query") ?? (context.Request.Query.ContainsKey("q") || context.Request.Query.ContainsKey("query") ? "" : throw NoText());
        var least = context.Text("min_score") is not { } min ? 0
            : double.TryParse(min, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var score) && score is >= 0 and <= 1 ? score
            : throw RefusedException.Wrong("min_score is a number from 0 to 1.");
        return (new RecallQuestion(text, Filter(context), context.Whole("k", 1, IRecall.HitsMax, 5), least), Flag("explain", context.Text("explain")), context.Text("tenant_id"));
    }

    internal static (RecallQuestion Question, bool Explains, string? Tenant) OfBody(JsonElement body)
    {
        var text = body.TextOf("q") ?? body.TextOf("query") ?? throw NoText();
        if (text.Length > TextMax) throw RefusedException.Wrong($"q is longer than {TextMax} characters.");
        var count = Whole(body, "k") ?? 5;
        if (count is < 1 or > IRecall.HitsMax) throw RefusedException.Wrong($"k is a whole number from 1 to {IRecall.HitsMax}.");
        var least = Number(body, "min_score") ?? 0;
        if (least is not (>= 0 and <= 1)) throw RefusedException.Wrong("min_score is a number from 0 to 1.");
        var explains = body.Get("explain") switch
        {
            null or { ValueKind: JsonValueKind.Null or JsonValueKind.False } => false,
            { ValueKind: JsonValueKind.True } => true,
            _ => throw RefusedException.Wrong("explain is true or false."),
        };
        return (new RecallQuestion(text, Filter(name => body.TextOf(name), Types(body)), count, least), explains, body.TextOf("tenant_id"));
    }

    internal static Guid Id(string name, string text) => Guid.TryParseExact(text, "D", out var id) ? id : throw RefusedException.Wrong($"{name} is the id of a note.");

    internal static RunId? Run(string? text) => text is null ? null : RunId.TryParse(text, out var run) ? run : throw RefusedException.Wrong("run_id is the id of a run.");

    private static NoteFilter Filter(Func<string, string?> text, string[] types)
    {
        if (types.Length > TypesMax) throw RefusedException.Wrong($"types: at most {TypesMax}.");
        return new NoteFilter
        {
            Agent = text("agent_id"), Workflow = text("workflow"), Scope = text("scope") is { } scope ? Scope(scope) : null, Types = types, Source = text("source"), Run = Run(text("run_id")),
            Since = Asked.Time("since", text("since")), Until = Asked.Time("until", text("until")),
        };
    }

    private static NoteScope Scope(string text) => text switch
    {
        "agent" => NoteScope.Agent,
        "workflow" => NoteScope.Workflow,
        "tenant" => NoteScope.Tenant,
        _ => throw RefusedException.Wrong("scope is agent, workflow or tenant."),
    };

    private static string[] Types(JsonElement body) => body.Get("types") switch
    {
        null or { ValueKind: JsonValueKind.Null } => body.TextOf("memory_type") is { } one ? [one] : [],
        { ValueKind: JsonValueKind.Array } list when list.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String) => [.. list.EnumerateArray().Select(item => Asked.Storable("types", item.GetString()!))],
        _ => throw RefusedException.Wrong("types is a list of texts."),
    };

    private static double? Number(JsonElement body, string name) => body.Get(name) switch
    {
        null or { ValueKind: JsonValueKind.Null } => null,
        { ValueKind: JsonValueKind.Number } number when number.TryGetDouble(out var value) => value,
        _ => throw RefusedException.Wrong($"{name} is a number."),
    };

    private static int? Whole(JsonElement body, string name) => body.Get(name) switch
    {
        null or { ValueKind: JsonValueKind.Null } => null,
        { ValueKind: JsonValueKind.Number } number when number.TryGetInt32(out var value) => value,
        _ => throw RefusedException.Wrong($"{name} is a whole number."),
    };

    private static bool Flag(string name, string? text) => text switch { null or "false" => false, "true" => true, _ => throw RefusedException.Wrong($"{name} is true or false.") };

    private static RefusedException NoText() => RefusedException.Wrong("q is the text to look for; an empty one stands for the newest notes.");
}
