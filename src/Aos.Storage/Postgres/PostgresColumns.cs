using System.Globalization;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;
using Npgsql;

namespace Aos.Storage;

/// <summary>How a run's row stands in columns on PostgreSQL.</summary>
internal static class PostgresColumns
{
    internal const string Run =
        "r.id, r.tenant_id, r.agent_id, r.workflow, r.goal, r.status, r.labels, r.last_seq, r.wake_at, r.owner, r.parent, r.attempt, r.spent, r.budget, "
        + "r.created_at, r.updated_at, r.ended_at, r.failure_code, r.root_hash, r.adoptions, r.inbox_read, r.min_rule, r.priority, r.lane, r.scope";

    /// <summary>Columns of <see cref="Run"/>: what is selected beside them comes after.</summary>
    internal const int Count = 25;

    /// <summary>Statuses in which nothing wakes a run any more.</summary>
    internal static string Over { get; } = string.Join(
        ", ", Enum.GetValues<RunStatus>().Where(status => status.IsOver()).Select(status => ((int)status).ToString(CultureInfo.InvariantCulture)));

    internal static RunRow Row(NpgsqlDataReader r) => new()
    {
        Id = new RunId(r.GetGuid(0)),
        Tenant = new TenantId(r.GetString(1)),
        AgentId = r.GetString(2),
        Workflow = Text(r, 3),
        Goal = Text(r, 4),
        Status = (RunStatus)r.GetInt16(5),
        Labels = Labels(r.GetString(6)),
        Seq = r.GetInt32(7),
        WakeAt = Time(r, 8),
        Owner = r.IsDBNull(9) ? null : new NodeId(r.GetGuid(9)),
        Parent = r.IsDBNull(10) ? null : new RunId(r.GetGuid(10)),
        Attempt = r.GetInt32(11),
        Spent = Cents.FromMicros(r.GetInt64(12)),
        Budget = r.IsDBNull(13) ? null : Cents.FromMicros(r.GetInt64(13)),
        CreatedAt = Columns.Time(r.GetInt64(14)),
        UpdatedAt = Columns.Time(r.GetInt64(15)),
        EndedAt = Time(r, 16),
        FailureCode = Text(r, 17),
        RootHash = Text(r, 18),
        Adoptions = r.GetInt32(19),
        InboxRead = r.GetInt64(20),
        MinRule = r.GetInt32(21),
        Priority = r.GetInt16(22),
        Lane = r.IsDBNull(23) ? null : (Lane)r.GetInt16(23),
        Scope = Text(r, 24),
    };

    private static IReadOnlyDictionary<string, string> Labels(string json) => json == "{}"
        ? new Dictionary<string, string>()
        : Json.Parse(json).EnumerateObject().ToDictionary(label => label.Name, label => label.Value.GetString()!, StringComparer.Ordinal);

    private static string? Text(NpgsqlDataReader r, int column) => r.IsDBNull(column) ? null : r.GetString(column);

    private static DateTimeOffset? Time(NpgsqlDataReader r, int column) => r.IsDBNull(column) ? null : Columns.Time(r.GetInt64(column));
}
