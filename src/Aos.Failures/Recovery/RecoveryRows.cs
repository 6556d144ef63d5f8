using System.Data.Common;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Failures;

/// <summary>Suggestions as rows.</summary>
internal static class RecoveryRows
{
    internal const string Columns =
        "id, tenant_id, failure_id, run_id, attempt, code, entry, skill, signature, action, confidence, status, proposed_by, created_at, "
        + "decided_by, decided_at, note, applied_by, applied_at, applied_run, applied_attempt, result, ended_at";

    /// <summary>Times are UTC ticks, confidences ten-thousandths. Rows of decisions are written once.</summary>
    internal static Migration Migration { get; } = new("failures", 3, "recovery suggestions", """
        CREATE TABLE recovery_candidates (
          id TEXT NOT NULL PRIMARY KEY, tenant_id TEXT NOT NULL, failure_id TEXT, run_id TEXT, attempt BIGINT, code TEXT NOT NULL, entry TEXT, skill TEXT, signature TEXT,
          kind TEXT NOT NULL, suggestion TEXT NOT NULL, action TEXT NOT NULL, confidence BIGINT NOT NULL, status TEXT NOT NULL, proposed_by TEXT NOT NULL, created_at BIGINT NOT NULL,
          decided_by TEXT, decided_at BIGINT, note TEXT, applied_by TEXT, applied_at BIGINT, applied_run TEXT, applied_attempt BIGINT, result TEXT, ended_at BIGINT
        );
        CREATE INDEX recovery_of_tenant ON recovery_candidates (tenant_id, created_at, id);
        CREATE INDEX recovery_of_run ON recovery_candidates (run_id);
        CREATE INDEX recovery_of_failure ON recovery_candidates (failure_id) WHERE result IS NOT NULL;
        CREATE INDEX recovery_by_age ON recovery_candidates (created_at);
        CREATE INDEX recovery_open ON recovery_candidates (applied_at) WHERE status = 'applied' AND result IS NULL;
        CREATE TABLE recovery_decisions (
          tenant_id TEXT NOT NULL, candidate_id TEXT NOT NULL, seq BIGINT NOT NULL, decision TEXT NOT NULL, by_whom TEXT NOT NULL, note TEXT, action TEXT NOT NULL, at BIGINT NOT NULL,
          PRIMARY KEY (tenant_id, candidate_id, seq)
        );
        """);

    internal static RecoveryCandidate Of(DbDataReader row)
    {
        string? Optional(int column) => row.IsDBNull(column) ? null : row.GetString(column);
        Guid? OptionalId(int column) => row.IsDBNull(column) ? null : Guid.ParseExact(row.GetString(column), "D");
        DateTimeOffset? Time(int column) => row.IsDBNull(column) ? null : new DateTimeOffset(row.GetInt64(column), TimeSpan.Zero);
        int? Number(int column) => row.IsDBNull(column) ? null : (int)row.GetInt64(column);
        return new RecoveryCandidate
        {
            Id = OptionalId(0)!.Value, Tenant = new TenantId(row.GetString(1)), Failure = OptionalId(2), Run = OptionalId(3) is { } run ? new RunId(run) : null, Attempt = Number(4),
            Code = row.GetString(5), Entry = Optional(6) is { } entry ? FailureCatalog.Find(entry) : null, Skill = Optional(7), Signature = Optional(8), Action = Action(row.GetString(9)),
            Confidence = row.GetInt64(10) / 10_000m, Status = StatusOf(row.GetString(11)), ProposedBy = row.GetString(12), CreatedAt = Time(13)!.Value, DecidedBy = Optional(14), DecidedAt = Time(15),
            Note = Optional(16), AppliedBy = Optional(17), AppliedAt = Time(18), AppliedRun = OptionalId(19) is { } applied ? new RunId(applied) : null, AppliedAttempt = Number(20),
            Result = Optional(21) is { } result ? ResultOf(result) : null, EndedAt = Time(22),
        };
    }

    internal static string Text(RecoveryStatus status) => status.ToString().ToLowerInvariant();

    internal static string Text(RecoveryResult result) => result.ToString().ToLowerInvariant();

    internal static string Text(RecoveryAction action) => System.Text.Encoding.UTF8.GetString(Json.Write(writer => RecoveryActions.Write(writer, action)).Raw());

    internal static RecoveryStatus StatusOf(string text) => Enum.Parse<RecoveryStatus>(text, true);

    internal static RecoveryResult ResultOf(string text) => Enum.Parse<RecoveryResult>(text, true);

    internal static RecoveryAction Action(string text) =>
        RecoveryActions.Read(Json.ParseWrapped(System.Text.Encoding.UTF8.GetBytes(text))) is ({ } action, _) ? action : throw new InvariantBrokenException("A kept action cannot be read.");
}
