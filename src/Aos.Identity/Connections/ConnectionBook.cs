using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Identity;

/// <summary>Connections of tenants: made, changed and taken away.</summary>
internal sealed class ConnectionBook(ConnectionTable table, TimeProvider clock) : IConnectionStore
{
    public async Task<IReadOnlyList<Connection>> ListAsync(Caller caller, CancellationToken cancel) => await table.ListAsync(caller.Tenant, cancel);

    public Task<Connection?> FindAsync(Caller caller, string name, CancellationToken cancel) => table.FindAsync(caller.Tenant, name, cancel);

    public async Task<(ConnectionChange? Made, Failure? Refusal)> PutAsync(Caller caller, ConnectionWish wish, CancellationToken cancel)
    {
        var before = await table.FindAsync(caller.Tenant, wish.Name, cancel);
        if (before is null && wish.Kind is null && wish.Settings is null)
            return (null, FailureCatalog.Fail("NOT_FOUND", $"There is no connection {wish.Name}; give kind and settings to make it."));
        if (ConnectionRules.Refusal(wish, wish.Kind ?? before?.Kind) is { } wrong) return (null, wrong);
        if (wish.Settings is null && (before is null || (wish.Kind is { } kind && kind != before.Kind)))
            return (null, FailureCatalog.Fail("INVALID_INPUT", $"settings is missing: a connection of the kind {wish.Kind} needs its own."));
        var after = Next(caller, before, wish);
        return await table.PutAsync(before, after, IConnectionStore.ConnectionsMax, cancel) switch
        {
            true => (new ConnectionChange(before, after), null),
            false => (null, FailureCatalog.Fail("INVALID_STATE", $"Somebody else changed the connection {wish.Name} at the same time. Look at it and try again.")),
            null => (null, FailureCatalog.Fail("INVALID_STATE", $"{caller.Tenant} has {IConnectionStore.ConnectionsMax} connections. Remove those that nobody needs.")),
        };
    }

    public Task<Connection?> DeleteAsync(Caller caller, string name, CancellationToken cancel) => table.DeleteAsync(caller.Tenant, name, cancel);

    private Connection Next(Caller caller, Connection? before, ConnectionWish wish)
    {
        var now = clock.GetUtcNow();
        return new Connection(
            caller.Tenant, wish.Name, (before?.Version ?? 0) + 1, wish.Kind ?? before!.Kind, wish.Settings ?? before!.Settings,
            wish.Allowed ?? before?.Allowed ?? Allowance.Everyone)
        {
            CreatedAt = before?.CreatedAt ?? now,
            CreatedBy = before?.CreatedBy ?? caller.Principal,
            UpdatedAt = now,
            UpdatedBy = caller.Principal,
        };
    }
}
