using System.Text.Json;
using Aos.Kernel;

namespace Aos.Skills;

/// <summary>The protocol an endpoint speaks.</summary>
public enum ModelWire
{
    /// <summary>Messages API of Anthropic.</summary>
    Anthropic,

    /// <summary>Chat Completions of OpenAI, which many servers speak too.</summary>
    OpenAi,
}

/// <summary>What is done about data that a model is going to read.</summary>
public enum InjectionPolicy
{
    /// <summary>Data is marked as data; what it looks like is told in the result.</summary>
    Mark,

    /// <summary>Besides, the marks tell the model what the data looks like.</summary>
    Warn,

    /// <summary>A call with data that looks hostile fails with <c>INJECTION_DETECTED</c> before anybody is asked.</summary>
    Refuse,

    /// <summary>Nothing is looked at, nothing marked.</summary>
    Off,
}

/// <summary>A server that answers prompts.</summary>
/// <param name="Name">What <c>provider</c> says in a call.</param>
/// <param name="BaseUrl">Without a slash at its end; for OpenAI-compatible servers with <c>/v1</c>.</param>
/// <param name="ApiKey">Null: the server asks for none.</param>
/// <param name="Model">Asked when a call names no model.</param>
/// <param name="Seeds">The server honours a seed.</param>
/// <param name="IsOfficial">The provider's own server, whose newer fields may be used.</param>
public sealed record ModelEndpoint(string Name, ModelWire Wire, string BaseUrl, string? ApiKey, string Model, bool Seeds, bool IsOfficial = false)
{
    private const int HiddenMin = 8;

    /// <summary>The key where it is one to hide: servers that need none are given any short word, which would be hidden in every text.</summary>
    internal string? Hidden => ApiKey is { Length: >= HiddenMin } ? ApiKey : null;

    /// <summary>The secret with which a tenant brings a key of its own; null: it cannot.</summary>
    public string? KeySecret { get; init; }

    /// <summary>Asked for vectors when a call names no model; null: the server gives none.</summary>
    public string? EmbedModel { get; init; }

    /// <summary>True: without a key nothing is asked.</summary>
    public bool NeedsKey { get; init; }

    /// <summary>Never shows the key.</summary>
    public override string ToString() => $"{Name} at {BaseUrl}";
}

/// <summary>Which models can be asked, what they cost, and the recorded answers. Where each comes from: docs/models.md.</summary>
public sealed class ModelsOptions
{
    /// <summary>The provider of recorded answers.</summary>
    public const string Scripted = "scripted";

    public IReadOnlyList<ModelEndpoint> Endpoints { get; init; } = [];

    /// <summary>Asked when a call names neither provider nor a model that tells it.</summary>
    public string DefaultProvider { get; init; } = Scripted;

    public PriceTable Prices { get; init; } = PriceTable.Shipped;

    /// <summary>Recorded answers, or null: scripted answers are made from prompt and seed.</summary>
    public JsonElement? Script { get; init; }

    /// <summary>What is wrong with the settings, each with its name; a call fails with <c>CONFIG_INVALID</c> while there is any.</summary>
    public IReadOnlyList<string> Problems { get; init; } = [];

    /// <summary>What is done about data in prompts.</summary>
    public InjectionPolicy Injection { get; init; }

    /// <summary>Reads a file of the workspace that a call names as its script; may throw with the reason.</summary>
    public Func<string, JsonElement> Document { get; init; } = path => Json.Parse(File.ReadAllBytes(path));

    /// <summary>The endpoint whose price list has the model; null: there is none, or it is not configured.</summary>
    internal ModelEndpoint? Owner(string model) =>
        Prices.All.FirstOrDefault(price => price.Is(model)) is { } row ? Endpoints.FirstOrDefault(endpoint => endpoint.Name == row.Provider) : null;

    /// <summary>Reads the settings; <paramref name="file"/> reads a JSON or YAML file and may throw with the reason.</summary>
    public static ModelsOptions Read(Func<string, string?> setting, Func<string, JsonElement> file) => new ModelsSettings(setting, file).Read();
}
