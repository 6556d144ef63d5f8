using Aos.Contracts;

namespace Aos.Storage;

/// <summary>Where archived runs lie. Migrated after the tables of the runs: rooms come in the order of their names. Ids are 16 big-endian bytes in both dialects.</summary>
internal static class ArchiveTables
{
    /// <summary>
    /// The store's own id keeps the files of two databases apart that share a directory. What agents spent in runs that left the
    /// database is added up, one row an agent: a budget that never ends must not grow with every run that does.
    /// </summary>
    private const string Tables = """
        CREATE TABLE archive_files (
          id TEXT PRIMARY KEY, name TEXT NOT NULL, place TEXT NOT NULL, bytes BIGINT NOT NULL, sha256 TEXT NOT NULL, runs BIGINT NOT NULL, events BIGINT NOT NULL,
          ended_from BIGINT NOT NULL, ended_to BIGINT NOT NULL, made_at BIGINT NOT NULL
        );
        CREATE INDEX archive_files_ended ON archive_files (ended_to);
        CREATE TABLE archived_runs (
          run_id BLOB PRIMARY KEY, tenant_id TEXT NOT NULL, agent_id TEXT NOT NULL, workflow TEXT, parent BLOB, status BIGINT NOT NULL, attempt BIGINT NOT NULL,
          spent BIGINT NOT NULL, budget BIGINT, last_seq BIGINT NOT NULL, created_at BIGINT NOT NULL, ended_at BIGINT NOT NULL, failure_code TEXT, root_hash TEXT,
          chain BLOB NOT NULL, file_id TEXT NOT NULL, block_at BIGINT NOT NULL, block_bytes BIGINT NOT NULL, archived_at BIGINT NOT NULL
        ) WITHOUT ROWID;
        CREATE INDEX archived_runs_of_file ON archived_runs (file_id);
        CREATE TABLE archived_spending (tenant_id TEXT NOT NULL, agent_id TEXT NOT NULL, spent BIGINT NOT NULL, PRIMARY KEY (tenant_id, agent_id)) WITHOUT ROWID;
        CREATE TABLE archive_store (id TEXT PRIMARY KEY);
        """;

    private const string Children = "CREATE INDEX runs_of_parent ON runs (parent) WHERE parent IS NOT NULL;";

    internal const string Columns =
        "run_id, tenant_id, agent_id, workflow, parent, status, attempt, spent, budget, last_seq, created_at, ended_at, failure_code, root_hash, chain, file_id, block_at, block_bytes, archived_at";

    internal static IReadOnlyList<Migration> Migrations { get; } =
    [
        new("storage-archive", 1, "ended runs in files", $"{Tables}{Children}INSERT INTO archive_store (id) VALUES (lower(hex(randomblob(16))));")
        {
            Postgres = PostgresWords.Of(Tables) + Children + "INSERT INTO archive_store (id) VALUES (replace(gen_random_uuid()::text, '-', ''));",
            HouseTables = ["archived_runs"], // Written by COPY, which row-level security forbids, and read for the house alone.
        },
    ];
}
