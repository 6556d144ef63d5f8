using System.Text;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary><c>/api/v1/nodes</c>: the nodes that share the store; and <c>/cluster/poke</c>, by which they speak to each other.</summary>
internal static class NodeRoutes
{
    /// <summary>A run's id is the whole body of a poke.</summary>
    private const int PokeBytes = 36;

    internal static void MapNodes(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/v1/nodes", ListAsync);
        routes.MapPost("/api/v1/nodes/{id}/drain", DrainAsync);
        routes.MapPost(IPokes.Path, PokeAsync);
    }

    [Needs("node:read", OpenInDevelopment = true)]
    private static async Task ListAsync(HttpContext context)
    {
        var cluster = context.RequestServices.GetRequiredService<ICluster>();
        var nodes = await cluster.NodesAsync(context.RequestAborted);
        var self = cluster.Lease.Node;
        await context.ReplyAsync(writer =>
        {
            writer.WriteStartObject();
            writer.WriteStartArray("nodes");
            foreach (var node in nodes) Write(writer, node, self);
            writer.WriteEndArray();
            writer.WriteNumber("count", nodes.Count);
            writer.WriteEndObject();
        });
    }

    [Needs("node:admin", OfHouse = true)]
    private static async Task DrainAsync(HttpContext context)
    {
        var text = (string?)context.Request.RouteValues["id"];
        var cluster = context.RequestServices.GetRequiredService<ICluster>();
        if (!NodeId.TryParse(text, out var node) || !await cluster.DrainAsync(node, context.RequestAborted))
            throw new RefusedException(FailureCatalog.Fail("NOT_FOUND", $"There is no live node {Asked.Short(text ?? "")}; aos nodes lists them."));
        if (node == cluster.Lease.Node) context.RequestServices.GetRequiredService<INode>().Drain();
        await context.ReplyAsync(
            writer =>
            {
                writer.WriteStartObject();
                writer.WriteString("id", node.ToString());
                writer.WriteString("state", "draining");
                writer.WriteEndObject();
            },
            202);
    }

    [Open("Nodes prove themselves by a seal made with the cluster's own key; without one nothing happens.")]
    private static async Task PokeAsync(HttpContext context)
    {
        var body = new byte[PokeBytes];
        var read = await context.Request.Body.ReadAtLeastAsync(body, PokeBytes, throwOnEndOfStream: false, context.RequestAborted);
        var seal = context.Request.Headers[IPokes.Header] is [{ } one] ? one : null;
        var to = context.RequestServices.GetRequiredService<ICluster>().Lease.Node;
        var isGenuine = RunId.TryParse(Encoding.ASCII.GetString(body, 0, read), out var run)
            && await context.RequestServices.GetRequiredService<IPokes>().IsGenuineAsync(to, run, seal, context.RequestAborted);
        if (!isGenuine) throw new RefusedException(FailureCatalog.Fail("SIGNATURE_INVALID", "This is no poke of a node of this cluster to this one."));
        await context.RequestServices.GetRequiredService<INode>().ArrivedAsync(run);
        context.Response.StatusCode = 204;
    }

    private static void Write(Utf8JsonWriter writer, NodeRow node, NodeId self)
    {
        writer.WriteStartObject();
        writer.WriteString("id", node.Id.ToString());
        writer.WriteString("state", node.State.ToString().ToLowerInvariant());
        writer.WriteBoolean("is_self", node.Id == self);
        if (node.Address is { } address) writer.WriteString("address", address);
        writer.WriteNumber("runs", node.Runs);
        writer.WriteString("build", node.Build);
        writer.WriteNumber("max_rule", node.MaxRule);
        writer.WriteString("joined_at", node.JoinedAt.UtcDateTime);
        writer.WriteString("renewed_at", node.RenewedAt.UtcDateTime);
        if (node.Ttl > TimeSpan.Zero) writer.WriteNumber("ttl_ms", (long)node.Ttl.TotalMilliseconds);
        writer.WriteEndObject();
    }
}
