using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Skills;

/// <summary>What a provider is asked for.</summary>
/// <param name="Dimensions">Null: the model's own number.</param>
internal sealed record EmbedRequest(string Provider, string Model, ImmutableArray<string> Texts, int? Dimensions, bool Cache, TimeSpan Timeout)
{
    /// <summary>No tokenizer makes more tokens of these texts.</summary>
    internal static long TokensMax(IEnumerable<string> texts) => texts.Sum(text => Encoding.UTF8.GetByteCount(text) + (long)EmbedContract.TokensAround);
}

/// <summary>Brings the accepted spellings of a call into one request, or says what is wrong with it.</summary>
internal sealed class EmbedReader(ModelsOptions options)
{
    internal const int TextsMax = 128;
    internal const int TextBytesMax = 32 * 1024;
    internal const int AllBytesMax = 1024 * 1024;
    internal const int DimensionsMax = 4096;

    internal (EmbedRequest? Request, Failure? Failure) Read(LlmEmbedIn input, SkillCall call)
    {
        var provider = Provider(input);
        var endpoint = options.Endpoints.FirstOrDefault(one => one.Name == provider);
        if (endpoint is null && provider != ModelsOptions.Scripted) return (null, provider is "openai" ? NoKey() : Unknown(provider));
        if (endpoint is not null && (endpoint.Wire != ModelWire.OpenAi || (input.Model ?? endpoint.EmbedModel) is null))
            return (null, Unknown(provider));
        if (input.Dimensions is < 1 or > DimensionsMax) return Wrong($"dimensions is a whole number from 1 to {DimensionsMax}.");
        if (CallTime.Of(input.TimeoutMs, input.TimeoutSeconds ?? input.Timeout, call) is not { } timeout) return Wrong(CallTime.Problem);
        var (texts, problem) = Texts(input);
        if (problem is not null) return Wrong(problem);
        return (new EmbedRequest(provider, input.Model ?? endpoint?.EmbedModel ?? ModelsOptions.Scripted, texts, input.Dimensions, input.Cache ?? true, timeout), null);
    }

    /// <summary>As named; else the one whose price list has the model, when it gives vectors; else the default.</summary>
    internal string Provider(LlmEmbedIn input)
    {
        if (input.Provider?.ToLowerInvariant() is { } named) return named == "stub" ? ModelsOptions.Scripted : named;
        return input.Model is { } model && options.Owner(model) is { EmbedModel: not null } owner ? owner.Name : DefaultProvider(options);
    }

    /// <summary>The default one where it gives vectors, else the first that does, else recorded ones.</summary>
    internal static string DefaultProvider(ModelsOptions options)
    {
        var able = options.Endpoints.Where(endpoint => endpoint.EmbedModel is not null).Select(endpoint => endpoint.Name).ToList();
        return able.Contains(options.DefaultProvider, StringComparer.Ordinal) ? options.DefaultProvider : able.FirstOrDefault() ?? ModelsOptions.Scripted;
    }

    private static (ImmutableArray<string> Texts, string? Problem) Texts(LlmEmbedIn input)
    {
        JsonElement[] given = [.. new[] { input.Input, input.Inputs, input.Texts }.OfType<JsonElement>()];
        if (given.Length != 1) return ([], "One of input, inputs and texts is given: a text, or a list of texts.");
        JsonElement[] items = given[0].ValueKind == JsonValueKind.Array ? [.. given[0].EnumerateArray()] : [given[0]];
        if (items.Length is 0 or > TextsMax) return ([], $"input holds 1 to {TextsMax} texts, not {items.Length}.");
        var all = 0L;
        for (var i = 0; i < items.Length; i++)
        {
            if (items[i].ValueKind != JsonValueKind.String) return ([], $"input[{i}] is no text.");
            var bytes = Encoding.UTF8.GetByteCount(items[i].GetString()!);
            if (bytes is 0 or > TextBytesMax) return ([], $"input[{i}] has {bytes} bytes; a text has 1 to {TextBytesMax}.");
            all += bytes;
        }

        return all > AllBytesMax ? ([], $"The texts have {all} bytes together; {AllBytesMax} are taken.") : ([.. items.Select(item => item.GetString()!)], null);
    }

    private static Failure NoKey() => FailureCatalog.Fail("LLM_AUTH_FAILED", "No key for openai: OPENAI_API_KEY is not set.");

    private Failure Unknown(string provider) => FailureCatalog.Fail("INVALID_INPUT", $"No provider {provider} gives vectors.", null, Json.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("provider", provider);
        writer.WriteStartArray("available");
        foreach (var name in options.Endpoints.Where(endpoint => endpoint.EmbedModel is not null).Select(endpoint => endpoint.Name).Append(ModelsOptions.Scripted)) writer.WriteStringValue(name);
        writer.WriteEndArray();
        writer.WriteEndObject();
    }));

    private static (EmbedRequest?, Failure?) Wrong(string message) => (null, FailureCatalog.Fail("INVALID_INPUT", message));
}
