using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Runs;

/// <summary>Implements the door to mismatches: what is told of one is put into the outbox in the transaction that records it.</summary>
internal sealed class MismatchBook(ITraceBook traces, MismatchTable table, IDatabase database, IOutbox outbox, TraceOptions options, ICluster cluster, TraceMeter meter) : IMismatches
{
    public async Task<(Mismatch? Made, Failure? Refusal)> ReportAsync(Caller caller, string trace, MismatchReport report, CancellationToken cancel)
    {
        if (await IdAsync(caller, trace, cancel) is not { } id) return (null, null);
        var channel = options.HasGitHub ? Notified.GitHub : options.SlackWebhook is not null ? Notified.Slack : Notified.None;
        var mismatch = new Mismatch(
            NewId(), id, report.StepIndex, Redactor.RedactText(report.Reason), report.ExpectedHash, report.ActualHash, Redactor.RedactAll(report.Details), channel, false, null, cluster.Now, caller.Principal);
        var notice = NewId();
        var isKept = await database.For(caller.Tenant).WriteAsync(
            (connection, transaction) =>
            {
                if (!table.Insert(connection, transaction, caller.Tenant, mismatch)) return false;
                if (channel == Notified.GitHub) outbox.Add(connection, transaction, Notices.IssueOf(notice, caller.Tenant, options, mismatch));
                if (channel == Notified.Slack) outbox.Add(connection, transaction, Notices.MessageOf(notice, caller.Tenant, mismatch));
                return true;
            },
            cancel);
        if (!isKept) return (null, FailureCatalog.Fail("INPUT_TOO_LARGE", $"The trace {id} has {TraceLimits.MismatchesMax} mismatches, the most that are kept of one."));
        outbox.Added();
        meter.Differs("reported", caller.Tenant);
        return (mismatch, null);
    }

    public async Task<IReadOnlyList<Mismatch>?> ListAsync(Caller caller, string trace, CancellationToken cancel) =>
        await IdAsync(caller, trace, cancel) is { } id ? await table.ListAsync(caller.Tenant, id, cancel) : null;

    public async Task<Mismatch?> ResolveAsync(Caller caller, string trace, Guid id, string? note, CancellationToken cancel)
    {
        if (await IdAsync(caller, trace, cancel) is not { } known) return null;
        var (shown, comment) = (note is null ? null : Redactor.RedactText(note), NewId());
        var resolved = await database.For(caller.Tenant).WriteAsync(
            (connection, transaction) =>
            {
                if (MismatchTable.Find(connection, transaction, caller.Tenant, id) is not var (mismatch, _) || mismatch.TraceId != known) return null;
                if (MismatchTable.Resolve(connection, transaction, caller.Tenant, id, cluster.Now, caller.Principal, shown) && shown is not null && mismatch.Notified == Notified.GitHub && options.HasGitHub)
                    outbox.Add(connection, transaction, Notices.CommentOf(comment, caller.Tenant, options, mismatch, caller.Principal, shown));
                return MismatchTable.Find(connection, transaction, caller.Tenant, id)?.Mismatch;
            },
            cancel);
        outbox.Added();
        return resolved;
    }

    public async Task<BulkReport> BulkAsync(Caller caller, IReadOnlyList<Guid> ids, bool issue, CancellationToken cancel)
    {
        var (notice, makes) = (NewId(), issue && options.HasGitHub);
        var linked = await database.For(caller.Tenant).WriteAsync(
            (connection, transaction) =>
            {
                var found = new List<Mismatch>();
                foreach (var id in ids.Distinct())
                {
                    if (MismatchTable.Find(connection, transaction, caller.Tenant, id) is var (mismatch, _)) found.Add(mismatch);
                }

                if (makes && found.Count > 0) outbox.Add(connection, transaction, Notices.IssueOf(notice, caller.Tenant, options, found));
                return found;
            },
            cancel);
        outbox.Added();
        return new BulkReport(linked, makes && linked.Count > 0);
    }

    /// <summary>The one name under which a trace's mismatches are kept.</summary>
    private async Task<string?> IdAsync(Caller caller, string trace, CancellationToken cancel) =>
        await traces.FindAsync(caller, trace, cancel) is { } found ? found.Run?.Id.ToString() ?? found.Stored!.Head.Id : null;

    private Guid NewId() => Guid.CreateVersion7(cluster.Now);
}
