using System.Text.Json;
using Aos.Kernel;

namespace Aos.Skills;

/// <summary>Reads the settings of the models; every mistake is kept with the name of its setting.</summary>
internal sealed class ModelsSettings(Func<string, string?> setting, Func<string, JsonElement> file)
{
    private static readonly JsonSchema Shape = JsonSchema.Known(Json.Parse("""
        {
          "type": "object",
          "required": ["endpoints"],
          "additionalProperties": false,
          "properties": {
            "default": { "type": "string" },
            "endpoints": {
              "type": "array",
              "items": {
                "type": "object",
                "required": ["name", "base_url", "model"],
                "additionalProperties": false,
                "properties": {
                  "name": { "type": "string", "pattern": "^[a-z0-9][a-z0-9_-]{0,63}$", "not": { "const": "scripted" } },
                  "wire": { "enum": ["openai", "anthropic"] },
                  "base_url": { "type": "string", "pattern": "^https?://" , "format": "uri" },
                  "api_key_setting": { "type": "string", "minLength": 1 },
                  "api_key_secret": { "type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]{0,63}$" },
                  "model": { "type": "string", "minLength": 1 },
                  "embed_model": { "type": "string", "minLength": 1 },
                  "seeds": { "type": "boolean" }
                }
              }
            }
          }
        }
        """));

    private readonly List<string> problems = [];

    internal ModelsOptions Read()
    {
        var endpoints = new List<ModelEndpoint>();
        if (Setting("ANTHROPIC_API_KEY") is { } anthropic)
            endpoints.Add(new("anthropic", ModelWire.Anthropic, Url("ANTHROPIC_BASE_URL", "https://api.anthropic.com"), anthropic, Setting("ANTHROPIC_MODEL") ?? "claude-sonnet-4-20250514", false, true) { KeySecret = "ANTHROPIC_API_KEY" });
        if (Setting("OPENAI_API_KEY") is { } || Setting("OPENAI_BASE_URL") is { })
            endpoints.Add(OpenAi());
        var preferred = Named(endpoints);
        preferred = Setting("AOS_MODEL_PROVIDER") ?? preferred ?? (endpoints.Count > 0 ? endpoints[0].Name : ModelsOptions.Scripted);
        if (preferred != ModelsOptions.Scripted && !endpoints.Exists(endpoint => endpoint.Name == preferred))
            problems.Add($"AOS_MODEL_PROVIDER: {preferred} is not configured; there is {string.Join(", ", endpoints.Select(endpoint => endpoint.Name).Append(ModelsOptions.Scripted))}.");
        return new ModelsOptions { Endpoints = endpoints, DefaultProvider = preferred, Prices = Prices(), Script = Recorded(), Injection = Policy(), Problems = problems, Document = file };
    }

    private InjectionPolicy Policy()
    {
        if (Setting("AOS_INJECTION_POLICY") is not { } name) return InjectionPolicy.Mark;
        if (Enum.TryParse<InjectionPolicy>(name.Trim(), ignoreCase: true, out var policy) && char.IsLetter(name.Trim()[0])) return policy;
        problems.Add($"AOS_INJECTION_POLICY: {name} is none of mark, warn, refuse, off.");
        return InjectionPolicy.Mark;
    }

    private ModelEndpoint OpenAi()
    {
        var url = Url("OPENAI_BASE_URL", "https://api.openai.com/v1");
        return new("openai", ModelWire.OpenAi, url, Setting("OPENAI_API_KEY"), Setting("OPENAI_MODEL") ?? "gpt-4o-mini", true, IsOpenAi(url))
        {
            KeySecret = "OPENAI_API_KEY", EmbedModel = Setting("OPENAI_EMBED_MODEL") ?? (IsOpenAi(url) ? "text-embedding-3-small" : null),
        };
    }

    private static bool IsOpenAi(string url) => url == "https://api.openai.com/v1";

    /// <summary>The endpoints of the AOS_MODELS file; one with a name of before takes its place. Gives the file's default.</summary>
    private string? Named(List<ModelEndpoint> endpoints)
    {
        if (Setting("AOS_MODELS") is null || Document("AOS_MODELS", Shape) is not { } document) return null;
        foreach (var entry in document.GetProperty("endpoints").EnumerateArray())
        {
            var name = entry.GetText("name")!;
            string? key = null;
            var (source, secret) = (entry.GetText("api_key_setting"), entry.GetText("api_key_secret"));
            if (source is not null && (key = Setting(source)) is null) problems.Add($"AOS_MODELS: {name} takes its key from {source}, which is not set.");
            if (entry.GetText("wire") == "anthropic" && entry.Get("embed_model") is not null) problems.Add($"AOS_MODELS: {name} has an embed_model, but the Messages API gives no vectors.");
            endpoints.RemoveAll(endpoint => endpoint.Name == name);
            endpoints.Add(new(
                name, entry.GetText("wire") == "anthropic" ? ModelWire.Anthropic : ModelWire.OpenAi, entry.GetText("base_url")!.TrimEnd('/'), key,
                entry.GetText("model")!, entry.Get("seeds") is { ValueKind: JsonValueKind.True }) { KeySecret = secret ?? source, NeedsKey = secret is not null, EmbedModel = entry.GetText("embed_model") });
        }

        return document.GetText("default");
    }

    private PriceTable Prices()
    {
        if (Document("AOS_PRICES", null) is not { } document) return PriceTable.Shipped;
        var (table, wrong) = PriceTable.Shipped.With(document);
        problems.AddRange(wrong.Select(problem => $"AOS_PRICES: {problem}"));
        return table ?? PriceTable.Shipped;
    }

    private JsonElement? Recorded()
    {
        if (Document("AOS_SCRIPT", null) is not { } document) return null;
        var (script, wrong) = Script.Read(document);
        problems.AddRange(wrong.Select(problem => $"AOS_SCRIPT: {problem}"));
        return script is null ? null : document;
    }

    private JsonElement? Document(string name, JsonSchema? shape)
    {
        if (Setting(name) is not { } path) return null;
        JsonElement document;
        try
        {
            document = file(path);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            problems.Add($"{name}: {path} cannot be read: {e.Message}");
            return null;
        }

        var wrong = shape?.Check(document) ?? [];
        problems.AddRange(wrong.Select(problem => $"{name}: {problem}"));
        return wrong.Count == 0 ? document : null;
    }

    private string Url(string name, string otherwise)
    {
        var url = (Setting(name) ?? otherwise).TrimEnd('/');
        if (!Uri.TryCreate(url, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https")) problems.Add($"{name}: {url} is no http or https URL.");
        return url;
    }

    private string? Setting(string name) => setting(name) is { Length: > 0 } value ? value : null;
}
