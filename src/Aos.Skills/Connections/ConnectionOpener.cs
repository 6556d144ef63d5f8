using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Skills;

/// <summary>
/// Finds the connection that a call names and puts its secrets in place. Only a name that stands in the plan itself counts: data must not
/// choose where a call goes and with whose credentials.
/// </summary>
internal sealed class ConnectionOpener(SecretLookup secrets, IConnections? connections = null)
{
    /// <summary>The parameter that names a connection, in every skill that takes one.</summary>
    internal const string Param = "connection";

    internal static bool IsNamed(SkillContract skill, JsonElement parameters) =>
        !skill.ConnectionKinds.IsEmpty && parameters.Get(Param) is { ValueKind: not JsonValueKind.Null };

    /// <summary>The connection that the parameters name, or why the call does not get it. Throws <see cref="JournalUnavailableException"/>.</summary>
    internal async ValueTask<(Connection? Connection, Failure? Refusal)> FindAsync(SkillContract skill, JsonElement parameters, SkillCall call, CancellationToken cancel) =>
        parameters.GetText(Param) is { } name && call.Written?.GetText(Param) == name
            ? await FindAsync(skill, name, call.Tenant, call.AgentId, cancel)
            : (null, Refusal("INVALID_INPUT", "written", "connection is a name that stands in the plan itself: no template and no data choose it."));

    internal async ValueTask<(Connection? Connection, Failure? Refusal)> FindAsync(SkillContract skill, string name, TenantId tenant, string agentId, CancellationToken cancel)
    {
        if (connections is null) return (null, Refusal("CONFIG_INVALID", "missing", $"There is no connection {name}: this house keeps none."));
        var answer = await connections.FindAsync(new ConnectionAsk(tenant, name, skill.Name, agentId), cancel);
        if (answer.Connection is not { } found) return (null, answer.Refusal);
        return skill.ConnectionKinds.Contains(found.Kind, StringComparer.Ordinal)
            ? (found, null)
            : (null, Refusal("INVALID_INPUT", "kind", $"The connection {name} is of the kind {found.Kind}; {skill.Name} takes {string.Join(", ", skill.ConnectionKinds)}."));
    }

    /// <summary>Null: the call names no connection.</summary>
    internal async ValueTask<ThroughConnection?> OpenAsync(SkillContract skill, JsonElement parameters, SkillCall call, CancellationToken cancel)
    {
        if (!IsNamed(skill, parameters)) return null;
        var (found, refusal) = await FindAsync(skill, parameters, call, cancel);
        return found is null ? new ThroughConnection(null, refusal, []) : await FillAsync(found, skill.Name, call.AgentId, call.Run, cancel);
    }

    /// <summary>The connection with its secrets in place, as far as this agent and skill may have them.</summary>
    internal async ValueTask<ThroughConnection> FillAsync(Connection found, string skill, string agentId, RunId? run, CancellationToken cancel)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var name in ConnectionSecrets.NamesIn(found.Settings))
        {
            var answer = await secrets.NeededAsync(new SecretAsk(found.Tenant, name, skill, agentId, run), cancel);
            if (answer.Value is not { } value) return new ThroughConnection(null, answer.Refusal, []);
            values.Add(name, value);
        }

        var filled = ConnectionSecrets.Filled(found.Settings, values);
        return new ThroughConnection(new OpenConnection(found, filled), null, Spellings(filled, values.Values));
    }

    /// <summary>Each as it is, as it stands in a URL, and as protocols say it together with the user.</summary>
    private static ImmutableArray<string> Spellings(JsonElement settings, IReadOnlyCollection<string> values)
    {
        var user = settings.GetText("user") ?? settings.Get("auth")?.GetText("user");
        var encoded = values.SelectMany(value => new[] { value, $"{user}:{value}", $"\0{user}\0{value}" }).Select(text => Convert.ToBase64String(Encoding.UTF8.GetBytes(text)));
        return SecretTokens.Spellings(values.Concat(encoded));
    }

    private static Failure Refusal(string code, string reason, string message) => FailureCatalog.Fail(code, message, null, Json.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("reason", reason);
        writer.WriteEndObject();
    }));
}
