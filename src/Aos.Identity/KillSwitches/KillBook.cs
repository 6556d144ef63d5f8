using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Identity;

/// <summary>
/// The switches in force. They follow the same number as keys and policies: a node that looks at it when it last looked half a second ago
/// knows within a second what another one changed, and reads the switches anew only then.
/// </summary>
internal sealed class KillBook : IKillSwitches, IDisposable
{
    private readonly SemaphoreSlim gate = new(1, 1);
    private readonly KillTable table;
    private readonly Revision revision;
    private readonly IDatabase database;
    private readonly TimeProvider clock;
    private volatile KillSet known = KillSet.None;
    private long changes = 1;
    private long loaded;

    public KillBook(KillTable table, Revision revision, IDatabase database, TimeProvider clock)
    {
        (this.table, this.revision, this.database, this.clock) = (table, revision, database, clock);
        revision.Changed += () => Interlocked.Increment(ref changes);
    }

    public KillSet Known => known;

    public bool IsShared => database.Dialect == Dialect.Postgres;

    public event Action? Changed;

    public void Dispose() => gate.Dispose();

    public async ValueTask<KillSet> NowAsync(CancellationToken cancel)
    {
        await revision.FreshAsync(cancel);
        return Interlocked.Read(ref loaded) == Interlocked.Read(ref changes) ? known : await LoadAsync(cancel);
    }

    public async Task<(KillReply? Reply, Failure? Refusal)> EngageAsync(Caller caller, TenantId? tenant, string? workflow, string reason, CancellationToken cancel)
    {
        var reply = await table.EngageAsync(new KillSwitch(tenant, workflow, reason, caller.Principal, clock.GetUtcNow()), IKillSwitches.SwitchesMax, cancel);
        if (reply is null) return (null, FailureCatalog.Fail("INVALID_STATE", $"{tenant} has {IKillSwitches.SwitchesMax} kill switches. Engage the one of the tenant, or release some."));
        await TellAsync();
        return (reply, null);
    }

    public async Task<KillSwitch?> ReleaseAsync(Caller caller, TenantId? tenant, string? workflow, string? reason, CancellationToken cancel)
    {
        var released = await table.ReleaseAsync(tenant, workflow, new KillRelease(reason, caller.Principal, clock.GetUtcNow()), cancel);
        await TellAsync();
        return released;
    }

    public async Task<IReadOnlyList<KillSwitch>> FormerAsync(TenantId? tenant, int max, CancellationToken cancel) => await table.FormerAsync(tenant, max, cancel);

    /// <summary>What is in the store holds here at once; whoever changed it and goes away now does not keep it from holding.</summary>
    private async Task TellAsync()
    {
        revision.Tell();
        await LoadAsync(CancellationToken.None);
    }

    private async Task<KillSet> LoadAsync(CancellationToken cancel)
    {
        var isNew = false;
        await gate.WaitAsync(cancel);
        try
        {
            var count = Interlocked.Read(ref changes);
            if (Interlocked.Read(ref loaded) == count) return known;
            var now = await table.AllAsync(cancel);
            isNew = !now.All.SequenceEqual(known.All);
            if (isNew) known = now; // Keys and policies move the same number on.
            Interlocked.Exchange(ref loaded, count);
        }
        finally
        {
            gate.Release();
        }

        if (isNew) Changed?.Invoke();
        return known;
    }
}
