using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Memory;

/// <summary>What came of asking the configured model.</summary>
/// <param name="Vectors">Of length 1 each, for the texts that the quota had room for, from the first on; null: it failed.</param>
/// <param name="Failure">Of the model; <c>QUOTA_EXHAUSTED</c>: the day's quota has no room for any text.</param>
internal sealed record ModelReply(IReadOnlyList<float[]>? Vectors, Failure? Failure);

/// <summary>Asks the configured model for vectors, within the tenant's quota; those of questions are kept for a while.</summary>
internal sealed class ModelVectors(RecallOptions options, EmbeddingQuota quota, RecallMeter meter, TimeProvider clock, IEmbedder? embedder = null)
{
    /// <summary>Questions whose vectors are kept.</summary>
    internal const int QuestionsMax = 1_000;

    private readonly Lock guard = new();
    private readonly Dictionary<(TenantId Tenant, string Text), LinkedListNode<((TenantId Tenant, string Text) Key, float[] Vector)>> byText = [];
    private readonly LinkedList<((TenantId Tenant, string Text) Key, float[] Vector)> newestFirst = new();

    /// <summary>The question's vector, or why there is none: <c>no_embedding</c> (the quota is used up, or the model did not answer) or <c>error</c> (its answer was none).</summary>
    internal async Task<(float[]? Vector, string? Reason)> OfQuestionAsync(TenantId tenant, string text, CancellationToken cancel)
    {
        if (Find((tenant, text)) is { } kept) return (kept, null);
        var reply = await AskAsync(tenant, [text], cancel);
        if (reply.Vectors is not [var vector]) return (null, reply.Failure!.Code is "LLM_INVALID_RESPONSE" or "EXECUTION_ERROR" ? "error" : "no_embedding");
        Keep((tenant, text), vector);
        return (vector, null);
    }

    internal async Task<ModelReply> AskAsync(TenantId tenant, IReadOnlyList<string> texts, CancellationToken cancel)
    {
        if (embedder is null) return new ModelReply(null, FailureCatalog.Fail("CONFIG_INVALID", "Nobody here gives vectors."));
        var (granted, day) = await quota.TakeAsync(tenant, texts.Count, cancel);
        if (granted == 0)
        {
            meter.Exhausted();
            return new ModelReply(null, FailureCatalog.Fail("QUOTA_EXHAUSTED", $"The tenant has used its {options.DailyQuota} embeddings of the day.", quota.ResetsAt - clock.GetUtcNow()));
        }

        var isDone = false;
        try
        {
            var began = clock.GetTimestamp();
            var reply = await embedder.EmbedAsync(tenant, options.Provider, options.Model, options.Dimensions, granted == texts.Count ? texts : [.. texts.Take(granted)], cancel);
            meter.Called(options.Provider, clock.GetElapsedTime(began), reply.Failure?.Code, reply.Tokens);
            isDone = reply.Failure is null;
            foreach (var vector in reply.Vectors ?? []) VectorMath.Normalise(vector);
            return new ModelReply(reply.Vectors, reply.Failure);
        }
        finally
        {
            if (!isDone) await quota.GiveBackAsync(tenant, granted, day);
        }
    }

    private float[]? Find((TenantId Tenant, string Text) key)
    {
        lock (guard)
        {
            if (!byText.TryGetValue(key, out var node)) return null;
            newestFirst.Remove(node);
            newestFirst.AddFirst(node);
            return node.Value.Vector;
        }
    }

    private void Keep((TenantId Tenant, string Text) key, float[] vector)
    {
        lock (guard)
        {
            if (byText.ContainsKey(key)) return;
            byText[key] = newestFirst.AddFirst((key, vector));
            if (byText.Count <= QuestionsMax) return;
            byText.Remove(newestFirst.Last!.Value.Key);
            newestFirst.RemoveLast();
        }
    }
}
