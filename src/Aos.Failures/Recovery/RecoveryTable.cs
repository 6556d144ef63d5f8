using System.Data.Common;
using Aos.Contracts;
using Aos.Kernel;
using Dapper;

namespace Aos.Failures;

/// <summary>Suggestions, and what was decided about them.</summary>
internal sealed class RecoveryTable(IDatabase database) : IForgetsRuns
{
    private const string Columns = RecoveryRows.Columns;

    internal Task<int> AddAsync(RecoveryCandidate made, CancellationToken cancel) => database.For(made.Tenant).WriteAsync(
        (connection, transaction) => connection.Execute(
            """
            INSERT INTO recovery_candidates (id, tenant_id, failure_id, run_id, attempt, code, entry, skill, signature, kind, suggestion, action, confidence, status, proposed_by, created_at)
            VALUES (@id, @tenant, @failure, @run, @attempt, @code, @entry, @skill, @signature, @kind, @suggestion, @action, @confidence, 'proposed', @by, @at)
            """,
            new
            {
                id = FailedStep.Text(made.Id), tenant = made.Tenant.Value, failure = made.Failure is { } failure ? FailedStep.Text(failure) : null, run = made.Run?.ToString(), attempt = (long?)made.Attempt,
                code = made.Code, entry = made.Entry?.Code, skill = made.Skill, signature = made.Signature, kind = made.Action.Kind.Wire(), suggestion = RecoveryActions.Text(made.Action),
                action = RecoveryRows.Text(made.Action), confidence = (long)(made.Confidence * 10_000), by = made.ProposedBy, at = made.CreatedAt.UtcTicks,
            },
            transaction),
        cancel);

    internal Task<(IReadOnlyList<RecoveryCandidate>, long)> ListAsync(TenantId tenant, RecoveryFilter filter, int limit, int offset, CancellationToken cancel)
    {
        var (where, values) = ("", new DynamicParameters(new { tenant = tenant.Value, limit, offset }));
        void Narrow(string part, string name, object? value)
        {
            if (value is null) return;
            where += $" AND {part}";
            values.Add(name, value);
        }

        Narrow("status = @status", "status", filter.Status is { } status ? RecoveryRows.Text(status) : null);
        Narrow("run_id = @run", "run", filter.Run?.ToString());
        Narrow("(upper(code) = @code OR entry = @code)", "code", filter.Code?.ToUpperInvariant());
        return database.For(tenant).ReadAsync(
            async (connection, token) =>
            {
                var total = await connection.ExecuteScalarAsync<long>(new CommandDefinition($"SELECT count(*) FROM recovery_candidates WHERE tenant_id = @tenant{where}", values, cancellationToken: token));
                var found = await ReadAsync(connection, $"SELECT {Columns} FROM recovery_candidates WHERE tenant_id = @tenant{where} ORDER BY created_at DESC, id LIMIT @limit OFFSET @offset", values, token);
                return ((IReadOnlyList<RecoveryCandidate>)found, total);
            },
            cancel);
    }

    internal Task<RecoveryCandidate?> FindAsync(TenantId tenant, Guid id, CancellationToken cancel) =>
        database.For(tenant).ReadAsync((connection, _) => Task.FromResult(Find(connection, null, tenant, id)), cancel);

    internal Task<IReadOnlyList<RecoveryDecision>> DecisionsAsync(TenantId tenant, Guid id, CancellationToken cancel) => database.For(tenant).ReadAsync(
        async (connection, token) =>
        {
            await using var rows = (DbDataReader)await connection.ExecuteReaderAsync(new CommandDefinition(
                "SELECT decision, by_whom, note, action, at FROM recovery_decisions WHERE tenant_id = @tenant AND candidate_id = @id ORDER BY seq",
                new { tenant = tenant.Value, id = FailedStep.Text(id) }, cancellationToken: token));
            var found = new List<RecoveryDecision>();
            while (await rows.ReadAsync(token))
            {
                found.Add(new RecoveryDecision(
                    RecoveryRows.StatusOf(rows.GetString(0)), rows.GetString(1), rows.IsDBNull(2) ? null : rows.GetString(2), RecoveryRows.Action(rows.GetString(3)), new DateTimeOffset(rows.GetInt64(4), TimeSpan.Zero)));
            }

            return (IReadOnlyList<RecoveryDecision>)found;
        },
        cancel);

    /// <summary>Decides about what is proposed. Replies how it stands then, and whether this decided it; null: it is not there.</summary>
    internal Task<(RecoveryCandidate? Candidate, bool Decided)> DecideAsync(TenantId tenant, Guid id, RecoveryDecision decision, CancellationToken cancel) => database.For(tenant).WriteAsync(
        (connection, transaction) =>
        {
            var changed = connection.Execute(
                """
                UPDATE recovery_candidates SET status = @status, decided_by = @by, decided_at = @at, note = @note, kind = @kind, suggestion = @suggestion, action = @action
                WHERE tenant_id = @tenant AND id = @id AND status = 'proposed'
                """,
                new
                {
                    tenant = tenant.Value, id = FailedStep.Text(id), status = RecoveryRows.Text(decision.Decision), by = decision.By, at = decision.At.UtcTicks, note = decision.Note,
                    kind = decision.Action.Kind.Wire(), suggestion = RecoveryActions.Text(decision.Action), action = RecoveryRows.Text(decision.Action),
                },
                transaction);
            if (changed > 0) Record(connection, transaction, tenant, id, decision);
            return (Find(connection, transaction, tenant, id), changed > 0);
        },
        cancel);

