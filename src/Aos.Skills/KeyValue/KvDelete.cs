using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization.Metadata;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Skills;

internal sealed record KvDeleteIn(
    [StringLength(512, MinimumLength = 1)] string Key, [RegularExpression(KvSkills.NamespacePattern)] string Namespace = "default");

/// <param name="Deleted">False: there was no such key.</param>
internal sealed record KvDeleteOut(string Key, bool Deleted, long? PreviousVersion);

/// <summary>Removes a value. A repeat of the same call answers the same.</summary>
internal sealed class KvDelete(KvStore store) : ISkill<KvDeleteIn, KvDeleteOut>
{
    public SkillContract Contract { get; } = new()
    {
        Name = "kv_delete",
        Version = "1.0.0",
        Description = "Removes a value of the tenant's key-value store.",
        Effect = EffectClass.Idempotent,
        TypicalLatencyMs = 10,
        FailureModes =
        [
            new("IDEMPOTENCY_CONFLICT", 0.001, "The idempotency key was used for another write."), new("STORE_UNAVAILABLE", 0.001, "The store cannot write now."),
        ],
        Constraints = KvSkills.Constraints,
        StableFields = ["key", "deleted"],
        OftenPrecededBy = ["kv_get"],
        Tags = ["storage"],
    };

    public JsonTypeInfo<KvDeleteIn> Input => SkillsJson.Default.KvDeleteIn;

    public JsonTypeInfo<KvDeleteOut> Output => SkillsJson.Default.KvDeleteOut;

    public async Task<SkillAnswer<KvDeleteOut>> InvokeAsync(KvDeleteIn input, SkillCall call, CancellationToken cancel)
    {
        if (KvSkills.Problem(input.Key) is { } problem) return new SkillAnswer<KvDeleteOut>(null, problem);
        var (reply, failure) = await store.DeleteAsync(call, input.Namespace, input.Key, cancel);
        if (reply is null) return new SkillAnswer<KvDeleteOut>(null, failure);
        return new SkillAnswer<KvDeleteOut>(
            new KvDeleteOut(input.Key, reply.Applied, reply.PreviousVersion),
            SideEffects: reply.Applied ? [new SideEffect("kv_delete", $"{input.Namespace}/{input.Key}", false)] : []);
    }
}
