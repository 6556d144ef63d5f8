using Aos.Contracts;

namespace Aos.CostSim.Tests;

/// <summary>Records as tests make them.</summary>
internal static class Records
{
    internal static readonly DateTimeOffset At = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    internal static ProvenanceRecord Provenance(string tenant, string input, decimal? v1 = 100, decimal? v2 = null, RunId? run = null, DateTimeOffset? at = null, string version = "2.0.0") => new(
        new TenantId(tenant), run, "v2", "integration-test", version, Hash(input), Hash("answer to " + input), v1, v2, null, 0.25, "mismatch", "success", 3, at ?? At,
        Json.Parse("""{"plan":[{"skill":"a"}]}"""));

    internal static string Hash(string text) => ContentHash.Hex(System.Text.Encoding.UTF8.GetBytes(text));

    internal static CostRecord Cost(string tenant, string id, string skill, decimal simulated, decimal actual, DateTimeOffset at, bool ok = true) => new(
        new TenantId(tenant), id, new RunId(Guid.CreateVersion7(at)), "s0.-1.0", "first", skill, "tiny", new Cents(simulated), new Cents(actual), 100, 150, ok, "table-1", "run", at);
}
