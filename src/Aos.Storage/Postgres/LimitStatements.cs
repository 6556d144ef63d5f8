using Aos.Contracts;

namespace Aos.Storage;

/// <summary>Limits as rows. Times are seconds since 1970 of the database's clock; each statement touches one key or says otherwise.</summary>
internal static class LimitStatements
{
    private const string Now = "extract(epoch FROM statement_timestamp())::float8";
    private const string Available = $"LEAST($2, b.tokens + GREATEST(0, {Now} - b.at) * $3)";
    private const string Granted = $"CASE WHEN {Available} >= $5 THEN $5 WHEN {Available} + 0.000001 >= $4 THEN $4 ELSE 0 END";

    internal static Migration Migration { get; } = new("limits", 1, "limits", """
        CREATE TABLE limit_buckets (
          key text PRIMARY KEY, tokens double precision NOT NULL, granted double precision NOT NULL, at double precision NOT NULL, full_at double precision NOT NULL
        ) WITH (fillfactor = 50);
        CREATE TABLE limit_slots (key text NOT NULL, holder text NOT NULL, until double precision NOT NULL, PRIMARY KEY (key, holder));
        CREATE TABLE limit_penalties (key text PRIMARY KEY, until double precision NOT NULL);
        """);

    /// <summary>$1 key, $2 burst, $3 tokens a second, $4 needed, $5 wished. Gives what was granted and what is left.</summary>
    internal const string Take = $"""
        INSERT INTO limit_buckets AS b (key, tokens, granted, at, full_at) VALUES ($1, $2 - LEAST($2, $5), LEAST($2, $5), {Now}, {Now} + LEAST($2, $5) / $3)
        ON CONFLICT (key) DO UPDATE SET granted = {Granted}, tokens = {Available} - {Granted}, at = GREATEST(b.at, {Now}),
          full_at = GREATEST(b.at, {Now}) + ($2 - {Available} + {Granted}) / $3
        RETURNING granted, tokens
        """;

    /// <summary>$1 key, $2 burst, $3 tokens a second, $4 given back.</summary>
    internal const string GiveBack = $"""
        INSERT INTO limit_buckets AS b (key, tokens, granted, at, full_at) VALUES ($1, LEAST($2, $2 + $4), 0, {Now}, {Now} + ($2 - LEAST($2, $2 + $4)) / $3)
        ON CONFLICT (key) DO UPDATE SET granted = 0, tokens = LEAST($2, {Available} + $4), at = GREATEST(b.at, {Now}),
          full_at = GREATEST(b.at, {Now}) + ($2 - LEAST($2, {Available} + $4)) / $3
        """;

    /// <summary>$1 key. Held until the end of the transaction, so that those after it see what the one before wrote.</summary>
    internal const string LockSlots = "SELECT pg_advisory_xact_lock(hashtextextended('limit_slots:' || $1, 0))";

    /// <summary>$1 key, $2 holder, $3 places, $4 lease in seconds. A row when it is held.</summary>
    internal const string Hold = $"""
        INSERT INTO limit_slots AS s (key, holder, until) SELECT $1, $2, {Now} + $4
        WHERE (SELECT count(*) FROM limit_slots o WHERE o.key = $1 AND o.holder <> $2 AND o.until > {Now}) < $3
        ON CONFLICT (key, holder) DO UPDATE SET until = excluded.until
        RETURNING 1
        """;

    /// <summary>$1 keys, $2 holders, $3 leases in seconds.</summary>
    internal const string Renew = $"""
        INSERT INTO limit_slots AS s (key, holder, until) SELECT key, holder, {Now} + lease FROM unnest($1, $2, $3) AS held (key, holder, lease) ORDER BY key, holder
        ON CONFLICT (key, holder) DO UPDATE SET until = excluded.until
        """;

    /// <summary>$1 key, $2 holder.</summary>
    internal const string Release = "DELETE FROM limit_slots WHERE key = $1 AND holder = $2";

    /// <summary>$1 key, $2 seconds.</summary>
    internal const string Penalise = $"""
        INSERT INTO limit_penalties AS p (key, until) VALUES ($1, {Now} + $2) ON CONFLICT (key) DO UPDATE SET until = GREATEST(p.until, excluded.until)
        """;

    /// <summary>All keys that are penalised, and for how many seconds more.</summary>
    internal const string Penalties = $"SELECT key, until - {Now} FROM limit_penalties WHERE until > {Now}";

    /// <summary>What a new row would be equal to, of all keys.</summary>
    internal const string Sweep = $"""
        WITH b AS (DELETE FROM limit_buckets WHERE full_at < {Now} - 60 RETURNING 1),
             s AS (DELETE FROM limit_slots WHERE until < {Now} - 60 RETURNING 1),
             p AS (DELETE FROM limit_penalties WHERE until < {Now} - 60 RETURNING 1)
        SELECT (SELECT count(*) FROM b) + (SELECT count(*) FROM s) + (SELECT count(*) FROM p)
        """;
}
