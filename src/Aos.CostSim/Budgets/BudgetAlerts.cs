using System.Globalization;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.CostSim;

/// <summary>
/// Looks at what was really spent, and says once of each period and account that it comes near its limit or is over it: of accounts that people set,
/// and of the alarm limits of calls, runs, hours and days. Nothing is stopped here.
/// </summary>
internal sealed class BudgetAlerts(IBudgetTables tables, AlarmLimits limits, TimeProvider clock, IEnumerable<IBudgetAlertSink> sinks) : IChore
{
    private const int PageMax = 500;

    /// <summary>Dear calls and runs of one tenant and day that are told.</summary>
    private const int DearMax = 200;

    /// <summary>Tenants whose spending is remembered; then all are forgotten.</summary>
    private const int LookedMax = 10_000;

    private static readonly AccountKey OfHour = new(AccountScope.Tenant, "", AccountPeriod.Hour);
    private static readonly AccountKey OfDay = new(AccountScope.Tenant, "", AccountPeriod.Day);

    /// <summary>What a tenant had spent in the day when its lines were last looked through here.</summary>
    private readonly Dictionary<TenantId, Cents> looked = [];

    public string Name => "budget-alerts";

    public TimeSpan Interval => TimeSpan.FromSeconds(15);

    public async Task<int> PassAsync(CancellationToken cancel)
    {
        var (now, told, seen) = (clock.GetUtcNow(), 0, new HashSet<TenantId>());
        // Whoever spent something in this hour or the one before; an hour that has just ended is looked at once more.
        var hour = OfHour.PeriodOf(now.AddHours(-1));
        for (TenantId? after = null; ;)
        {
            var page = await tables.SpendersAsync(hour, after, PageMax, cancel);
            foreach (var tenant in page) told += await LookAsync(tenant, now, cancel);
            seen.UnionWith(page);
            if (page.Count < PageMax) break;
            after = page[^1];
        }

        foreach (var sink in sinks)
        {
            foreach (var tenant in await sink.OpenAsync(now, cancel))
            {
                if (seen.Add(tenant)) told += await LookAsync(tenant, now, cancel);
            }
        }

        return told;
    }

    private async Task<int> LookAsync(TenantId tenant, DateTimeOffset now, CancellationToken cancel)
    {
        var (found, once) = (new List<BudgetEvent>(), new List<BudgetEvent>());
        foreach (var at in new[] { now.AddHours(-1), now })
        {
            await AddAsync(found, tenant, OfHour, limits.Hour, at, now, cancel);
            await AddAsync(found, tenant, OfDay, limits.Day, at, now, cancel);
        }

        var (halted, periods) = (new List<BudgetEvent>(), new HashSet<string>(StringComparer.Ordinal) { OfHour.PeriodOf(now), OfDay.PeriodOf(now) });
        foreach (var standing in await tables.StandingAsync(tenant, now, cancel))
        {
            periods.Add(standing.Period);
            if (standing.Account.Halted is { } why) halted.Add(Halted(tenant, standing, why, now));
            if (standing.Account.Warned is { } most) Add(found, tenant, "account", standing.Account.Key, standing.Period, standing.Spent, most, standing.Account.WarnAt, now);
        }

        // Lines are only looked through when some were added since.
        var today = await tables.SpentAsync(tenant, OfDay, now, cancel);
        if (!looked.TryGetValue(tenant, out var before) || before != today)
        {
            foreach (var dear in await tables.DearAsync(tenant, OfDay.PeriodOf(now), limits.Request, limits.Run, DearMax, cancel)) once.Add(Dear(tenant, dear, OfDay.PeriodOf(now), now));
        }

        var told = found.Count + once.Count == 0 ? [] : await tables.TellAsync([.. found.Concat(once).DistinctBy(one => (one.Subject, one.Level))], cancel);
        var sight = new BudgetSight(tenant, [.. found.Where(one => periods.Contains(one.Period)), .. halted], once, now);
        foreach (var sink in sinks) await sink.SeenAsync(sight, cancel);

        if (looked.Count >= LookedMax) looked.Clear();
        looked[tenant] = today;

        return told.Count;
    }

    private async Task AddAsync(List<BudgetEvent> found, TenantId tenant, AccountKey key, Cents most, DateTimeOffset at, DateTimeOffset now, CancellationToken cancel) =>
        Add(found, tenant, "alarm", key, key.PeriodOf(at), await tables.SpentAsync(tenant, key, at, cancel), most, limits.WarnAt, now);

    private static void Add(List<BudgetEvent> found, TenantId tenant, string kind, AccountKey key, string period, Cents spent, Cents most, decimal warnAt, DateTimeOffset now)
    {
        if (BudgetAlarm.Level(spent, most, warnAt) is not { } level) return;
        var whose = key.Scope == AccountScope.Tenant ? $"Tenant {tenant}" : $"{AccountKey.Wire(key.Scope)} {key.Name} of tenant {tenant}";
        found.Add(new BudgetEvent(
            tenant, $"{kind}:{key.Type}:{key.Name}:{period}", level, AccountKey.Wire(key.Scope), key.Name, period, null, spent, most,
            $"{whose} has spent {spent} cents{(key.Period == AccountPeriod.Total ? "" : $" in {period}")}; {(level == "warn" ? $"{most} are the limit" : $"the limit of {most} is reached")}.", now));
    }

    /// <summary>Told by the call that did it; here it stands until somebody sets the account again.</summary>
    private static BudgetEvent Halted(TenantId tenant, BudgetStanding standing, string why, DateTimeOffset now)
    {
        var key = standing.Account.Key;
        return new BudgetEvent(tenant, $"halt:{key.Type}:{key.Name}", "halted", AccountKey.Wire(key.Scope), key.Name, standing.Period, null, standing.Spent, standing.Account.Hard ?? Cents.Zero, why, now);
    }

    private BudgetEvent Dear(TenantId tenant, SpendSum dear, string day, DateTimeOffset now) => dear.Name.Split(' ') is [var run, var call]
        ? new BudgetEvent(
            tenant, $"request:{run}:{call}", "critical", "request", call, "request", run, dear.Spent, limits.Request,
            $"One call of run {run} ({call}) cost {dear.Spent} cents, which exceeds limit {limits.Request} of a call.", now)
        : new BudgetEvent(
            tenant, $"run:{dear.Name}", "exceeded", "run", "", day, dear.Name, dear.Spent, limits.Run,
            string.Create(CultureInfo.InvariantCulture, $"Run {dear.Name} has spent {dear.Spent} cents in {dear.Calls} calls; the limit of a run is {limits.Run}."), now);
}
