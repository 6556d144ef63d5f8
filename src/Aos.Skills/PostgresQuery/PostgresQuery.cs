using System.Collections.Immutable;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Aos.Contracts;
using Aos.Kernel;
using Npgsql;

namespace Aos.Skills;

internal sealed record PostgresQueryIn(
    [Description("A connection of the tenant, of the kind postgres: host, database and credential come from it at the call.")]
    [RegularExpression("^[A-Za-z_][A-Za-z0-9_-]{0,63}$")] string Connection,
    [Description("One statement that reads: SELECT, WITH, VALUES, TABLE or EXPLAIN. Placeholders are %(name)s, @name or $1.")] [StringLength(10_000, MinimumLength = 1)] string Query,
    [Description("Rows given back at most."), Range(1, 10_000)] int MaxRows = 1_000,
    [Description("Seconds for the whole call."), Range(1.0, 300.0)] decimal? TimeoutSeconds = null,
    [Description("For older callers: a query only reads.")] bool Readonly = true)
{
    [Description("Values of placeholders: a map of names to values, or a list for $1, $2. They are sent beside the statement.")]
    public JsonElement Params { get; init; }
}

internal sealed record QueryColumnOut(string Name, string Type);

/// <param name="Rows">An object each, by the names of the columns.</param>
/// <param name="TruncatedBy">Which cap: <c>rows</c> or <c>bytes</c>; null: none.</param>
internal sealed record PostgresQueryOut(
    IReadOnlyList<QueryColumnOut> Columns, JsonElement Rows, int RowCount, bool Truncated, string? TruncatedBy, string Status, string RowsHash, long LatencyMs, ConnectionUsed Connection);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(PostgresQueryIn))]
[JsonSerializable(typeof(PostgresQueryOut))]
internal sealed partial class PostgresQueryJson : JsonSerializerContext;

/// <summary>Asks a PostgreSQL of the tenant, and changes nothing there.</summary>
internal sealed class PostgresQuery(Lazy<PostgresPools> pools, TimeProvider clock) : ISkill<PostgresQueryIn, PostgresQueryOut>, ITargeted<PostgresQueryIn>
{
    public SkillContract Contract { get; } = new()
    {
        Name = "postgres_query",
        Version = "2.1.0",
        Description = "Asks a PostgreSQL one question through a connection, and gives back its rows.",
        Effect = EffectClass.Idempotent,
        TypicalLatencyMs = 50,
        FailureModes =
        [
            new("TIMEOUT", 0.02, "No answer in time, or a lock was in the way."), new("INVALID_INPUT", 0.02, "The server does not understand the statement or a value."),
            new("PERMISSION_DENIED", 0.01, "The statement does more than read, or the role may not read that."), new("CONNECTION_REFUSED", 0.01, "Nothing listens there."),
            new("CONNECTION_RESET", 0.01, "The connection broke."), new("SERVICE_UNAVAILABLE", 0.005, "The server takes no more connections, or restarts."),
            new("DNS_FAILURE", 0.005, "The name cannot be resolved."), new("TLS_FAILURE", 0.005, "The certificate does not fit."),
            new("RESPONSE_TOO_LARGE", 0.001, "One row is longer than a result may be."), new("INVALID_STATE", 0.001, "What is asked is not ready to be asked."),
            new("NOT_FOUND", 0.001, "The server has no such database."), new("EGRESS_BLOCKED", 0.001, "The target is not a public address."),
        ],
        Constraints = ImmutableSortedDictionary.CreateRange(StringComparer.Ordinal, [
            KeyValuePair.Create("max_query_characters", Json.Of(10_000)), KeyValuePair.Create("max_rows", Json.Of(10_000)),
            KeyValuePair.Create("max_result_bytes", Json.Of(ReadOnlyTurn.BytesMax)), KeyValuePair.Create("max_timeout_ms", Json.Of(300_000)),
            KeyValuePair.Create("max_params", Json.Of(SqlValues.CountMax)), KeyValuePair.Create("max_connections", Json.Of(PostgresPools.ConnectionsMax)),
        ]),
        StableFields = ["rows_hash", "row_count", "truncated"],
        ConnectionKinds = [ConnectionKinds.Postgres],
        OftenFollowedBy = ["json_transform", "llm_invoke"],
        AntiPatterns = ["Putting values into the text of the query: give them as params.", "Reading a whole table to count its rows."],
        FreeParams = ["query", "params"],
        Tags = ["database", "sql", "postgres"],
    };

    public JsonTypeInfo<PostgresQueryIn> Input => PostgresQueryJson.Default.PostgresQueryIn;

