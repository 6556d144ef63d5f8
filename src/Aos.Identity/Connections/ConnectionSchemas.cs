using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Identity;

/// <summary>What settings of each kind may be. The problems never quote a value: it may be a secret that somebody put in the wrong place.</summary>
internal static class ConnectionSchemas
{
    private const string SecretHere =
        "must be secret:NAME, the name of a secret of the tenant: the value itself stands in no connection (aos secrets set NAME)";

    private static readonly Dictionary<string, JsonSchema> Schemas = ConnectionKinds.All.ToDictionary(kind => kind, Read, StringComparer.Ordinal);

    /// <summary>All that is wrong with settings of a known kind.</summary>
    internal static IReadOnlyList<SchemaProblem> Problems(string kind, JsonElement settings)
    {
        var problems = Schemas[kind].Check(settings, "settings").Select(Told).ToList();
        if (settings.ValueKind == JsonValueKind.Object && kind == ConnectionKinds.Http) problems.AddRange(HttpProblems(settings));
        if (settings.ValueKind == JsonValueKind.Object && kind == ConnectionKinds.Smtp) problems.AddRange(SmtpProblems(settings));
        return problems;
    }

    /// <summary>What a pattern means here, for people.</summary>
    private static SchemaProblem Told(SchemaProblem problem)
    {
        if (problem.Keyword is not ("pattern" or "type")) return problem;
        return problem.Path switch
        {
            "settings.auth.token" or "settings.auth.password" or "settings.auth.value" or "settings.password" or "settings.url" => problem with { Message = SecretHere },
            "settings.base_url" when problem.Keyword == "pattern" => problem with { Message = "must be an absolute http or https URL without credentials, query and fragment" },
            "settings.from" when problem.Keyword == "pattern" => problem with { Message = "must be an address such as robot@example.com" },
            _ => problem,
        };
    }

    private static IEnumerable<SchemaProblem> HttpProblems(JsonElement settings)
    {
        if (settings.GetText("base_url") is { } url && !(Uri.TryCreate(url, UriKind.Absolute, out var uri) && uri.IdnHost.Length > 0))
            yield return new SchemaProblem("settings.base_url", "format", "must be a URL that can be read");
        if (settings.Get("auth")?.GetText("name") is { } name && Wrong(name) is { } why) yield return new SchemaProblem("settings.auth.name", "format", why);
        if (settings.Get("headers") is not { ValueKind: JsonValueKind.Object } headers) yield break;
        foreach (var header in headers.EnumerateObject())
        {
            var path = $"settings.headers[\"{(header.Name.Length > 64 ? header.Name[..64] : header.Name)}\"]";
            if (header.Value.ValueKind != JsonValueKind.String) continue;
            var text = header.Value.GetString()!;
            if (Wrong(header.Name) is { } wrong) yield return new SchemaProblem(path, "propertyNames", wrong);
            else if (header.Name.Equals("Authorization", StringComparison.OrdinalIgnoreCase)) yield return new SchemaProblem(path, "propertyNames", "belongs in auth");
            else if (IsSecret(header.Name) && !ConnectionSecrets.IsOne(text)) yield return new SchemaProblem(path, "pattern", SecretHere);
            if (text.Any(char.IsControl)) yield return new SchemaProblem(path, "pattern", "must hold no line break or other control character");
        }
    }

    private static IEnumerable<SchemaProblem> SmtpProblems(JsonElement settings)
    {
        if (settings.GetText("tls") == "none" && settings.Get("password") is not null)
            yield return new SchemaProblem("settings.tls", "not", "must be starttls or implicit where there is a password: it would go out for all to read");
    }

    private static string? Wrong(string name) =>
        !RequestHeaders.IsToken(name) ? "is no name of a header" : RequestHeaders.IsOwned(name) ? "is set by the HTTP connection" : null;

    private static bool IsSecret(string name) => Redactor.IsSecret(name);

    private static JsonSchema Read(string kind)
    {
        using var stream = typeof(ConnectionSchemas).Assembly.GetManifestResourceStream($"connection.{kind}.json")!;
        using var bytes = new MemoryStream();
        stream.CopyTo(bytes);
        return JsonSchema.Known(Json.Parse(bytes.ToArray()));
    }
}
