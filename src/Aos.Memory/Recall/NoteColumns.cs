using System.Globalization;
using System.Runtime.InteropServices;
using Aos.Contracts;
using Aos.Kernel;
using Dapper;

namespace Aos.Memory;

/// <summary>A note as stored, and which notes a filter means.</summary>
internal sealed record NoteColumns
{
    internal const string Names =
        "m.tenant_id AS Tenant, m.id AS Id, m.scope AS Scope, m.agent_id AS Agent, m.workflow AS Workflow, m.memory_type AS Type, m.text AS Text, m.meta AS Meta, m.importance AS Importance, " +
        "m.source AS Source, m.trusted AS Trusted, m.run_id AS Run, m.step AS Step, m.created_at AS CreatedAt, m.expires_at AS ExpiresAt";

    internal const string IsAlive = "(m.expires_at IS NULL OR m.expires_at > @now)";

    public string Tenant { get; init; } = "";
    public string Id { get; init; } = "";
    public string Scope { get; init; } = "";
    public string? Agent { get; init; }
    public string? Workflow { get; init; }
    public string Type { get; init; } = "";
    public string Text { get; init; } = "";
    public string? Meta { get; init; }
    public double Importance { get; init; }
    public string Source { get; init; } = "";
    public long Trusted { get; init; }
    public string? Run { get; init; }
    public string? Step { get; init; }
    public long CreatedAt { get; init; }
    public long? ExpiresAt { get; init; }
    public string? Model { get; init; }

    internal Note ToNote() => new(
        Guid.ParseExact(Id, "D"), new TenantId(Tenant), ScopeOf(Scope), Agent, Workflow, Type, Text, Meta is null ? null : Json.Parse(Meta), Importance, Source, Trusted == 1,
        Run is null ? null : new RunId(Guid.ParseExact(Run, "D")), Step, new DateTimeOffset(CreatedAt, TimeSpan.Zero), ExpiresAt is { } end ? new DateTimeOffset(end, TimeSpan.Zero) : null, Model);

    internal static NoteScope ScopeOf(string text) => text switch { "agent" => NoteScope.Agent, "workflow" => NoteScope.Workflow, _ => NoteScope.Tenant };

    internal static string TextOf(NoteScope scope) => scope switch { NoteScope.Agent => "agent", NoteScope.Workflow => "workflow", _ => "tenant" };

    internal static byte[] Bytes(float[] vector) => MemoryMarshal.AsBytes<float>(vector).ToArray();

    internal static float[] Floats(byte[] bytes) => MemoryMarshal.Cast<byte, float>(bytes).ToArray();

    /// <summary>The filter's conditions, each beginning with AND, and their values.</summary>
    internal static string Where(NoteFilter filter, DynamicParameters values)
    {
        var text = "";
        void And(string condition, string name, object value)
        {
            text += $" AND {condition}";
            values.Add(name, value);
        }

        if (filter.Agent is not null || filter.Workflow is not null)
        {
            text += " AND (m.scope = 'tenant' OR (m.scope = 'agent' AND m.agent_id = @agent) OR (m.scope = 'workflow' AND m.workflow = @workflow))";
            values.Add("agent", filter.Agent ?? "");
            values.Add("workflow", filter.Workflow ?? "");
        }

        if (filter.Scope is { } scope) And("m.scope = @scope", "scope", TextOf(scope));
        if (filter.Source is { } source) And("m.source = @source", "source", source);
        if (filter.Run is { } run) And("m.run_id = @run", "run", run.ToString());
        if (filter.Since is { } since) And("m.created_at >= @since", "since", since.UtcTicks);
        if (filter.Until is { } until) And("m.created_at < @until", "until", until.UtcTicks);
        var names = filter.Types.Select((type, i) => (Name: string.Create(CultureInfo.InvariantCulture, $"type{i}"), type)).ToList();
        foreach (var (name, type) in names) values.Add(name, type);
        return names.Count == 0 ? text : $"{text} AND m.memory_type IN ({string.Join(", ", names.Select(one => "@" + one.Name))})";
    }
}