    public JsonTypeInfo<PostgresQueryOut> Output => PostgresQueryJson.Default.PostgresQueryOut;

    public async Task<SkillAnswer<PostgresQueryOut>> InvokeAsync(PostgresQueryIn input, SkillCall call, CancellationToken cancel)
    {
        if (!input.Readonly) return new(null, PostgresFailures.Told("PERMISSION_DENIED", "read_only", "A query only reads: readonly cannot be false."));
        var (values, wrong) = SqlValues.Read(input.Params);
        if (values is null) return new(null, FailureCatalog.Fail("INVALID_INPUT", wrong!));
        var (sql, problem) = SqlText.Read(input.Query, values.Keys.ToHashSet(StringComparer.Ordinal));
        if (sql is null) return new(null, PostgresFailures.Of(problem!));
        var (place, unreadable) = PostgresPlaces.Of(call.Connection!, pools.Value.Reach);
        if (place is null) return new(null, unreadable);
        var asked = input.TimeoutSeconds is { } seconds ? TimeSpan.FromSeconds((double)seconds) : call.Timeout;
        var turn = new Turn(call.Connection!, place, sql, values, input.MaxRows, asked < call.Timeout ? asked : call.Timeout);
        var started = clock.GetTimestamp();
        var (rows, failure) = await AskAsync(turn, cancel);
        return failure is null
            ? new(Told(rows!, call.Connection!.Known, clock.GetElapsedTime(started)))
            : new(null, PostgresFailures.Hidden(failure, call.Connection!, place));
    }

    public CallTarget? Target(PostgresQueryIn input) => null;

    /// <summary>The host, where the connection says it openly.</summary>
    public CallTarget? Target(PostgresQueryIn input, Connection? through) =>
        through?.Settings.GetText("host") is { } host ? new CallTarget(TargetKind.Host, host.Trim('[', ']').ToLowerInvariant()) : null;

    private async Task<(QueryRows? Rows, Failure? Failure)> AskAsync(Turn turn, CancellationToken cancel)
    {
        using var timeout = new CancellationTokenSource(turn.Time, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancel);
        try
        {
            var (rows, failure, stale) = await AskAsync(turn, fresh: false, either.Token);
            // The server may have closed a connection that was kept. Nothing was asked yet, so asking over a new one repeats nothing.
            if (stale) (rows, failure, _) = await AskAsync(turn, fresh: true, either.Token);
            return (rows, failure);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return (null, PostgresFailures.Told("TIMEOUT", "statement", $"The query did not end within {turn.Time.TotalSeconds:0.###} s."));
        }
    }

    private async Task<(QueryRows? Rows, Failure? Failure, bool IsStale)> AskAsync(Turn turn, bool fresh, CancellationToken cancel)
    {
        var (lease, unreachable) = await pools.Value.OpenAsync(turn.Connection, turn.Place, fresh, cancel);
        if (lease is null) return (null, unreachable, false);
        await using var held = lease;
        var reading = new ReadOnlyTurn(lease.Connection, turn.Sql, turn.Time);
        try
        {
            var (rows, failure) = await reading.RunAsync([.. turn.Sql.Names.Select(name => SqlValues.Of(turn.Values[name]))], turn.RowsMax, cancel);
            return (rows, failure, false);
        }
        catch (Exception e) when (e is not OperationCanceledException && pools.Value.Reach.Told(turn.Place, e) is { } broken)
        {
            cancel.ThrowIfCancellationRequested();
            return (null, broken, !reading.IsUnderWay && !fresh);
        }
    }

    private static PostgresQueryOut Told(QueryRows rows, Connection through, TimeSpan took)
    {
        var json = rows.ToJson();
        return new PostgresQueryOut(
            [.. rows.Columns.Select(column => new QueryColumnOut(column.Name, column.Type))], json, rows.Count, rows.Cut is not null, rows.Cut, "ok",
            ContentHash.Short(json), (long)took.TotalMilliseconds, new ConnectionUsed(through.Name, through.Version));
    }

    /// <summary>What one call asks. No record: as text it would show values.</summary>
    private sealed class Turn(OpenConnection connection, PostgresPlace place, SqlText sql, IReadOnlyDictionary<string, JsonElement> values, int rowsMax, TimeSpan time)
    {
        internal OpenConnection Connection { get; } = connection;

        internal PostgresPlace Place { get; } = place;

        internal SqlText Sql { get; } = sql;

        internal IReadOnlyDictionary<string, JsonElement> Values { get; } = values;

        internal int RowsMax { get; } = rowsMax;

        internal TimeSpan Time { get; } = time;
    }
}
