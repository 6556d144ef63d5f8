using Aos.Kernel;

namespace Aos.Contracts;

/// <summary>Where a run stands that waits for a slot. Lower numbers come first; a run that does not wait has none.</summary>
public enum Lane
{
    /// <summary>It goes on with work that has begun: it has woken, or its parent waits for it.</summary>
    Begun = 0,

    /// <summary>It has not begun.</summary>
    New = 1,

    /// <summary>It has not begun and stands still until somebody resumes it: it has no turn.</summary>
    Held = 2,
}

/// <summary>For what a run that nobody drives is taken.</summary>
public enum Taking
{
    /// <summary>To drive it: where its tenant or agent has a limit it needs a free slot, else it gets in line.</summary>
    Drive,

    /// <summary>To decide a command that starts nothing, as a cancel: it needs no slot.</summary>
    Visit,

    /// <summary>The same for any command, of a run that has not begun; nothing when it has.</summary>
    VisitUnbegun,
}

/// <summary>Runs at once of a scope, on all nodes together.</summary>
/// <param name="Agent">The agent; empty: the whole tenant.</param>
/// <param name="Most">0 means none; null: not limited.</param>
public sealed record RunLimit(TenantId Tenant, string Agent, int? Most);

/// <summary>One turn of handing out slots.</summary>
/// <param name="After">Tenants after this one are looked at, in the order of the store; empty: from the first.</param>
/// <param name="Max">Runs taken at most; tenants take turns.</param>
/// <param name="TenantsMax">Tenants with runs in line that are looked at.</param>
/// <param name="ScopesMax">Limited agents of each that are looked at.</param>
public sealed record QueueTurn(string After, int Max, int TenantsMax = QueueTurn.TenantsDefault, int ScopesMax = QueueTurn.ScopesDefault)
{
    public const int TenantsDefault = 500;
    public const int ScopesDefault = 1_000;
}

/// <summary>What a turn gave.</summary>
/// <param name="Runs">In the order in which they were served.</param>
/// <param name="LookedTo">The last tenant that was looked at, when there are more after it; null: none are.</param>
public sealed record QueueClaim(IReadOnlyList<RunRow> Runs, string? LookedTo);
