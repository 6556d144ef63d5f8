using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.CostSim;

/// <summary>Reads and writes the entries of memory that belong to simulations.</summary>
internal sealed class SimulationMemory(CostSimOptions options, ShadowMeter meter, TimeProvider clock, IMemory? memory = null, IPins? pins = null) : ISimulationMemory
{
    private const string Source = "costsim_engine";
    private const string History = "costsim:history";

    /// <summary>Above it drift is called medium, and above twice as much high.</summary>
    private const double DriftMedium = 0.15;

    /// <summary>Where builds before this one count; nodes of them may still be at work.</summary>
    internal static Migration Counts { get; } = new(
        "costsim-models", 2, "counts of simulations", "CREATE TABLE simulation_counts (tenant_id TEXT NOT NULL, name TEXT NOT NULL, total BIGINT NOT NULL, PRIMARY KEY (tenant_id, name))");

    public bool Reads => options.Models.ReadsMemory;

    public bool Writes => options.Models.WritesMemory;

    public bool DetectsDrift => options.Models.DetectsDrift;

    public DriftFinding? Look(TenantId tenant, IReadOnlyList<string> known, CostComparison? comparison)
    {
        if (!DetectsDrift || known.Count == 0 || comparison is not { DriftScore: var score }) return null;
        var found = new DriftFinding(score > options.Models.Limits.Major, score, score > 2 * DriftMedium ? "high" : score > DriftMedium ? "medium" : "low");
        meter.Looked(tenant, score, found.IsDetected ? found.Severity : null);
        return found;
    }

    public async Task<SimulationKnown> KnownAsync(TenantId tenant, string? agent, string? workflow, CancellationToken cancel)
    {
        var keys = new List<(string Key, string Name)> { ("config:simulation", "config") };
        if (agent is not null) keys.Add(($"agent:{agent}:preferences", "agent_preferences"));
        if (workflow is not null) keys.Add((StateKey(workflow), "workflow_state"));
        keys.Add((History, "cost_history"));
        keys.RemoveAll(one => MemoryKey.Problem(one.Key) is not null); // No such entry can have been written.
        if (memory is not { IsOn: true }) return new SimulationKnown([], null);
        var (found, degraded) = await memory.LookAsync(tenant, Source, [.. keys.Select(one => one.Key)], cancel);
        if (degraded is not null) meter.Unread(tenant, "database");
        return new SimulationKnown([.. keys.Where((_, i) => found[i] is not null).Select(one => one.Name)], degraded);
    }

    public async Task<int> WriteAsync(Caller caller, string? workflow, CostEstimate estimate, CancellationToken cancel)
    {
        if (pins is not { IsOn: true }) return 0;
        var now = clock.GetUtcNow().UtcDateTime;
        try
        {
            var written = await WriteAsync(caller, History, "/total_simulations", writer =>
            {
                writer.WriteString("last_simulation", now);
                writer.WriteNumber("last_cost_cents", estimate.CostCents);
                writer.WriteBoolean("last_feasible", estimate.Feasible);
            }, cancel);
            if (workflow is null || MemoryKey.Problem(StateKey(workflow)) is not null) return written;
            return written + await WriteAsync(caller, StateKey(workflow), "/simulation_count", writer =>
            {
                writer.WriteString("last_simulation_at", now);
                writer.WriteBoolean("last_feasibility", estimate.Feasible);
            }, cancel);
        }
        catch (JournalUnavailableException)
        {
            meter.Unread(caller.Tenant, "database");
            return 0;
        }
    }

    /// <summary>Members of others in the entry stay, and two at once count two.</summary>
    private async Task<int> WriteAsync(Caller caller, string key, string count, Action<Utf8JsonWriter> write, CancellationToken cancel)
    {
        var own = Json.Write(writer =>
        {
            writer.WriteStartObject();
            write(writer);
            writer.WriteEndObject();
        });
        var change = new PinChange(key, [new PinEdit.Merge(own), new PinEdit.Increment(count, 1)]) { Creates = true, Source = Source, Ttl = new PinTtl(PinTtlRule.Given) };
        var (made, _) = await pins!.ChangeAsync(caller, change, cancel);
        return made is null ? 0 : 1;
    }

    private static string StateKey(string workflow) => $"workflow:{workflow}:state";
}
