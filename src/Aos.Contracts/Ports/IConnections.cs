using System.Text.Json;
using Aos.Kernel;

namespace Aos.Contracts;

/// <summary>Who wants to use a connection.</summary>
/// <param name="Skill">Name of the skill that the connection is for.</param>
public sealed record ConnectionAsk(TenantId Tenant, string Name, string Skill, string AgentId);

/// <summary>A connection, or why it is not given: exactly one of both.</summary>
public sealed record ConnectionAnswer(Connection? Connection, Failure? Refusal);

/// <summary>
/// Connections as those who use them find them, by name, at the call: what was changed or taken away on any node holds at the next call.
/// </summary>
public interface IConnections
{
    /// <summary>
    /// The connection, its secrets still references. <c>CONFIG_INVALID</c> when the tenant has none of this name, <c>PERMISSION_DENIED</c>
    /// when it is not for this agent or skill; <c>details.reason</c> is <c>missing</c>, <c>agent</c> or <c>skill</c>. Throws
    /// <see cref="JournalUnavailableException"/> when that cannot be found out now.
    /// </summary>
    ValueTask<ConnectionAnswer> FindAsync(ConnectionAsk ask, CancellationToken cancel);
}

/// <summary>A connection as one call uses it: its secrets are in place. Deliberately no record: as text it would show them.</summary>
public sealed class OpenConnection(Connection known, JsonElement settings)
{
    /// <summary>As it is known, its secrets references.</summary>
    public Connection Known { get; } = known;

    /// <summary>With the values of secrets. Never stored, logged or given back.</summary>
    public JsonElement Settings { get; } = settings;

    public override string ToString() => Known.Name;
}
