using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary><c>/api/v1/connections</c>: where and how systems of the caller's tenant are reached, under names.</summary>
internal static class ConnectionRoutes
{
    private static readonly string[] Members = ["kind", "settings", "allow"];

    internal static void MapConnections(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/v1/connections", ListAsync);
        routes.MapGet("/api/v1/connections/{name}", ReadAsync);
        routes.MapPut("/api/v1/connections/{name}", PutAsync);
        routes.MapDelete("/api/v1/connections/{name}", DeleteAsync);
        routes.MapPost("/api/v1/connections/{name}/test", TestAsync);
    }

    [Needs("connection:read")]
    private static async Task ListAsync(HttpContext context)
    {
        var connections = await Store(context).ListAsync(context.Caller(), context.RequestAborted);
        await context.ReplyAsync(writer =>
        {
            writer.WriteStartObject();
            writer.WriteStartArray("connections");
            foreach (var connection in connections) ConnectionWire.Write(writer, connection);
            writer.WriteEndArray();
            writer.WriteNumber("count", connections.Count);
            writer.WriteEndObject();
        });
    }

    [Needs("connection:read")]
    private static async Task ReadAsync(HttpContext context)
    {
        var connection = await FoundAsync(context);
        await context.ReplyAsync(writer => ConnectionWire.Write(writer, connection));
    }

    [Needs("connection:write")]
    private static async Task PutAsync(HttpContext context)
    {
        var wish = Wish(context, await context.ObjectBodyAsync());
        var (made, refusal) = await Store(context).PutAsync(context.Caller(), wish, context.RequestAborted);
        if (refusal is not null) throw new RefusedException(refusal, refusal.Code == "INVALID_INPUT" ? 422 : null);
        context.Changed(made!.Before is { } before ? Known(before) : null, Known(made.After));
        await context.ReplyAsync(writer => ConnectionWire.Write(writer, made.After), made.Before is null ? 201 : 200);
    }

    [Needs("connection:write")]
    private static async Task DeleteAsync(HttpContext context)
    {
        var connection = await Store(context).DeleteAsync(context.Caller(), Name(context), context.RequestAborted) ?? throw Unknown(context);
        context.Changed(Known(connection), null);
        await context.ReplyAsync(writer => ConnectionWire.Write(writer, connection));
    }

    /// <summary>What comes of the try is the answer, 200 either way: the request itself did what it was asked to.</summary>
    [Needs("connection:test")]
    private static async Task TestAsync(HttpContext context)
    {
        var body = await context.ObjectBodyOrEmptyAsync();
        if (body.EnumerateObject().FirstOrDefault(member => member.Name != "agent_id") is { Value.ValueKind: not JsonValueKind.Undefined } other)
            throw RefusedException.Wrong($"{Asked.Short(other.Name)}: there is agent_id.");
        var agent = body.Get("agent_id") is { ValueKind: not JsonValueKind.Null } || context.Caller().AgentId is not null ? RunRequest.Agent(context, body) : null;
        var connection = await FoundAsync(context);
        var test = await context.RequestServices.GetRequiredService<IConnectionTests>().TestAsync(connection, agent, context.RequestAborted);
        await context.ReplyAsync(writer => ConnectionWire.Write(writer, connection, test));
    }

    private static IConnectionStore Store(HttpContext context) => context.RequestServices.GetRequiredService<IConnectionStore>();

    private static async Task<Connection> FoundAsync(HttpContext context) =>
        await Store(context).FindAsync(context.Caller(), Name(context), context.RequestAborted) ?? throw Unknown(context);

    private static string Name(HttpContext context) => (string)context.Request.RouteValues["name"]!;

    private static ConnectionWish Wish(HttpContext context, JsonElement body)
    {
        foreach (var member in body.EnumerateObject())
        {
            if (!Members.Contains(member.Name, StringComparer.Ordinal)) throw RefusedException.Wrong($"{Asked.Short(member.Name)}: there are {string.Join(", ", Members)}.");
        }

        var allowed = body.Get("allow") is { } allow ? AllowanceWire.Read(allow, context.RequestServices.GetRequiredService<ISkills>()) : null;
        return new ConnectionWish(Name(context), body.TextOf("kind"), body.Get("settings") is { ValueKind: not JsonValueKind.Null } settings ? settings : null, allowed);
    }

    /// <summary>A connection for the record.</summary>
    private static JsonElement Known(Connection connection) => Json.Write(writer => ConnectionWire.Write(writer, connection));

    private static RefusedException Unknown(HttpContext context) =>
        new(FailureCatalog.Fail("NOT_FOUND", $"There is no connection {Asked.Short(Name(context))}; aos connections list shows them."));
}
