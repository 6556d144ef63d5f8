using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary>
/// The description of the API (OpenAPI 3.1), made from the routes that are really mapped: none can be missing. Texts, schemas and
/// examples come from <c>operations.json</c> beside this file, by method and path.
/// </summary>
internal static partial class OpenApiPage
{
    private static readonly Lazy<JsonElement> Texts = new(() =>
    {
        using var stream = typeof(OpenApiPage).Assembly.GetManifestResourceStream("operations.json")!;
        using var buffer = new MemoryStream();
        stream.CopyTo(buffer);
        return Json.Parse(buffer.ToArray());
    });

    /// <summary>Method and path of every description there is.</summary>
    internal static IEnumerable<string> Described => Texts.Value.GetProperty("operations").EnumerateObject().Select(operation => operation.Name);

    /// <summary>Method, path as in OpenAPI, and endpoint of every mapped route, in order.</summary>
    internal static IReadOnlyList<(string Method, string Path, RouteEndpoint Endpoint)> Routes(IServiceProvider services) =>
    [
        .. services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .SelectMany(endpoint => Methods(endpoint).Select(method => (method, Path(endpoint), endpoint)))
            .OrderBy(route => route.Item2, StringComparer.Ordinal).ThenBy(route => route.method, StringComparer.Ordinal),
    ];

    private static IReadOnlyList<string> Methods(RouteEndpoint endpoint) => endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["GET"];

