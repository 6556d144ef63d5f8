using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Skills;

internal sealed record KvSetIn(
    [StringLength(512, MinimumLength = 1)] string Key,
    [Description("Any JSON value.")] JsonElement Value,
    [RegularExpression(KvSkills.NamespacePattern)] string Namespace = "default",
    [Description("Seconds to live; without it the value stays."), Range(1, KvStore.TtlSecondsMax)] int? TtlSeconds = null,
    [Description("Leave a value that is there as it is.")] bool IfAbsent = false);

/// <param name="Written">False: if_absent, and there was a value.</param>
internal sealed record KvSetOut(string Key, bool Written, bool Existed, long Version, long? PreviousVersion, DateTimeOffset? ExpiresAt);

/// <summary>Keeps a value. A repeat of the same call changes nothing and answers the same, whatever was written in between.</summary>
internal sealed class KvSet(KvStore store) : ISkill<KvSetIn, KvSetOut>
{
    public SkillContract Contract { get; } = new()
    {
        Name = "kv_set",
        Version = "1.0.0",
        Description = "Keeps a JSON value in the tenant's key-value store, for a time or for good.",
        Effect = EffectClass.Idempotent,
        TypicalLatencyMs = 10,
        FailureModes =
        [
            new("QUOTA_EXHAUSTED", 0.02, "The tenant has as many keys as it may have."), new("INPUT_TOO_LARGE", 0.005, "Key or value are larger than accepted."),
            new("IDEMPOTENCY_CONFLICT", 0.001, "The idempotency key was used for another write."), new("STORE_UNAVAILABLE", 0.001, "The store cannot write now."),
        ],
        Constraints = KvSkills.Constraints,
        StableFields = ["key", "written"],
        OftenFollowedBy = ["kv_get"],
        OftenPrecededBy = ["json_transform", "http_call"],
        FreeParams = ["value"],
        Tags = ["storage"],
    };

    public JsonTypeInfo<KvSetIn> Input => SkillsJson.Default.KvSetIn;

    public JsonTypeInfo<KvSetOut> Output => SkillsJson.Default.KvSetOut;

    public async Task<SkillAnswer<KvSetOut>> InvokeAsync(KvSetIn input, SkillCall call, CancellationToken cancel)
    {
        if (KvSkills.Problem(input.Key) is { } problem) return new SkillAnswer<KvSetOut>(null, problem);
        string value;
        try
        {
            value = CanonicalJson.Text(input.Value);
        }
        catch (CanonicalJsonException e)
        {
            return new SkillAnswer<KvSetOut>(null, FailureCatalog.Fail("INVALID_INPUT", $"value: {e.Message}"));
        }

        if (Encoding.UTF8.GetByteCount(value) > KvStore.ValueBytesMax)
            return new SkillAnswer<KvSetOut>(null, FailureCatalog.Fail("INPUT_TOO_LARGE", $"The value is longer than {KvStore.ValueBytesMax} bytes."));
        var (reply, failure) = await store.SetAsync(call, input.Namespace, input.Key, value, input.TtlSeconds, input.IfAbsent, cancel);
        if (reply is null) return new SkillAnswer<KvSetOut>(null, failure);
        return new SkillAnswer<KvSetOut>(
            new KvSetOut(input.Key, reply.Applied, reply.Existed, reply.Version, reply.PreviousVersion, KvSkills.Time(reply.ExpiresAt)),
            SideEffects: reply.Applied ? [new SideEffect("kv_set", $"{input.Namespace}/{input.Key}", true)] : []);
    }
}
