using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Skills;

internal sealed record KvGetIn(
    [StringLength(512, MinimumLength = 1)] string Key,
    [RegularExpression(KvSkills.NamespacePattern)] string Namespace = "default")
{
    [Description("Given back when there is no such key; without it that is DATA_NOT_FOUND.")]
    public JsonElement Default { get; init; }
}

/// <param name="Version">1 for the first value of a key, +1 at each change; 0: not found.</param>
internal sealed record KvGetOut(JsonElement Value, bool Found, long Version, DateTimeOffset? ExpiresAt);

/// <summary>Reads a value that a run has kept.</summary>
internal sealed class KvGet(KvStore store) : ISkill<KvGetIn, KvGetOut>
{
    public SkillContract Contract { get; } = new()
    {
        Name = "kv_get",
        Version = "1.0.0",
        Description = "Reads a value of the tenant's key-value store.",
        Effect = EffectClass.Idempotent,
        TypicalLatencyMs = 5,
        FailureModes = [new("DATA_NOT_FOUND", 0.02, "There is no such key, and no default."), new("STORE_UNAVAILABLE", 0.001, "The store cannot be read now.")],
        Constraints = KvSkills.Constraints,
        StableFields = ["value", "found"],
        OftenFollowedBy = ["json_transform", "http_call"],
        OftenPrecededBy = ["kv_set"],
        Tags = ["storage"],
    };

    public JsonTypeInfo<KvGetIn> Input => SkillsJson.Default.KvGetIn;

    public JsonTypeInfo<KvGetOut> Output => SkillsJson.Default.KvGetOut;

    public async Task<SkillAnswer<KvGetOut>> InvokeAsync(KvGetIn input, SkillCall call, CancellationToken cancel)
    {
        if (KvSkills.Problem(input.Key) is { } problem) return new SkillAnswer<KvGetOut>(null, problem);
        if (await store.FindAsync(call.Tenant, input.Namespace, input.Key, cancel) is { } row)
            return new SkillAnswer<KvGetOut>(new KvGetOut(Json.Parse(row.Value), true, row.Version, KvSkills.Time(row.ExpiresAt)));
        return input.Default.ValueKind == JsonValueKind.Undefined
            ? new SkillAnswer<KvGetOut>(null, FailureCatalog.Fail("DATA_NOT_FOUND", $"There is no key '{input.Key}' in {input.Namespace}."))
            : new SkillAnswer<KvGetOut>(new KvGetOut(input.Default, false, 0, null));
    }
}
