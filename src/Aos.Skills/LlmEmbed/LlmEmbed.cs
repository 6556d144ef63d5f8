using System.Collections.Immutable;
using System.Text;
using System.Text.Json.Serialization.Metadata;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Skills;

/// <summary>Asks a model for the vectors of texts: one request for all that are not known yet, its cost told to the last digit.</summary>
internal sealed class LlmEmbed(ModelsOptions options, ModelCaller caller, ModelKeys keys, VectorCache cache, TimeProvider clock) : ISkill<LlmEmbedIn, LlmEmbedOut>, ITargeted<LlmEmbedIn>
{
    /// <summary>Largest answer: all texts with the most dimensions, each number with all its digits.</summary>
    private const long AnswerBytesMax = 32L * EmbedReader.TextsMax * EmbedReader.DimensionsMax;

    private readonly EmbedReader reader = new(options);

    public SkillContract Contract { get; } = EmbedContract.Of(options);

    public JsonTypeInfo<LlmEmbedIn> Input => EmbedJson.Default.LlmEmbedIn;

    public JsonTypeInfo<LlmEmbedOut> Output => EmbedJson.Default.LlmEmbedOut;

    public async Task<SkillAnswer<LlmEmbedOut>> InvokeAsync(LlmEmbedIn input, SkillCall call, CancellationToken cancel)
    {
        if (options.Problems.Count > 0) return Failed(FailureCatalog.Fail("CONFIG_INVALID", string.Join(' ', options.Problems)));
        var (request, wrong) = reader.Read(input, call);
        if (request is null) return Failed(wrong!);
        if (request.Provider == ModelsOptions.Scripted) return Scripted(request);
        var distinct = request.Texts.Distinct(StringComparer.Ordinal).ToList();
        var known = await cache.FindAsync(call.Tenant, request, distinct, cancel);
        if (known.Values.DistinctBy(vector => vector.Length).Count() > 1) known.Clear(); // The model has changed: which of them are of now, nobody knows.
        var cached = request.Texts.Count(known.ContainsKey);
        List<string> missing = [.. distinct.Where(text => !known.ContainsKey(text))];
        if (missing.Count == 0) return Answer(request, known, cached, 0, false, Cents.Zero);
        var configured = options.Endpoints.First(one => one.Name == request.Provider);
        var (endpoint, refusal) = await keys.OfAsync(configured, EmbedContract.Name, call, cancel);
        if (refusal is not null) return Failed(refusal);
        var (answer, failure) = await caller.PostAsync(endpoint, EmbedWire.Path, writer => EmbedWire.Write(writer, request, missing), AnswerBytesMax, request.Timeout, cancel);
        if (failure is not null) return Failed(failure);
        var told = EmbedWire.Tokens(answer!.Value, EmbedRequest.TokensMax(missing));
        var tokens = told ?? missing.Sum(text => (Encoding.UTF8.GetByteCount(text) + 3L) / 4);
        var cost = options.Prices.Cost(request.Provider, request.Model, tokens, 0, DateOnly.FromDateTime(clock.GetUtcNow().UtcDateTime));
        var (vectors, problem) = EmbedWire.Read(answer.Value, missing.Count, request.Dimensions);
        if (vectors is null) return Failed(FailureCatalog.Fail("LLM_INVALID_RESPONSE", $"{endpoint.Name} answered with {problem}."), cost);
        var made = missing.Zip(vectors).ToDictionary(pair => pair.First, pair => pair.Second, StringComparer.Ordinal);
        await cache.KeepAsync(call.Tenant, request, made, cancel);
        if (known.Count > 0 && known.Values.First().Length != vectors[0].Length)
            return Failed(FailureCatalog.Fail("LLM_INVALID_RESPONSE", $"{endpoint.Name} gives vectors of {vectors[0].Length} dimensions now; those that were kept have others. Ask again: then all are asked for."), cost);
        foreach (var (text, vector) in made) known[text] = vector;
        return Answer(request, known, cached, tokens, told is null, cost);
    }

    /// <summary>A token is taken to be four bytes of the texts.</summary>
    public CallTarget? Target(LlmEmbedIn input)
    {
        var provider = reader.Provider(input);
        if (provider == ModelsOptions.Scripted) return null;
        var bytes = new[] { input.Input, input.Inputs, input.Texts }.Sum(part => (long)(part?.Bytes() ?? 0));
        return new CallTarget(TargetKind.Provider, provider, (bytes / 4) + 1);
    }

    private static SkillAnswer<LlmEmbedOut> Scripted(EmbedRequest request)
    {
        var dimensions = request.Dimensions ?? ScriptedVectors.DimensionsDefault;
        var vectors = request.Texts.Distinct(StringComparer.Ordinal).ToDictionary(text => text, text => ScriptedVectors.Of(text, dimensions), StringComparer.Ordinal);
        var answer = Answer(request, vectors, 0, request.Texts.Sum(text => (Encoding.UTF8.GetByteCount(text) + 3L) / 4), true, Cents.Zero);
        return answer with { Output = answer.Output! with { Model = ModelsOptions.Scripted, Deterministic = true } };
    }

    private static SkillAnswer<LlmEmbedOut> Answer(EmbedRequest request, Dictionary<string, float[]> vectors, int cached, long tokens, bool estimated, Cents cost)
    {
        var isCached = cached == request.Texts.Length;
        return new SkillAnswer<LlmEmbedOut>(
            new LlmEmbedOut(
                [.. request.Texts.Select(text => vectors[text].Select(Number).ToImmutableArray())], request.Texts.Length, vectors.Values.First().Length, request.Model,
                request.Provider, tokens, 0, cost.Value, isCached, cached, isCached, estimated),
            Cost: cost);
    }

    /// <summary>With the digits it has, and no zeros behind them.</summary>
    private static decimal Number(float number) => (decimal)number / 1.0000000000000000000000000000m;

    private static SkillAnswer<LlmEmbedOut> Failed(Failure failure, Cents cost = default) => new(null, failure, cost);
}
