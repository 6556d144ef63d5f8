using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Identity;

/// <summary>Gives tenants' connections to the calls that may use them, each read from the store at the call. Names of others are told to nobody.</summary>
internal sealed class TenantConnections(ConnectionTable table) : IConnections
{
    public async ValueTask<ConnectionAnswer> FindAsync(ConnectionAsk ask, CancellationToken cancel)
    {
        if (await table.FindAsync(ask.Tenant, ask.Name, cancel) is not { } found)
            return Refused(ask, "CONFIG_INVALID", "missing", $"There is no connection {ask.Name}. Make it: aos connections set {ask.Name} --file FILE.");
        return found.Allowed.Barrier(ask.AgentId, ask.Skill) is { } barrier
            ? Refused(ask, "PERMISSION_DENIED", barrier, $"The connection {ask.Name} is not for the {barrier} {(barrier == "agent" ? ask.AgentId : ask.Skill)}. Whoever may write connections can allow it.")
            : new ConnectionAnswer(found, null);
    }

    private static ConnectionAnswer Refused(ConnectionAsk ask, string code, string reason, string message) => new(null, FailureCatalog.Fail(code, message, null, Details(ask.Name, reason)));

    private static JsonElement Details(string name, string reason) => Json.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("name", name);
        writer.WriteString("reason", reason);
        writer.WriteEndObject();
    });
}
