using System.Security.Cryptography;
using System.Text;
using Aos.Kernel;

namespace Aos.CostSim;

/// <summary>
/// What tenants are called on the page of metrics: the first 8 hex digits of SHA-256 of the name, of the first <see cref="Max"/> that this process met. All
/// others are one, so that no number of tenants makes the page grow.
/// </summary>
internal sealed class TenantLabels
{
    internal const string Name = "tenant_id";
    internal const int Max = 32;
    internal const string Others = "other";
    private readonly Dictionary<TenantId, string> known = new() { [TenantId.Default] = Hash(TenantId.Default) };
    private readonly Lock gate = new();

    /// <summary>Of what belongs to the whole house.</summary>
    internal static string House { get; } = Hash(TenantId.Default);

    /// <summary>True: the label was not there before.</summary>
    internal (string Label, bool IsNew) Of(TenantId tenant)
    {
        lock (gate)
        {
            if (known.TryGetValue(tenant, out var label)) return (label, false);
            if (known.Count >= Max) return (Others, false);
            return (known[tenant] = Hash(tenant), true);
        }
    }

    internal static KeyValuePair<string, object?> Tag(string label) => new(Name, label);

    internal static string Hash(TenantId tenant) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(tenant.Value)).AsSpan(0, 4));
}
