using Aos.Contracts;

namespace Aos.Memory;

/// <summary>Tables of recall. Times are UTC ticks, vectors 32-bit floats in the order of the machine's bytes, little end first.</summary>
internal static class RecallSchema
{
    internal const string Room = "memory-recall";

    /// <summary>
    /// <c>memories</c> the notes, each with its built-in vector. <c>memory_vectors</c> what a model is to give (state 0), gave (1), or will not give (2).
    /// <c>memory_changes</c> counts a tenant's changes; every row bears the number of its last one and <c>memory_gone</c> those of what was removed, so a node
    /// that keeps notes in memory reads only what it has not seen: behind <c>floor</c> removals are forgotten, and it reads all anew.
    /// </summary>
    internal static Migration Migration { get; } = new(Room, 1, "notes of agents", """
        CREATE TABLE memories (
          tenant_id TEXT NOT NULL, id TEXT NOT NULL, change BIGINT NOT NULL, scope TEXT NOT NULL, agent_id TEXT, workflow TEXT, memory_type TEXT NOT NULL, text TEXT NOT NULL, meta TEXT,
          importance REAL NOT NULL, source TEXT NOT NULL, trusted BIGINT NOT NULL, run_id TEXT, step TEXT, content_hash TEXT NOT NULL, created_at BIGINT NOT NULL, expires_at BIGINT,
          embedding BLOB NOT NULL, embedding_model TEXT NOT NULL, dims BIGINT NOT NULL, PRIMARY KEY (tenant_id, id)
        );
        CREATE UNIQUE INDEX memories_content ON memories (tenant_id, content_hash);
        CREATE INDEX memories_change ON memories (tenant_id, change, id);
        CREATE INDEX memories_of_agent ON memories (tenant_id, agent_id, created_at);
        CREATE INDEX memories_of_run ON memories (tenant_id, run_id) WHERE run_id IS NOT NULL;
        CREATE INDEX memories_age ON memories (tenant_id, created_at, id);
        CREATE INDEX memories_kept ON memories (created_at);
        CREATE INDEX memories_expiry ON memories (expires_at) WHERE expires_at IS NOT NULL;
        CREATE TABLE memory_vectors (
          tenant_id TEXT NOT NULL, model TEXT NOT NULL, memory_id TEXT NOT NULL, state BIGINT NOT NULL, vector BLOB, dims BIGINT, attempts BIGINT NOT NULL, due_at BIGINT NOT NULL, error TEXT,
          PRIMARY KEY (tenant_id, model, memory_id)
        );
        CREATE INDEX memory_vectors_due ON memory_vectors (model, due_at) WHERE state = 0;
        CREATE TABLE memory_changes (tenant_id TEXT NOT NULL PRIMARY KEY, changes BIGINT NOT NULL, notes BIGINT NOT NULL, floor BIGINT NOT NULL);
        CREATE TABLE memory_gone (tenant_id TEXT NOT NULL, change BIGINT NOT NULL, id TEXT NOT NULL, at BIGINT NOT NULL, PRIMARY KEY (tenant_id, change, id));
        CREATE INDEX memory_gone_age ON memory_gone (at);
        CREATE TABLE embedding_usage (tenant_id TEXT NOT NULL PRIMARY KEY, day BIGINT NOT NULL, calls BIGINT NOT NULL);
        """);
}
