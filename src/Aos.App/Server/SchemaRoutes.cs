using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary>The published contract documents: their schemas, and objects that fit them.</summary>
internal static class SchemaRoutes
{
    internal static void MapSchemas(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/v1/schemas", ListAsync);
        routes.MapGet("/api/v1/schemas/{name}", ReadAsync);
        routes.MapGet("/api/v1/schemas/{name}/examples", ExamplesAsync);
    }

    [Open("Published documents, the same for everybody.")]
    private static Task ListAsync(HttpContext context) => context.ReplyAsync(writer =>
    {
        writer.WriteStartObject();
        writer.WriteStartArray("schemas");
        foreach (var name in ContractDocuments.Names)
        {
            writer.WriteStartObject();
            writer.WriteString("name", name);
            writer.WriteString("title", ContractDocuments.Schema(name)!.Value.GetText("title"));
            writer.WriteString("path", $"/api/v1/schemas/{name}");
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteNumber("count", ContractDocuments.Names.Length);
        writer.WriteEndObject();
    });

    [Open("Published documents, the same for everybody.")]
    private static Task ReadAsync(HttpContext context) => context.ReplyAsync(Schema(context).WriteTo);

    /// <summary>Of <c>skill_metadata</c> the skills there are, of <c>failure_catalog</c> the catalog: what the objects really are.</summary>
    [Needs("skill:read", OpenInDevelopment = true)]
    private static Task ExamplesAsync(HttpContext context)
    {
        Schema(context);
        var examples = ContractDocuments.Examples(Name(context), context.RequestServices.GetRequiredService<ISkills>().All.Values);
        return context.ReplyAsync(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("name", Name(context));
            writer.WriteStartArray("examples");
            foreach (var example in examples) example.WriteTo(writer);
            writer.WriteEndArray();
            writer.WriteEndObject();
        });
    }

    private static string Name(HttpContext context) => (string)context.Request.RouteValues["name"]!;

    private static JsonElement Schema(HttpContext context) => ContractDocuments.Schema(Name(context))
        ?? throw new RefusedException(FailureCatalog.Fail("NOT_FOUND", $"There is no schema {Name(context)}; there are {string.Join(", ", ContractDocuments.Names)}."));
}
