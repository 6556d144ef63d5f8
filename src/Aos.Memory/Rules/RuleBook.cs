using System.Globalization;
using System.Text;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Memory;

/// <summary>Implements the door to the rules of the memory.</summary>
internal sealed class RuleBook(RuleTable table, PinTable pins, ICluster cluster) : IMemoryRules
{
    public Task<StoredRules> ReadAsync(Caller caller, CancellationToken cancel) => table.ReadAsync(caller.Tenant, cancel);

    public async Task<(StoredRules? After, StoredRules? Before, Failure? Refusal)> ReplaceAsync(Caller caller, MemoryRules rules, long? version, CancellationToken cancel)
    {
        if (caller.Tenant == IPins.Shared && !caller.IsHouse)
            return (null, null, FailureCatalog.Fail("PERMISSION_DENIED", $"Rules of the tenant {IPins.Shared} hold for what others read; only a caller of the house changes them."));
        var text = CanonicalJson.Text(Json.Write(writer => MemoryRuleText.Write(writer, rules)));
        var bytes = Encoding.UTF8.GetByteCount(text);
        if (bytes > IMemoryRules.BytesMax) return (null, null, FailureCatalog.Fail("INPUT_TOO_LARGE", string.Create(CultureInfo.InvariantCulture, $"The rules have {bytes} bytes, {IMemoryRules.BytesMax} are the most.")));
        var (after, before) = await table.ReplaceAsync(caller.Tenant, text, caller.Principal, cluster.Now, version, cancel);
        return after is null
            ? (null, before, FailureCatalog.Fail("PRECONDITION_FAILED", string.Create(CultureInfo.InvariantCulture, $"The rules are there in version {before.Version}, and that is not what the request asked for.")))
            : (after, before, null);
    }

    public async Task<RuledWrite> TryAsync(Caller caller, RuleTrial trial, CancellationToken cancel)
    {
        var rules = trial.Rules ?? (await table.ReadAsync(caller.Tenant, cancel)).Rules;
        var existing = trial.Existing ?? (await pins.FindAsync(caller.Tenant, trial.Key, null, cancel))?.Value;
        return rules.Apply(trial.Key, trial.Value, existing, cluster.Now);
    }
}
