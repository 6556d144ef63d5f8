using System.Text;
using System.Text.Json;
using Aos.App.Cli;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary>A plan that is to be stored, with what is said of it.</summary>
/// <param name="Description">Null: none was given.</param>
/// <param name="Tags">Null: none were given.</param>
internal sealed record WorkflowBody(string Name, PlanReading Reading, string? Description, IReadOnlyList<string>? Tags)
{
    internal const int TextMax = 1_000;
    internal const int TagsMax = 16;

    /// <summary>Reads <c>{"name", "plan", "description", "tags"}</c>; <c>plan</c> is a plan, or the text of one in JSON or YAML.</summary>
    internal static async Task<WorkflowBody> ReadAsync(HttpContext context)
    {
        var body = await context.ObjectBodyAsync();
        Only(body, "name", "plan", "description", "tags");
        var source = Source(body);
        var name = body.TextOf("name") ?? (source.ValueKind == JsonValueKind.Object ? source.GetText("name") : null)
            ?? throw RefusedException.Wrong("name is missing, here and in the plan.");
        if (!WorkflowNames.IsName(name)) throw RefusedException.Wrong($"name is {WorkflowNames.Rule}; '{Asked.Short(name)}' is not.");
        if (source.ValueKind == JsonValueKind.Object && source.Get("name") is null) source = Called(source, name);
        // A version that is not given is not known before it is stored.
        var version = source.ValueKind == JsonValueKind.Object ? source.GetText("version") : null;
        var self = version is null ? null : new WorkflowPin(name, version, "");
        var links = await context.LinksAsync(source, "workflow:read", self);
        var reading = context.RequestServices.GetRequiredService<ISkills>().ReadPlan(source, links: links);
        return new WorkflowBody(name, reading, Bounded(body, "description"), TagsOf(body));
    }

    /// <summary>Refuses members that have no meaning.</summary>
    internal static void Only(JsonElement body, params ReadOnlySpan<string> known)
    {
        foreach (var member in body.EnumerateObject())
        {
            if (!known.Contains(member.Name)) throw RefusedException.Wrong($"{Asked.Short(member.Name)} has no meaning here; there are {string.Join(", ", known)}.");
        }
    }

    internal static string? Bounded(JsonElement body, string name) =>
        body.TextOf(name) is not { } text ? null : text.Length <= TextMax ? text : throw RefusedException.Wrong($"{name} is longer than {TextMax} characters.");

    internal static bool Bool(JsonElement body, string name) => body.Get(name) switch
    {
        null or { ValueKind: JsonValueKind.Null or JsonValueKind.False } => false,
        { ValueKind: JsonValueKind.True } => true,
        { } other => throw RefusedException.Wrong($"{name} is true or false, not {Bodies.Kind(other)}."),
    };

    /// <summary>A plan without a name has its workflow's.</summary>
    private static JsonElement Called(JsonElement plan, string name) => Json.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("name", name);
        foreach (var member in plan.EnumerateObject()) member.WriteTo(writer);
        writer.WriteEndObject();
    });

    private static JsonElement Source(JsonElement body)
    {
        switch (body.Get("plan"))
        {
            case { ValueKind: JsonValueKind.Object or JsonValueKind.Array } plan:
                return plan;
            case { ValueKind: JsonValueKind.String } text:
                try
                {
                    return PlanFile.Parse(Encoding.UTF8.GetBytes(text.GetString()!), "plan");
                }
                catch (PlanFileException e)
                {
                    throw new RefusedException(FailureCatalog.Fail("INVALID_PLAN", e.Message));
                }

            default:
                throw RefusedException.Wrong("plan is missing: a plan, or the text of one in JSON or YAML.");
        }
    }

    private static List<string>? TagsOf(JsonElement body)
    {
        if (body.Get("tags") is not { ValueKind: not JsonValueKind.Null } tags) return null;
        if (tags.ValueKind != JsonValueKind.Array || tags.GetArrayLength() > TagsMax) throw RefusedException.Wrong($"tags is a list of at most {TagsMax} texts.");
        var read = new List<string>();
        foreach (var tag in tags.EnumerateArray())
        {
            if (tag.ValueKind != JsonValueKind.String || !WorkflowNames.IsTag(tag.GetString()!)) throw RefusedException.Wrong($"A tag is {WorkflowNames.TagRule}.");
            if (!read.Contains(tag.GetString()!)) read.Add(tag.GetString()!);
        }

        return read;
    }
}
