using Aos.Contracts;

namespace Aos.Skills;

/// <summary>Tables of the key-value skills.</summary>
internal static class KvSchema
{
    /// <summary>
    /// <c>kv</c> the values; <c>kv_writes</c> what each write answered, so that a repeat of it answers the same and changes nothing;
    /// <c>kv_usage</c> the number of keys of each tenant. Times are UTC ticks.
    /// </summary>
    internal static readonly Migration[] Migrations =
    [
        new(SkillsRoom.Name, 1, "key-value store", """
            CREATE TABLE kv (
              tenant_id TEXT NOT NULL, namespace TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, version BIGINT NOT NULL,
              expires_at BIGINT NULL, updated_at BIGINT NOT NULL, PRIMARY KEY (tenant_id, namespace, key));
            CREATE INDEX kv_expiry ON kv (expires_at) WHERE expires_at IS NOT NULL;
            CREATE TABLE kv_writes (
              tenant_id TEXT NOT NULL, write_key TEXT NOT NULL, fingerprint TEXT NOT NULL, reply TEXT NOT NULL, at BIGINT NOT NULL,
              PRIMARY KEY (tenant_id, write_key));
            CREATE INDEX kv_writes_age ON kv_writes (at);
            CREATE TABLE kv_usage (tenant_id TEXT NOT NULL PRIMARY KEY, keys BIGINT NOT NULL);
            """),
    ];
}
