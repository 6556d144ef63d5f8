using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Identity;

/// <summary>The policy in force: the newest version in the store, else the built-in one. All nodes follow the store.</summary>
internal sealed class PolicyBook : IRbac, IDisposable
{
    private readonly SemaphoreSlim gate = new(1, 1);
    private readonly PolicyTable table;
    private readonly Revision revision;
    private readonly IdentityOptions options;
    private readonly AccessMeter meter;
    private readonly TimeProvider clock;
    private volatile Loaded? loaded;
    private long changes;
    private bool hasOffered;

    public PolicyBook(PolicyTable table, Revision revision, IdentityOptions options, AccessMeter meter, TimeProvider clock)
    {
        (this.table, this.revision, this.options, this.meter, this.clock) = (table, revision, options, meter, clock);
        revision.Changed += () => Interlocked.Increment(ref changes);
    }

    public void Dispose() => gate.Dispose();

    public async ValueTask<RbacPolicyInfo> InfoAsync(CancellationToken cancel)
    {
        await revision.FreshAsync(cancel);
        var policy = await CurrentAsync(cancel);
        return new RbacPolicyInfo(policy.Version, policy.Hash, policy.Source, loaded!.At, options.Mode, policy.Matrix);
    }

    public async Task<RbacReload> ReloadAsync(Caller caller, CancellationToken cancel)
    {
        await revision.FreshAsync(cancel);
        var before = await CurrentAsync(cancel);
        if (options.PolicyFile is not { } file) return new RbacReload(before.Hash, before.Hash, null, clock.GetUtcNow());
        var (policy, problem, isNoText) = options.ReadPolicy(file);
        return await PutAsync(caller, before, policy, problem, isNoText, cancel);
    }

    public async Task<RbacReload> PutAsync(Caller caller, JsonElement document, CancellationToken cancel)
    {
        await revision.FreshAsync(cancel);
        var before = await CurrentAsync(cancel);
        var (policy, problem) = PolicyReader.Read(document, $"put by {caller.Principal}");
        return await PutAsync(caller, before, policy, problem, isNoText: false, cancel);
    }

    /// <summary>The policy that counts now.</summary>
    internal ValueTask<RbacPolicy> CurrentAsync(CancellationToken cancel) =>
        loaded is { } now && now.Changes == Interlocked.Read(ref changes) ? ValueTask.FromResult(now.Policy) : new ValueTask<RbacPolicy>(LoadAsync(cancel));

    private async Task<RbacReload> PutAsync(Caller caller, RbacPolicy before, RbacPolicy? policy, string? problem, bool isNoText, CancellationToken cancel)
    {
        var now = clock.GetUtcNow();
        if (policy is null)
        {
            meter.NotLoaded(isNoText);
            return new RbacReload(before.Hash, before.Hash, problem, now);
        }

        if (await table.AddAsync(policy, caller.Principal, now, cancel)) revision.Tell();
        return new RbacReload(before.Hash, policy.Hash, null, now);
    }

    private async Task<RbacPolicy> LoadAsync(CancellationToken cancel)
    {
        await gate.WaitAsync(cancel);
        try
        {
            var count = Interlocked.Read(ref changes);
            if (loaded is { } other && other.Changes == count) return other.Policy;
            await OfferAsync(cancel);
            var policy = await StoredAsync(cancel) ?? PolicyReader.BuiltIn;
            if (loaded?.Policy.Hash != policy.Hash) meter.Loaded(policy);
            // The same text read again was not loaded anew: what is said of its age stays true.
            loaded = new Loaded(policy, count, loaded?.Policy.Hash == policy.Hash ? loaded.At : clock.GetUtcNow());
            return policy;
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>The file that the process was started with becomes the newest version, unless it is that already.</summary>
    private async Task OfferAsync(CancellationToken cancel)
    {
        if (hasOffered) return;
        if (options.PolicyFile is { } file && options.ReadPolicy(file).Policy is { } policy) await table.AddAsync(policy, "start", clock.GetUtcNow(), cancel);
        hasOffered = true;
    }

    private async Task<RbacPolicy?> StoredAsync(CancellationToken cancel)
    {
        if (await table.NewestAsync(cancel) is not { } stored) return null;
        var (policy, problem) = PolicyReader.Read(Json.Parse(stored.Document), stored.Source, isStored: true);
        return policy ?? throw new InvariantBrokenException($"The policy in the store: {problem}");
    }

    private sealed record Loaded(RbacPolicy Policy, long Changes, DateTimeOffset At);
}
