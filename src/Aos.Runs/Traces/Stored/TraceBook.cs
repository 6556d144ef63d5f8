using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;
using Stopwatch = System.Diagnostics.Stopwatch;

namespace Aos.Runs;

/// <summary>Implements the door to traces of both kinds.</summary>
internal sealed class TraceBook(
    ITraces runs, TraceTable table, TraceLists lists, IDatabase database, IIdempotency keys, ICluster cluster, TraceMeter meter, StepKeyBook steps,
    IQuotas? quotas = null) : ITraceBook
{
    /// <summary>What a request's key is for.</summary>
    internal const string Scope = "traces";

    /// <summary>What the key of a run's start is for.</summary>
    private const string RunScope = "runs";

    /// <summary>Traces deleted in one transaction.</summary>
    private const int BatchMax = 200;

    /// <summary>How long the answer of a completed request is given again.</summary>
    private static readonly TimeSpan KeyLifetime = TimeSpan.FromDays(1);

    private static readonly TimeSpan FailedLifetime = TimeSpan.FromMinutes(5);

    /// <summary>Longer than storing the largest trace takes.</summary>
    private static readonly TimeSpan Lease = TimeSpan.FromMinutes(1);

    public Task<(StoreReply? Stored, Failure? Refusal)> StoreAsync(Caller caller, TraceOrder order, CancellationToken cancel) =>
        meter.OfAsync("store", caller.Tenant, () => order.Key is { } key ? WithKeyAsync(caller, order, new RequestKey(caller.Tenant, Scope, key), cancel) : StoreAsync(caller, order, null, null, cancel), reply => reply.Refusal is null);

    public Task<AnyTrace?> FindAsync(Caller caller, string id, CancellationToken cancel) =>
        meter.OfAsync("get", caller.Tenant, () => AnyAsync(caller, id, cancel), found => found is not null);

    public Task<AnyTrace?> FindByRootAsync(Caller caller, string root, CancellationToken cancel) => meter.OfAsync("by_hash", caller.Tenant, async () =>
    {
        var stored = await table.FindByRootAsync(caller.Tenant, root, cancel);
        var row = await lists.RunOfRootAsync(caller.Tenant, root, cancel);
        if (row is not null && !(stored?.Head.CreatedAt > row.CreatedAt) && await runs.ReadAsync(caller, row.Id, cancel) is { } run) return new AnyTrace(run, null);
        return stored is null ? null : new AnyTrace(null, stored);
    }, found => found is not null);

    public Task<(TracePage? Page, Failure? Refusal)> ListAsync(Caller caller, TraceFilter filter, CancellationToken cancel) =>
        meter.OfAsync("list", caller.Tenant, () => lists.ListAsync(caller.Tenant, filter, cancel), reply => reply.Refusal is null);

    public Task<(TraceComparison? Comparison, string? Unknown)> CompareAsync(Caller caller, string first, string second, CancellationToken cancel) => meter.OfAsync<(TraceComparison?, string?)>("compare", caller.Tenant, async () =>
    {
        if (await AnyAsync(caller, first, cancel) is not { } a) return (null, first);
        if (await AnyAsync(caller, second, cancel) is not { } b) return (null, second);
        var comparison = TraceComparing.Of(a, b);
        meter.Compared(comparison.Diff.Match);
        if (!comparison.Diff.Match) meter.Differs(comparison.Diff.Differences[0].Field == "root_hash" ? "root_hash" : "content", caller.Tenant);
        return (comparison, null);
    }, reply => reply.Item1 is not null);

    public Task<(string? Deleted, Failure? Refusal)> DeleteAsync(Caller caller, string id, CancellationToken cancel) => meter.OfAsync<(string?, Failure?)>("delete", caller.Tenant, async () =>
    {
        if (RunId.TryParse(id, out var run) && await runs.ReadAsync(caller, run, cancel) is not null)
            return (null, FailureCatalog.Fail("INVALID_STATE", $"{id} is a run: its trace is its journal, which is not deleted here. aos archive delete takes ended runs away."));
        if (await table.IdAsync(caller.Tenant, id, cancel) is not { } known) return (null, null);
        var began = Stopwatch.GetTimestamp();
        var deleted = await database.For(caller.Tenant).WriteAsync(
            (connection, transaction) =>
            {
                if (table.Hold(connection, transaction, caller.Tenant, known) is not { } hash) return null;
                Forget(connection, transaction, caller.Tenant, [known]);
                return hash;
            },
            cancel);
        meter.Kept("delete", database.Dialect, Stopwatch.GetElapsedTime(began));
        return (deleted, null);
    }, reply => reply.Item1 is not null);

    public Task<int> CleanupAsync(Caller caller, TimeSpan olderThan, CancellationToken cancel) =>
        meter.OfAsync("cleanup", caller.Tenant, () => ForgetBeforeAsync(caller.Tenant, cluster.Now - olderThan, cancel), _ => true);

    public async Task<TraceKey?> FindKeyAsync(Caller caller, string key, CancellationToken cancel)
    {
        var step = await table.FindKeyAsync(caller.Tenant, key, cancel);
        var request = await keys.FindAsync(new RequestKey(caller.Tenant, Scope, key), cancel);
        if (step is not null) return step;
        if (request is null && await steps.FindAsync(caller, key, cancel) is var (row, run, at)) return OfStep(row, run, at);
        request ??= await keys.FindAsync(new RequestKey(caller.Tenant, RunScope, key), cancel);
        if (request is null) return null;
        return new TraceKey(request.Subject, null, request.State.ToString().ToLowerInvariant(), null) { IsExecuted = request.State == KeyState.Completed };
    }

    private static TraceKey OfStep(KeyRow row, RunId run, int step) => row.State == KeyState.Completed
        ? new TraceKey(run.ToString(), step, "success", PythonJson.HashData(row.Answer ?? Json.Null))
        : new TraceKey(run.ToString(), step, row.State.ToString().ToLowerInvariant(), null) { IsExecuted = false };

    /// <summary>Deletes a tenant's traces from before a time, in bounded transactions. Replies how many.</summary>
    internal async Task<int> ForgetBeforeAsync(TenantId tenant, DateTimeOffset before, CancellationToken cancel)
    {
        var deleted = 0;
        while (true)
        {
            var few = await database.For(tenant).WriteAsync(
                (connection, transaction) =>
                {
                    var ids = TraceTable.Before(connection, transaction, tenant, before, BatchMax);
                    Forget(connection, transaction, tenant, ids);
                    return ids.Count;
                },
                cancel);
            deleted += few;
            if (few < BatchMax) return deleted;
        }
    }

    private static void Forget(System.Data.Common.DbConnection connection, System.Data.Common.DbTransaction transaction, TenantId tenant, IReadOnlyList<string> ids)
    {
        MismatchTable.Delete(connection, transaction, tenant, ids);
        TraceTable.Delete(connection, transaction, tenant, ids);
    }

    private async Task<AnyTrace?> AnyAsync(Caller caller, string id, CancellationToken cancel)
    {
        if (RunId.TryParse(id, out var run) && await runs.ReadAsync(caller, run, cancel) is { } trace) return new AnyTrace(trace, null);
        var began = Stopwatch.GetTimestamp();
        var found = await table.FindAsync(caller.Tenant, id, cancel);
        meter.Kept("load", database.Dialect, Stopwatch.GetElapsedTime(began));
        return found is { } stored ? new AnyTrace(null, stored) : null;
    }

    /// <summary>The key is reserved before, and completed in the transaction that stores: a process that ends in between leaves a reservation that ends by itself.</summary>
    private async Task<(StoreReply? Stored, Failure? Refusal)> WithKeyAsync(Caller caller, TraceOrder order, RequestKey key, CancellationToken cancel)
    {
        var owner = Guid.CreateVersion7(cluster.Now).ToString("D");
        var reply = await keys.ReserveAsync(key, Fingerprint(order), owner, Lease, cancel);
        meter.Key(reply.GetType().Name.ToLowerInvariant(), caller.Tenant);
        switch (reply)
        {
            case KeyReply.Repeat repeat:
                return (Read(repeat.Answer), null);
            case KeyReply.Conflict:
                return (null, FailureCatalog.Fail("IDEMPOTENCY_CONFLICT", $"The idempotency key {key.Key} was used to store another trace."));
            case KeyReply.AtWork work:
                return (null, FailureCatalog.Fail("INVALID_STATE", $"A request with the idempotency key {key.Key} is at work; it is over by {work.Until:O}. Ask again.", TimeSpan.FromSeconds(1)));
        }

        var isStored = false;
        try
        {
            var result = await StoreAsync(caller, order, key, owner, cancel);
            isStored = result.Stored is not null;
            return result;
        }
        finally
        {
            if (!isStored) await keys.FailAsync(key, owner, FailedLifetime, CancellationToken.None);
        }
    }

    private async Task<(StoreReply? Stored, Failure? Refusal)> StoreAsync(Caller caller, TraceOrder order, RequestKey? key, string? owner, CancellationToken cancel)
    {
        var (trace, refusal) = Proven(order.Trace, caller.Tenant);
        if (trace is null) return (null, refusal);
        if (quotas is not null && await quotas.FullAsync(caller.Tenant, cancel) is { } full) return (null, full);
        if (RunId.TryParse(trace.Id, out var run) && await runs.ReadAsync(caller, run, cancel) is not null) return (null, Taken(trace.Id, "is a run of AOS"));
        var hash = trace.FullHash;
        var stored = trace.Redacted(caller.Tenant, caller.Principal, cluster.Now);
        var began = Stopwatch.GetTimestamp();
        var (before, isTaken, isLost) = await database.For(caller.Tenant).WriteAsync(
            (connection, transaction) =>
            {
                var known = table.Hold(connection, transaction, caller.Tenant, trace.Id);
                if (known is not null && !order.Overwrite) return (known, true, false);
                var reply = new StoreReply(trace.Id, trace.Sdk.RootHash!, known, hash, false);
                if (key is not null && !keys.Complete(connection, transaction, key, owner!, trace.Id, Write(reply), KeyLifetime)) return (known, false, true);
                if (known is not null) TraceTable.Delete(connection, transaction, caller.Tenant, [trace.Id]);
                TraceTable.Insert(connection, transaction, stored, trace.Bytes);
                return (known, false, false);
            },
            cancel);
        if (isTaken) return (null, Taken(trace.Id, "is stored already"));
        if (isLost) return (null, FailureCatalog.Fail("INVALID_STATE", $"Another request took the idempotency key {key!.Key} meanwhile; nothing was stored.", TimeSpan.FromSeconds(1)));
        meter.Stored(caller.Tenant, database.Dialect, Stopwatch.GetElapsedTime(began), trace.Steps.Count, trace.Bytes);
        return (new StoreReply(trace.Id, trace.Sdk.RootHash!, before, hash, false), null);
    }

    private (ClientTrace? Trace, Failure? Refusal) Proven(JsonElement asked, TenantId tenant)
    {
        try
        {
            var (trace, refusal) = TraceProof.Of(TraceReading.Of(asked, tenant));
            if (refusal is not null) meter.Differs("store", tenant);
            return (trace, refusal);
        }
        catch (WrongTraceException e)
        {
            return (null, e.Failure);
        }
    }

    private static Failure Taken(string id, string why) => FailureCatalog.Fail("INVALID_STATE", $"{id} {why}: give the trace another trace_id, or send overwrite: true to replace one that is stored.");

    private static byte[] Fingerprint(TraceOrder order) => System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes($"{order.Overwrite}\n{PythonJson.Compact(order.Trace)}"));

    private static JsonElement Write(StoreReply reply) => Json.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("trace_id", reply.Id);
        writer.WriteString("root_hash", reply.RootHash);
        writer.WriteString("full_hash", reply.After);
        writer.WriteEndObject();
    });

    private static StoreReply Read(JsonElement answer) => new(answer.GetText("trace_id")!, answer.GetText("root_hash")!, null, answer.GetText("full_hash")!, true);
}
