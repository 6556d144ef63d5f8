using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Skills;

/// <summary>What the three key-value skills have in common.</summary>
internal static class KvSkills
{
    /// <summary>Names of namespaces.</summary>
    internal const string NamespacePattern = "^[A-Za-z0-9_.-]{1,64}$";

    internal static ImmutableSortedDictionary<string, JsonElement> Constraints { get; } = ImmutableSortedDictionary.CreateRange(StringComparer.Ordinal, [
        KeyValuePair.Create("max_key_bytes", Json.Of(KvStore.KeyBytesMax)), KeyValuePair.Create("max_value_bytes", Json.Of(KvStore.ValueBytesMax)),
        KeyValuePair.Create("max_keys_per_tenant", Json.Of(KvStore.KeysMax)), KeyValuePair.Create("max_ttl_seconds", Json.Of(KvStore.TtlSecondsMax)),
    ]);

    internal static Failure? Problem(string key) =>
        Encoding.UTF8.GetByteCount(key) > KvStore.KeyBytesMax ? FailureCatalog.Fail("INPUT_TOO_LARGE", $"The key is longer than {KvStore.KeyBytesMax} bytes.") : null;

    internal static DateTimeOffset? Time(long? ticks) => ticks is { } at ? new DateTimeOffset(at, TimeSpan.Zero) : null;
}
