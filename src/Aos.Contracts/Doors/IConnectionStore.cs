using System.Text.Json;
using Aos.Kernel;

namespace Aos.Contracts;

/// <summary>
/// Where and how a system is reached, under a name of the tenant. It holds no secret: where one is needed, the settings say
/// <c>secret:NAME</c>.
/// </summary>
/// <param name="Version">1 for the first, one more with each change.</param>
/// <param name="Kind">One of <see cref="ConnectionKinds"/>.</param>
/// <param name="Settings">An object after the schema of the kind.</param>
public sealed record Connection(TenantId Tenant, string Name, long Version, string Kind, JsonElement Settings, Allowance Allowed)
{
    public required DateTimeOffset CreatedAt { get; init; }

    public required string CreatedBy { get; init; }

    /// <summary>When anything about it was last changed.</summary>
    public required DateTimeOffset UpdatedAt { get; init; }

    public required string UpdatedBy { get; init; }
}

/// <summary>What kinds of systems a connection may lead to.</summary>
public static class ConnectionKinds
{
    public const string Http = "http";
    public const string Postgres = "postgres";
    public const string Smtp = "smtp";

    /// <summary>In the order of their names.</summary>
    public static IReadOnlyList<string> All { get; } = [Http, Postgres, Smtp];
}

/// <summary>What a connection is to be. What is null stays as it is; of a new connection <see cref="Allowed"/> keeps nobody out.</summary>
/// <param name="Kind">A new connection needs one.</param>
/// <param name="Settings">All of them: nothing of the settings before stays. A new connection, or one of another kind, needs them.</param>
public sealed record ConnectionWish(string Name, string? Kind, JsonElement? Settings, Allowance? Allowed);

/// <summary>What came of it.</summary>
/// <param name="Before">Null: the connection is new.</param>
public sealed record ConnectionChange(Connection? Before, Connection After);

/// <summary>Named connections of tenants. Everything is of the caller's tenant; changes hold on all nodes at once.</summary>
public interface IConnectionStore
{
    /// <summary>Connections of a tenant.</summary>
    public const int ConnectionsMax = 500;

    /// <summary>By name.</summary>
    Task<IReadOnlyList<Connection>> ListAsync(Caller caller, CancellationToken cancel);

    Task<Connection?> FindAsync(Caller caller, string name, CancellationToken cancel);

    /// <summary>Makes a connection, or changes its settings or who may use it.</summary>
    Task<(ConnectionChange? Made, Failure? Refusal)> PutAsync(Caller caller, ConnectionWish wish, CancellationToken cancel);

    /// <summary>The connection as it was; null: there was none.</summary>
    Task<Connection?> DeleteAsync(Caller caller, string name, CancellationToken cancel);
}
