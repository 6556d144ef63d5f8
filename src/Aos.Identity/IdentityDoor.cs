using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Identity;

/// <summary>Who asks, and what they may.</summary>
internal sealed class IdentityDoor(
    StaticKeys own, KeyBook keys, PolicyBook policies, Revision revision, IdentityOptions options, AccessMeter meter, AccessLog log, TokenCheck tokens, TimeProvider clock) : IIdentity
{
    private const string Wrong = "Invalid API key";

    public bool HasKey => true;

    public Caller Anonymous { get; } = new(TenantId.Default, "anonymous", ["dev"]);

    public async ValueTask<Authentication> AuthenticateAsync(Credential credential, CancellationToken cancel)
    {
        if (credential.MachineToken is { } token) return own.FindMachine(token) is { } machine ? new Authentication(machine, null) : new Authentication(null, "Invalid machine token");
        if (credential.Key is not { } key) return new Authentication(null, "An API key is needed.");
        if (own.Find(key) is { } first) return new Authentication(first, null);
        if (tokens.Reads(key)) return await tokens.ReadAsync(key, cancel);
        if (KeyText.IdOf(key) is not { } id) return new Authentication(null, Wrong);
        await revision.FreshAsync(cancel);
        return await keys.PresentedAsync(id, key, cancel);
    }

    public async ValueTask<AccessDecision> DecideAsync(Caller caller, Permission permission, bool ofHouse, CancellationToken cancel)
    {
        var began = clock.GetTimestamp();
        var decision = await ExplainAsync(caller, permission, ofHouse, cancel);
        meter.Decided(permission, decision, clock.GetElapsedTime(began));
        if (options.Mode == RbacMode.Shadow && decision.Rule.StartsWith("shadow:", StringComparison.Ordinal)) log.Shadowed(decision.Policy, permission, caller.Principal, caller.Tenant.Value);
        return decision;
    }

    public async ValueTask<AccessDecision> ExplainAsync(Caller caller, Permission permission, bool ofHouse, CancellationToken cancel)
    {
        await revision.FreshAsync(cancel);
        return Access.Decide(await policies.CurrentAsync(cancel), options.Mode, caller, permission, ofHouse);
    }

    public async ValueTask<IReadOnlyList<Permission>> PermissionsOfAsync(Caller caller, CancellationToken cancel)
    {
        await revision.FreshAsync(cancel);
        var policy = await policies.CurrentAsync(cancel);
        return [.. Permissions.All.Where(permission => Access.Decide(policy, options.Mode, caller, permission, ofHouse: false).IsAllowed)];
    }
}
