using System.Globalization;
using Aos.Contracts;
using Aos.Kernel;
using Dapper;

namespace Aos.Failures;

/// <summary>The condition of a list, with its values as parameters.</summary>
internal sealed class FailureWhere
{
    private readonly List<string> parts = [];

    internal FailureWhere(TenantId tenant, FailureFilter filter)
    {
        Values.Add("tenant", tenant.Value);
        Add("run_id = @run", "run", filter.Run?.ToString());
        Add("(upper(code) = @code OR entry = @code)", "code", filter.Code?.ToUpperInvariant());
        Add("skill = @skill", "skill", filter.Skill);
        Add("agent_id = @agent", "agent", filter.Agent);
        if (filter.Since is { } since) Add("last_at >= @since", "since", since.UtcTicks);
        if (filter.Recovered is { } recovered) Add("succeeded = @recovered", "recovered", recovered ? 1L : 0L);
        if (filter.Matched is { } matched) parts.Add(matched ? "entry IS NOT NULL" : "entry IS NULL");
        if (filter.Category is { } category) parts.Add(Among("category", FailureCatalog.All.Where(entry => entry.Category == category)));
    }

    internal DynamicParameters Values { get; } = new();

    /// <summary>Stands behind the condition on the tenant.</summary>
    internal string Text => string.Concat(parts.Select(part => $" AND {part}"));

    /// <summary>0 for what is gravest. What nobody knows counts as medium.</summary>
    internal string Gravity()
    {
        string Of(FailureSeverity severity) => Among($"s{(int)severity}", FailureCatalog.All.Where(entry => FailureTraits.SeverityOf(entry) == severity));
        return $"CASE WHEN {Of(FailureSeverity.Critical)} THEN 0 WHEN {Of(FailureSeverity.High)} THEN 1 WHEN {Of(FailureSeverity.Low)} THEN 3 ELSE 2 END";
    }

    private void Add(string part, string name, object? value)
    {
        if (value is null) return;
        parts.Add(part);
        Values.Add(name, value);
    }

    /// <summary>One parameter for each code: both dialects know that, and the codes of a category are few.</summary>
    private string Among(string prefix, IEnumerable<FailureEntry> entries)
    {
        var names = new List<string>();
        foreach (var entry in entries)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"{prefix}_{names.Count}");
            Values.Add(name, entry.Code);
            names.Add("@" + name);
        }

        return $"entry IN ({string.Join(", ", names)})";
    }
}