    internal static JsonElement Of(HttpContext context)
    {
        var routes = Routes(context.RequestServices);
        return Json.Write(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("openapi", "3.1.0");
            writer.WriteStartObject("info");
            writer.WriteString("title", "AOS");
            writer.WriteString("version", Cli.CommandLine.Version);
            writer.WriteString("description", "An operating system for AI agents. Every error, on every status, has the form of the schema Error.");
            writer.WriteEndObject();
            writer.WriteStartObject("paths");
            foreach (var path in routes.GroupBy(route => route.Path, StringComparer.Ordinal))
            {
                writer.WriteStartObject(path.Key);
                foreach (var (method, _, endpoint) in path) WriteOperation(writer, method, path.Key, endpoint);
                writer.WriteEndObject();
            }

            writer.WriteEndObject();
            WriteComponents(writer);
            writer.WriteEndObject();
        });
    }

    private const string Style = "body{font:16px system-ui;margin:2rem;max-width:60rem}td{padding:.2rem 1rem .2rem 0}";

    internal static string Html(HttpContext context)
    {
        context.AllowStyle(Style);
        var page = new StringBuilder($"""
            <!doctype html><html lang="en"><meta charset="utf-8"><title>AOS API</title>
            <style>{Style}</style>
            <h1>AOS API</h1><p>The whole description: <a href="/openapi.json">openapi.json</a>.</p><table>
            """);
        foreach (var (method, path, endpoint) in Routes(context.RequestServices))
        {
            page.Append("<tr><td>").Append(method).Append("<td><code>").Append(WebUtility.HtmlEncode(path));
            page.Append("</code><td>").Append(WebUtility.HtmlEncode(Summary(method, path, endpoint)));
        }

        return page.Append("</table></html>").ToString();
    }

    private static string Path(RouteEndpoint endpoint) => "/" + Constraint().Replace(endpoint.RoutePattern.RawText ?? "", "{$1}").TrimStart('/');

    private static JsonElement? Text(string method, string path) => Texts.Value.GetProperty("operations").Get($"{method} {path}");

    /// <summary>The text of the table, else the handler's name as words.</summary>
    private static string Summary(string method, string path, RouteEndpoint endpoint) =>
        Text(method, path)?.GetText("summary") ?? Words().Replace(Handler(endpoint), " $1").Trim();

    private static string Handler(RouteEndpoint endpoint)
    {
        var name = endpoint.Metadata.GetMetadata<System.Reflection.MethodInfo>()?.Name ?? "answer";
        return name.EndsWith("Async", StringComparison.Ordinal) ? name[..^5] : name;
    }

    private static void WriteOperation(Utf8JsonWriter writer, string method, string path, RouteEndpoint endpoint)
    {
        var text = Text(method, path);
        writer.WriteStartObject(method.ToLowerInvariant());
        writer.WriteString("operationId", NoWord().Replace($"{method.ToLowerInvariant()}{path}", "_").Trim('_'));
        writer.WriteString("summary", Summary(method, path, endpoint));
        WriteParameters(writer, endpoint, text);
        if (method is "POST" or "PUT" or "PATCH") WriteBody(writer, text);
        writer.WriteStartObject("responses");
        var status = text?.Get("status") is { ValueKind: JsonValueKind.Number } number ? number.GetInt32() : 200;
        var media = text?.GetText("media") ?? "application/json";
        var code = status.ToString(System.Globalization.CultureInfo.InvariantCulture);
        WriteReply(writer, code, "The answer.", text?.GetText("reply") ?? "Anything", media, text?.Get("reply_example"));
        WriteReply(writer, "default", "An error.", "Error", "application/json", null);
        writer.WriteEndObject();
        WriteSecurity(writer, endpoint);
        writer.WriteEndObject();
    }

    private static void WriteParameters(Utf8JsonWriter writer, RouteEndpoint endpoint, JsonElement? text)
    {
        writer.WriteStartArray("parameters");
        foreach (var parameter in endpoint.RoutePattern.Parameters) WriteParameter(writer, parameter.Name, "path", "string", null);
        if (text?.Get("query") is { } query)
        {
            foreach (var member in query.EnumerateObject())
                WriteParameter(writer, member.Name, "query", member.Value[0].GetString()!, member.Value[1].GetString());
        }

        writer.WriteEndArray();
    }

    private static void WriteParameter(Utf8JsonWriter writer, string name, string place, string type, string? description)
    {
        writer.WriteStartObject();
        writer.WriteString("name", name);
        writer.WriteString("in", place);
        writer.WriteBoolean("required", place == "path");
        if (description is not null) writer.WriteString("description", description);
        writer.WriteStartObject("schema");
        writer.WriteString("type", type);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private static void WriteBody(Utf8JsonWriter writer, JsonElement? text)
    {
        writer.WriteStartObject("requestBody");
        writer.WriteBoolean("required", text?.Get("body") is not null);
        WriteMedia(writer, "application/json", text?.GetText("body") ?? "Anything", text?.Get("body_example"));
        writer.WriteEndObject();
    }

    private static void WriteReply(Utf8JsonWriter writer, string status, string description, string schema, string media, JsonElement? example)
    {
        writer.WriteStartObject(status);
        writer.WriteString("description", description);
        WriteMedia(writer, media, schema, example);
        writer.WriteEndObject();
    }

    private static void WriteMedia(Utf8JsonWriter writer, string media, string schema, JsonElement? example)
    {
        writer.WriteStartObject("content");
        writer.WriteStartObject(media);
        writer.WriteStartObject("schema");
        writer.WriteString("$ref", $"#/components/schemas/{schema}");
        writer.WriteEndObject();
        if (example is { } value)
        {
            writer.WritePropertyName("example");
            value.WriteTo(writer);
        }

        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private static void WriteSecurity(Utf8JsonWriter writer, RouteEndpoint endpoint)
    {
        writer.WriteStartArray("security");
        if (endpoint.Metadata.GetMetadata<NeedsAttribute>() is { } needs)
        {
            foreach (var scheme in new[] { "key", "apiKey", "bearer" })
            {
                writer.WriteStartObject();
                writer.WriteStartArray(scheme);
                writer.WriteEndArray();
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteString("x-permission", needs.Permission is { } permission ? permission.ToString() : "any");
            if (needs.OfHouse) writer.WriteBoolean("x-house", true);
            return;
        }

        writer.WriteEndArray();
    }

    private static void WriteComponents(Utf8JsonWriter writer)
    {
        writer.WriteStartObject("components");
        foreach (var name in new[] { "schemas", "securitySchemes" })
        {
            writer.WritePropertyName(name);
            Texts.Value.GetProperty(name).WriteTo(writer);
        }

        writer.WriteEndObject();
    }

    [GeneratedRegex(@"\{(\w+)(?:[:?][^{}]*)?\}", RegexOptions.CultureInvariant)]
    private static partial Regex Constraint();

    [GeneratedRegex("([A-Z])", RegexOptions.CultureInvariant)]
    private static partial Regex Words();

    [GeneratedRegex(@"\W+", RegexOptions.CultureInvariant)]
    private static partial Regex NoWord();
}
