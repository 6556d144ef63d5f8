using Aos.Contracts;
using Aos.Kernel;
using Aos.Storage;

namespace Aos.Testing;

/// <summary>Who drives which run: those that are due, those in line, and the limits.</summary>
public sealed partial class MemoryJournal
{
    private readonly Dictionary<(TenantId Tenant, string Agent), int> limits = [];

    public Task<IReadOnlyList<RunRow>> ClaimDueAsync(NodeId node, DateTimeOffset now, int max, CancellationToken cancel)
    {
        List<RunRow> claimed;
        lock (gate)
        {
            claimed = !MayClaim(node) ? [] : [.. rows.Values.Where(row => !row.Owned && row.WakeAt <= now && row.MinRule <= ThisBuild.MaxRule).OrderBy(row => row.WakeAt).ThenBy(row => row.Id).Take(max)];
            claimed = [.. claimed.Select(row => ScopeOf(row) is { } scope ? Queue(row, scope) : Take(row, node, null, null))];
        }

        if (claimed.Count > 0) Pulse();
        return Task.FromResult<IReadOnlyList<RunRow>>(claimed);
    }

    public Task<QueueClaim> ClaimQueuedAsync(NodeId node, QueueTurn turn, CancellationToken cancel)
    {
        QueueClaim claim;
        lock (gate) claim = MayClaim(node) ? Turn(node, turn) : new QueueClaim([], null);
        if (claim.Runs.Count > 0) Pulse();
        return Task.FromResult(claim);
    }

    public Task<RunRow?> ClaimAsync(NodeId node, RunId run, Taking taking, CancellationToken cancel)
    {
        lock (gate)
        {
            if (!MayWrite(node) || rows.GetValueOrDefault(run) is not { Owner: null } row || row.MinRule > ThisBuild.MaxRule) return Task.FromResult<RunRow?>(null);
            if (taking == Taking.Drive) return Task.FromResult(Drive(node, row));
            var mayVisit = taking == Taking.Visit || row.Status == RunStatus.Queued || row.Lane == Lane.Held;
            return Task.FromResult(mayVisit ? Take(row, node, row.Lane is null ? row.Scope : row.Scope ?? "", row.Lane ?? (row.Scope is null ? null : Lane.Begun)) : null);
        }
    }

    public Task LimitAsync(IReadOnlyList<RunLimit> limits, CancellationToken cancel)
    {
        lock (gate)
        {
            foreach (var limit in limits)
            {
                if (limit.Most is { } most) this.limits[(limit.Tenant, limit.Agent)] = most;
                else this.limits.Remove((limit.Tenant, limit.Agent));
            }
        }

        return Task.CompletedTask;
    }

    public Task<IReadOnlyList<RunLimit>> LimitsAsync(CancellationToken cancel)
    {
        lock (gate) return Task.FromResult<IReadOnlyList<RunLimit>>([.. limits.Select(limit => new RunLimit(limit.Key.Tenant, limit.Key.Agent, limit.Value))]);
    }

    public Task<int> QueuedAsync(TenantId? tenant, int max, CancellationToken cancel)
    {
        lock (gate) return Task.FromResult(Math.Min(max, rows.Values.Count(row => IsInLine(row) && (tenant is null || row.Tenant == tenant))));
    }

    private static bool IsInLine(RunRow row) => row is { Owner: null, Lane: < Lane.Held };

    private QueueClaim Turn(NodeId node, QueueTurn turn)
    {
        var after = rows.Values.Where(row => IsInLine(row) && string.CompareOrdinal(row.Tenant.Value, turn.After) > 0)
            .GroupBy(row => row.Tenant).OrderBy(group => group.Key.Value, StringComparer.Ordinal).Take(turn.TenantsMax).ToList();
        var served = after.SelectMany((group, at) => OfTenant(group.Key, group).Take(turn.Max).Select((row, n) => (Row: row, N: n, At: at)))
            .OrderBy(one => one.N).ThenBy(one => one.At).Take(turn.Max).ToList();
        return new QueueClaim([.. served.Select(one => Take(one.Row, node, one.Row.Scope, null))], after.Count == turn.TenantsMax ? after[^1].Key.Value : null);
    }

    private IEnumerable<RunRow> OfTenant(TenantId tenant, IEnumerable<RunRow> inLine) => Ordered(inLine.Where(row => row.MinRule <= ThisBuild.MaxRule)
        .GroupBy(row => row.Scope ?? "").SelectMany(scope => Ordered(scope).Take(FreeOfScope(tenant, scope.Key)))).Take(FreeOfTenant(tenant));

    private static IEnumerable<RunRow> Ordered(IEnumerable<RunRow> rows) => rows.OrderBy(row => row.Lane).ThenByDescending(row => row.Priority).ThenBy(row => row.Id);

    private RunRow? Drive(NodeId node, RunRow row)
    {
        var scope = ScopeOf(row);
        if (scope is null || Math.Min(FreeOfTenant(row.Tenant), FreeOfScope(row.Tenant, scope)) > 0) return Take(row, node, scope, null);
        if (!row.Status.IsOver()) Queue(row, scope);
        return null;
    }

    private string? ScopeOf(RunRow row) => limits.ContainsKey((row.Tenant, row.AgentId)) ? row.AgentId : limits.ContainsKey((row.Tenant, "")) ? "" : null;

    private int FreeOfTenant(TenantId tenant) => Free((tenant, ""), row => row.HoldsSlot && row.Tenant == tenant);

    private int FreeOfScope(TenantId tenant, string scope) => scope.Length == 0 ? int.MaxValue : Free((tenant, scope), row => row.HoldsSlot && row.Tenant == tenant && row.Scope == scope);

    private int Free((TenantId, string) scope, Func<RunRow, bool> holds) =>
        limits.TryGetValue(scope, out var most) && !Planted.HasFlag(Planted.CountsNoSlots) ? Math.Max(0, most - rows.Values.Count(holds)) : int.MaxValue;

    private RunRow Take(RunRow row, NodeId node, string? scope, Lane? lane)
    {
        Claimed?.Invoke(node, row);
        return rows[row.Id] = row with { Owner = node, Scope = scope, Lane = lane };
    }

    private RunRow Queue(RunRow row, string scope) => rows[row.Id] = row with { Scope = scope, Lane = row.Lane ?? Lane.Begun, WakeAt = null };
}
