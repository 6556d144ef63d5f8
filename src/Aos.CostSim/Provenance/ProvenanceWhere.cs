using Aos.Contracts;
using Dapper;

namespace Aos.CostSim;

/// <summary>The condition of a list of records, with its values as parameters.</summary>
internal sealed class ProvenanceWhere
{
    private readonly List<string> parts = [];

    internal ProvenanceWhere(ProvenanceFilter filter)
    {
        Add("tenant_id = @tenant", "tenant", filter.Tenant?.Value);
        Add("id = @id", "id", filter.Id);
        Add("run_id = @run", "run", filter.Run?.ToString());
        Add("variant = @variant", "variant", filter.Variant);
        Add("source = @source", "source", filter.Source);
        Add("model_version = @version", "version", filter.ModelVersion);
        Add("input_hash = @input", "input", filter.InputHash);
        Add("at >= @from", "from", filter.From?.UtcTicks);
        Add("at < @until", "until", filter.Until?.UtcTicks);
        if (filter.Paired) parts.Add("v1 IS NOT NULL AND v2 IS NOT NULL");
    }

    internal DynamicParameters Values { get; } = new();

    internal string Text => parts.Count == 0 ? "1 = 1" : string.Join(" AND ", parts);

    private void Add(string part, string name, object? value)
    {
        if (value is null) return;
        parts.Add(part);
        Values.Add(name, value);
    }
}
