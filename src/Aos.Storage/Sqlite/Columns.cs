using System.Text;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;
using Microsoft.Data.Sqlite;

namespace Aos.Storage;

/// <summary>How values stand in columns.</summary>
internal static class Columns
{
    internal const string Run = "id, tenant_id, agent_id, workflow, goal, status, labels, last_seq, wake_at, owned, parent, attempt, spent, budget, created_at, updated_at, ended_at, failure_code, root_hash, adoptions, inbox_read, min_rule, priority, lane, scope";

    internal static byte[] Id(RunId id) => id.Value.ToByteArray(bigEndian: true);

    internal static RunId Id(ReadOnlySpan<byte> bytes) => new(new Guid(bytes, bigEndian: true));

    internal static long Ticks(DateTimeOffset at) => at.UtcTicks;

    internal static DateTimeOffset Time(long ticks) => new(ticks, TimeSpan.Zero);

    internal static string Labels(IReadOnlyDictionary<string, string> labels)
    {
        if (labels.Count == 0) return "{}";
        return Json.Write(writer =>
        {
            writer.WriteStartObject();
            foreach (var label in labels.OrderBy(label => label.Key, StringComparer.Ordinal)) writer.WriteString(label.Key, label.Value);
            writer.WriteEndObject();
        }).GetRawText();
    }

    /// <param name="node">This process: the embedded store has no other.</param>
    internal static RunRow Row(SqliteDataReader r, NodeId node) => new()
    {
        Id = Id(r.GetFieldValue<byte[]>(0)),
        Tenant = new TenantId(r.GetString(1)),
        AgentId = r.GetString(2),
        Workflow = r.IsDBNull(3) ? null : r.GetString(3),
        Goal = r.IsDBNull(4) ? null : r.GetString(4),
        Status = (RunStatus)r.GetInt32(5),
        Labels = Json.Parse(r.GetString(6)).EnumerateObject().ToDictionary(label => label.Name, label => label.Value.GetString()!, StringComparer.Ordinal),
        Seq = r.GetInt32(7),
        WakeAt = r.IsDBNull(8) ? null : Time(r.GetInt64(8)),
        Owner = r.GetInt32(9) == 1 ? node : null,
        Parent = r.IsDBNull(10) ? null : Id(r.GetFieldValue<byte[]>(10)),
        Attempt = r.GetInt32(11),
        Spent = Cents.FromMicros(r.GetInt64(12)),
        Budget = r.IsDBNull(13) ? null : Cents.FromMicros(r.GetInt64(13)),
        CreatedAt = Time(r.GetInt64(14)),
        UpdatedAt = Time(r.GetInt64(15)),
        EndedAt = r.IsDBNull(16) ? null : Time(r.GetInt64(16)),
        FailureCode = r.IsDBNull(17) ? null : r.GetString(17),
        RootHash = r.IsDBNull(18) ? null : r.GetString(18),
        Adoptions = r.GetInt32(19),
        InboxRead = r.GetInt64(20),
        MinRule = r.GetInt32(21),
        Priority = r.GetInt32(22),
        Lane = r.IsDBNull(23) ? null : (Lane)r.GetInt32(23),
        Scope = r.IsDBNull(24) ? null : r.GetString(24),
    };
}
