using System.Collections.Immutable;
using Aos.Kernel;

namespace Aos.Contracts;

/// <summary>What a kill switch stops. On the wire in lower case.</summary>
public enum KillScope { House, Tenant, Workflow }

/// <summary>A kill switch that is engaged: no run within its scope does anything, and none begins.</summary>
/// <param name="Tenant">Null: of the whole house.</param>
/// <param name="Workflow">Name of a workflow, all versions; null: all runs of the tenant.</param>
/// <param name="By">Who engaged it.</param>
public sealed record KillSwitch(TenantId? Tenant, string? Workflow, string Reason, string By, DateTimeOffset At)
{
    /// <summary>Null: it is engaged.</summary>
    public KillRelease? Release { get; init; }

    public KillScope Scope => Tenant is null ? KillScope.House : Workflow is null ? KillScope.Tenant : KillScope.Workflow;

    /// <summary>Whether it stops runs of the tenant, those of one workflow alone if it is of one.</summary>
    public bool Covers(TenantId tenant, string? workflow) => (Tenant is null || Tenant == tenant) && (Workflow is null || Workflow == workflow);

    /// <summary>What a run fails with that it stops, or is refused with (<c>EMERGENCY_STOP</c>). Tenants are not told who engaged the house's.</summary>
    public Failure Why()
    {
        var what = Scope switch { KillScope.House => "All runs are", KillScope.Tenant => $"All runs of {Tenant} are", _ => $"The runs of the workflow {Workflow} are" };
        return FailureCatalog.Fail("EMERGENCY_STOP", $"{what} stopped by a kill switch: {Reason}", null, Json.Write(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("scope", Scope.ToString().ToLowerInvariant());
            if (Workflow is not null) writer.WriteString("workflow", Workflow);
            writer.WriteString("reason", Reason);
            writer.WriteString("engaged_at", At.UtcDateTime);
            writer.WriteEndObject();
        }));
    }
}

/// <summary>How a switch was released.</summary>
public sealed record KillRelease(string? Reason, string By, DateTimeOffset At);

/// <summary>All switches that are engaged, at one moment.</summary>
public sealed class KillSet(ImmutableArray<KillSwitch> all)
{
    public static KillSet None { get; } = new([]);

    /// <summary>The house's first, then by tenant and workflow.</summary>
    public ImmutableArray<KillSwitch> All => all;

    public bool IsEmpty => all.IsEmpty;

    /// <summary>The widest switch that covers such a run, or null.</summary>
    public KillSwitch? For(TenantId tenant, string? workflow)
    {
        foreach (var one in all)
        {
            if (one.Covers(tenant, workflow)) return one;
        }

        return null;
    }

    /// <summary>Whether a run of the tenant may be stopped for a workflow above it.</summary>
    public bool HasWorkflows(TenantId tenant) => all.Any(one => one.Workflow is not null && one.Tenant == tenant);
}

/// <summary>What engaging or releasing a switch came to.</summary>
/// <param name="Switch">As it is engaged, or was.</param>
/// <param name="HasChanged">False: it was engaged before, and stays as it was.</param>
public sealed record KillReply(KillSwitch Switch, bool HasChanged);

/// <summary>Door of the kill switches, which the identity room owns. What one node changes holds on all of them within a second.</summary>
public interface IKillSwitches
{
    /// <summary>Characters of a reason.</summary>
    const int ReasonMax = 500;

    /// <summary>Switches of one tenant.</summary>
    const int SwitchesMax = 1_000;

    /// <summary>As this node last saw them: for those who cannot wait, before every call.</summary>
    KillSet Known { get; }

    /// <summary>True: other processes change them too, so a node that has runs must look.</summary>
    bool IsShared { get; }

    /// <summary><see cref="Known"/> has changed.</summary>
    event Action? Changed;

    /// <summary>As they were less than a second ago. Throws <see cref="JournalUnavailableException"/> when the store does not answer.</summary>
    ValueTask<KillSet> NowAsync(CancellationToken cancel);

    /// <summary>Engages a switch; one that is engaged keeps its reason. Refused: the tenant has too many.</summary>
    /// <param name="tenant">Null: of the house.</param>
    Task<(KillReply? Reply, Failure? Refusal)> EngageAsync(Caller caller, TenantId? tenant, string? workflow, string reason, CancellationToken cancel);

    /// <summary>Releases a switch; runs that it stopped stay ended. Null: it is not engaged.</summary>
    Task<KillSwitch?> ReleaseAsync(Caller caller, TenantId? tenant, string? workflow, string? reason, CancellationToken cancel);

    /// <summary>Switches that were released, the newest first.</summary>
    /// <param name="tenant">Null: the house's.</param>
    Task<IReadOnlyList<KillSwitch>> FormerAsync(TenantId? tenant, int max, CancellationToken cancel);
}
