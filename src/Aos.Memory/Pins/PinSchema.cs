using Aos.Contracts;

namespace Aos.Memory;

/// <summary>The tables of the entries. Times are UTC ticks.</summary>
internal static class PinSchema
{
    internal static Migration First { get; } = new(MemoryRoom.Name, 1, "entries of the memory", """
        CREATE TABLE memory_pins (
          tenant_id TEXT NOT NULL, key TEXT NOT NULL, id BIGINT NOT NULL, value TEXT NOT NULL, source TEXT NOT NULL, ttl_seconds BIGINT, expires_at BIGINT,
          created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL, PRIMARY KEY (tenant_id, key));
        CREATE INDEX memory_pins_age ON memory_pins (tenant_id, created_at);
        CREATE INDEX memory_pins_expiry ON memory_pins (expires_at) WHERE expires_at IS NOT NULL;
        CREATE TABLE memory_usage (tenant_id TEXT NOT NULL PRIMARY KEY, pins BIGINT NOT NULL, last_id BIGINT NOT NULL);
        """);

    /// <summary>
    /// A node of the build before writes on beside this one: it leaves the version and the bytes as they are, and always sets the time of the change.
    /// The embedded store has no such node, and gets the value behind the other columns: what comes after a long value is found only through it.
    /// </summary>
    internal static Migration Versions { get; } = new(MemoryRoom.Name, 2, "versions and bytes of entries", """
        ALTER TABLE memory_usage ADD COLUMN bytes BIGINT NOT NULL DEFAULT 0;
        ALTER TABLE memory_usage ADD COLUMN last_version BIGINT NOT NULL DEFAULT 0;
        UPDATE memory_usage SET last_version = last_id,
          bytes = COALESCE((SELECT sum(length(CAST(value AS BLOB))) FROM memory_pins WHERE memory_pins.tenant_id = memory_usage.tenant_id), 0);
        DROP INDEX memory_pins_age;
        ALTER TABLE memory_pins RENAME TO memory_pins_before;
        CREATE TABLE memory_pins (
          tenant_id TEXT NOT NULL, key TEXT NOT NULL, id BIGINT NOT NULL, version BIGINT NOT NULL DEFAULT 0, bytes BIGINT NOT NULL DEFAULT 0, source TEXT NOT NULL, ttl_seconds BIGINT,
          expires_at BIGINT, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (tenant_id, key));
        INSERT INTO memory_pins (tenant_id, key, id, version, bytes, source, ttl_seconds, expires_at, created_at, updated_at, value)
          SELECT tenant_id, key, id, id, length(CAST(value AS BLOB)), source, ttl_seconds, expires_at, created_at, updated_at, value FROM memory_pins_before;
        DROP TABLE memory_pins_before;
        CREATE INDEX memory_pins_newest ON memory_pins (tenant_id, created_at, id);
        CREATE INDEX memory_pins_expiry ON memory_pins (expires_at) WHERE expires_at IS NOT NULL;
        CREATE INDEX memory_pins_expiry_of ON memory_pins (tenant_id, expires_at) WHERE expires_at IS NOT NULL;
        """)
    {
        Postgres = """
            ALTER TABLE memory_usage ADD COLUMN bytes bigint NOT NULL DEFAULT 0;
            ALTER TABLE memory_usage ADD COLUMN last_version bigint NOT NULL DEFAULT 0;
            ALTER TABLE memory_pins ADD COLUMN version bigint NOT NULL DEFAULT 0;
            ALTER TABLE memory_pins ADD COLUMN bytes bigint NOT NULL DEFAULT 0;
            UPDATE memory_pins SET version = id, bytes = octet_length(value);
            UPDATE memory_usage SET last_version = last_id,
              bytes = COALESCE((SELECT sum(p.bytes)::bigint FROM memory_pins p WHERE p.tenant_id = memory_usage.tenant_id), 0);
            CREATE INDEX memory_pins_newest ON memory_pins (tenant_id, created_at, id);
            DROP INDEX memory_pins_age;
            CREATE INDEX memory_pins_expiry_of ON memory_pins (tenant_id, expires_at) WHERE expires_at IS NOT NULL;
            """,
    };
}
