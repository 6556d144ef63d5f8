using Aos.Contracts;
using Npgsql;

namespace Aos.Storage;

/// <summary>
/// Applies numbered migrations, each once and in a transaction of its own, however many nodes start at once: the steps stand in
/// line behind one lock of the database, which ends with the transaction and so holds behind PgBouncer too.
/// </summary>
internal sealed class PostgresMigrator(NpgsqlDataSource source, IReadOnlyList<Migration> migrations)
{
    /// <summary>How often a step is tried that came upon somebody's lock; with the pauses about 40 s.</summary>
    private const int TriesMax = 12;

    /// <summary>Nodes that were heard of within three times what they promised.</summary>
    private const string LiveSql = "SELECT count(*) FROM heartbeats WHERE renewed_at + 3 * ttl_ms * interval '1 millisecond' > now()";

    /// <summary>
    /// A statement that waits for a table's lock holds up all that come after it, so it gives up soon. Once it has the lock it may
    /// take its time.
    /// </summary>
    private const string Manners = "SET LOCAL lock_timeout = '2s'; SET LOCAL statement_timeout = 0; SET LOCAL synchronous_commit = on";

    private const string Table = """
        CREATE TABLE IF NOT EXISTS aos_migrations (
          room text NOT NULL, number integer NOT NULL, name text NOT NULL, checksum text NOT NULL, breaks boolean NOT NULL,
          build text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (room, number)
        )
        """;

    /// <summary>What the database's migrations come to; nothing is changed.</summary>
    internal MigrationPlan Look()
    {
        using var connection = source.OpenConnection();
        return Look(connection, null);
    }

    /// <summary>
    /// Runs what is pending. A step that breaks other builds is left for later while a node is alive. Replies how many steps it
    /// ran itself. Throws <see cref="StoreRefusedException"/> for a database that this build must not write.
    /// </summary>
    internal int Up()
    {
        using var connection = source.OpenConnection();
        var plan = Look(connection, null);
        plan.EnsureUsable();
        if (plan.Pending.Count == 0) return 0;
        Locked(connection, transaction => Run(connection, transaction, Table));
        var ran = 0;
        foreach (var migration in plan.Pending)
        {
            if (migration.Breaks && AreNodesAlive(connection)) continue;
            Locked(connection, transaction => ran += Step(connection, transaction, migration));
        }

        return ran;
    }

    /// <summary>Whether a node is at work on this database.</summary>
    private static bool AreNodesAlive(NpgsqlConnection connection) =>
        IsThere(connection, null, "heartbeats") && Scalar<long>(connection, null, LiveSql) > 0;

    private int Step(NpgsqlConnection connection, NpgsqlTransaction transaction, Migration migration)
    {
        var plan = Look(connection, transaction);
        plan.EnsureUsable();
        if (!plan.Pending.Contains(migration)) return 0; // Another node was first.
        Run(connection, transaction, migration.Postgres ?? PostgresWords.Of(migration.Sql));
        Run(
            connection, transaction, "INSERT INTO aos_migrations (room, number, name, checksum, breaks, build) VALUES ($1, $2, $3, $4, $5, $6)",
            migration.Room, migration.Number, migration.Name, MigrationPlan.Checksum(Dialect.Postgres, migration), migration.Breaks, ThisBuild.Version);
        return 1;
    }

    private static void Locked(NpgsqlConnection connection, Action<NpgsqlTransaction> step)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                using var transaction = connection.BeginTransaction();
                Run(connection, transaction, "SELECT pg_advisory_xact_lock(1634693989, 1)");
                Run(connection, transaction, Manners);
                step(transaction);
                transaction.Commit();
                return;
            }
            catch (PostgresException e) when (tries < TriesMax && e.SqlState is PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.DeadlockDetected)
            {
                Thread.Sleep(TimeSpan.FromMilliseconds(250 * tries));
            }
        }
    }

    private MigrationPlan Look(NpgsqlConnection connection, NpgsqlTransaction? transaction) =>
        new(Dialect.Postgres, migrations, IsThere(connection, transaction, "aos_migrations") ? Applied(connection, transaction) : []);

    private static List<AppliedMigration> Applied(NpgsqlConnection connection, NpgsqlTransaction? transaction)
    {
        using var select = new NpgsqlCommand("SELECT room, number, name, checksum, breaks FROM aos_migrations", connection, transaction);
        using var reader = select.ExecuteReader();
        var applied = new List<AppliedMigration>();
        while (reader.Read()) applied.Add(new AppliedMigration(reader.GetString(0), reader.GetInt32(1), reader.GetString(2), reader.GetString(3), reader.GetBoolean(4)));
        return applied;
    }

    private static bool IsThere(NpgsqlConnection connection, NpgsqlTransaction? transaction, string table) =>
        Scalar<bool>(connection, transaction, $"SELECT to_regclass('{table}') IS NOT NULL");

    private static T Scalar<T>(NpgsqlConnection connection, NpgsqlTransaction? transaction, string sql)
    {
        using var command = new NpgsqlCommand(sql, connection, transaction);
        return (T)command.ExecuteScalar()!;
    }

    private static void Run(NpgsqlConnection connection, NpgsqlTransaction transaction, string sql, params object[] values)
    {
        using var command = new NpgsqlCommand(sql, connection, transaction) { CommandTimeout = 0 };
        foreach (var value in values) command.Parameters.Add(new NpgsqlParameter { Value = value });
        command.ExecuteNonQuery();
    }
}