    /// <summary>Takes an approved suggestion to be applied now: of several that want to, one does.</summary>
    /// <param name="attempt">Of the run that will be tried again; null: a fork, whose run is told later.</param>
    internal Task<bool> TakeAsync(TenantId tenant, Guid id, RecoveryDecision applied, RunId? run, int? attempt, CancellationToken cancel) => database.For(tenant).WriteAsync(
        (connection, transaction) =>
        {
            var changed = connection.Execute(
                """
                UPDATE recovery_candidates SET status = 'applied', applied_by = @by, applied_at = @at, applied_run = @run, applied_attempt = @attempt
                WHERE tenant_id = @tenant AND id = @id AND status = 'approved'
                """,
                new { tenant = tenant.Value, id = FailedStep.Text(id), by = applied.By, at = applied.At.UtcTicks, run = run?.ToString(), attempt = (long?)attempt }, transaction);
            if (changed > 0) Record(connection, transaction, tenant, id, applied);
            return changed > 0;
        },
        cancel);

    /// <summary>The run did not take it: it is approved as before.</summary>
    internal Task<bool> GiveBackAsync(TenantId tenant, Guid id, RecoveryDecision back, CancellationToken cancel) => database.For(tenant).WriteAsync(
        (connection, transaction) =>
        {
            var changed = connection.Execute(
                """
                UPDATE recovery_candidates SET status = 'approved', applied_by = NULL, applied_at = NULL, applied_run = NULL, applied_attempt = NULL
                WHERE tenant_id = @tenant AND id = @id AND status = 'applied' AND result IS NULL
                """,
                new { tenant = tenant.Value, id = FailedStep.Text(id) }, transaction);
            if (changed > 0) Record(connection, transaction, tenant, id, back);
            return changed > 0;
        },
        cancel);

    internal Task<int> ForkedAsync(TenantId tenant, Guid id, RunId fork, CancellationToken cancel) => database.For(tenant).WriteAsync(
        (connection, transaction) => connection.Execute(
            "UPDATE recovery_candidates SET applied_run = @run, applied_attempt = 1 WHERE tenant_id = @tenant AND id = @id",
            new { tenant = tenant.Value, id = FailedStep.Text(id), run = fork.ToString() }, transaction),
        cancel);

    /// <summary>With a run that is deleted for good go the suggestions for it.</summary>
    public void Forget(DbConnection connection, DbTransaction transaction, IReadOnlyList<(TenantId Tenant, RunId Run)> runs)
    {
        foreach (var (tenant, run) in runs)
        {
            var of = new { tenant = tenant.Value, run = run.ToString() };
            connection.Execute(
                "DELETE FROM recovery_decisions WHERE tenant_id = @tenant AND candidate_id IN (SELECT id FROM recovery_candidates WHERE tenant_id = @tenant AND run_id = @run)", of, transaction);
            connection.Execute("DELETE FROM recovery_candidates WHERE tenant_id = @tenant AND run_id = @run", of, transaction);
        }
    }

    internal static async Task<List<RecoveryCandidate>> ReadAsync(DbConnection connection, string sql, object values, CancellationToken cancel)
    {
        await using var rows = (DbDataReader)await connection.ExecuteReaderAsync(new CommandDefinition(sql, values, cancellationToken: cancel));
        var found = new List<RecoveryCandidate>();
        while (await rows.ReadAsync(cancel)) found.Add(RecoveryRows.Of(rows));
        return found;
    }

    private static RecoveryCandidate? Find(DbConnection connection, DbTransaction? transaction, TenantId tenant, Guid id)
    {
        using var row = (DbDataReader)connection.ExecuteReader(
            $"SELECT {Columns} FROM recovery_candidates WHERE tenant_id = @tenant AND id = @id", new { tenant = tenant.Value, id = FailedStep.Text(id) }, transaction);
        return row.Read() ? RecoveryRows.Of(row) : null;
    }

    /// <summary>After the suggestion's own row was written, so that of several at once the next number is one's own.</summary>
    private static void Record(DbConnection connection, DbTransaction transaction, TenantId tenant, Guid candidate, RecoveryDecision decision) => connection.Execute(
        """
        INSERT INTO recovery_decisions (tenant_id, candidate_id, seq, decision, by_whom, note, action, at)
        VALUES (@tenant, @candidate, (SELECT count(*) + 1 FROM recovery_decisions WHERE tenant_id = @tenant AND candidate_id = @candidate), @decision, @by, @note, @action, @at)
        """,
        new
        {
            tenant = tenant.Value, candidate = FailedStep.Text(candidate), decision = RecoveryRows.Text(decision.Decision), by = decision.By, note = decision.Note, action = RecoveryRows.Text(decision.Action), at = decision.At.UtcTicks,
        },
        transaction);
}
