using System.Collections.Immutable;
using Aos.Kernel;

namespace Aos.CostSim;

/// <summary>Settings of the cost models.</summary>
public sealed class CostModelOptions
{
    /// <summary>The second model is asked beside the first.</summary>
    public bool IsShadowOn { get; set; }

    /// <summary>Name of the second model, an <see cref="ICostModel"/> that the host registers.</summary>
    public string ShadowModel { get; set; } = "v2";

    /// <summary>What is simulated is kept as provenance.</summary>
    public bool KeepsProvenance { get; set; } = true;

    /// <summary>Where minor drift ends and major drift ends.</summary>
    public DriftLimits Limits { get; set; } = new();

    /// <summary>Rows that replace those of the first model's table, by skill.</summary>
    public IReadOnlyDictionary<string, TableRow> Table { get; set; } = ImmutableDictionary<string, TableRow>.Empty;

    /// <summary>Rows that replace those of the second model, by skill.</summary>
    public IReadOnlyDictionary<string, CoefficientRow> Coefficients { get; set; } = ImmutableDictionary<string, CoefficientRow>.Empty;

    /// <summary>Names of the entries of memory that belong to the question are told, unless the request says otherwise.</summary>
    public bool ReadsMemory { get; set; }

    /// <summary>What was simulated is written into the memory.</summary>
    public bool WritesMemory { get; set; }

    /// <summary>Drift between the models is told beside them where the memory knows the question.</summary>
    public bool DetectsDrift { get; set; }

    /// <summary>Reads what docs/costsim.md lists; what cannot be read is added to <paramref name="problems"/>.</summary>
    internal static CostModelOptions Read(Func<string, string?> setting, List<string> problems) => new()
    {
        IsShadowOn = Flag(setting, "COSTSIM_V2_SANDBOX", false, problems),
        ShadowModel = setting("COSTSIM_SHADOW_MODEL") is { Length: > 0 } name ? name : "v2",
        KeepsProvenance = Flag(setting, "COSTSIM_PROVENANCE_ENABLED", true, problems),
        Limits = ReadLimits(setting, problems),
        Table = CostRows.Read(setting, "COSTSIM_V1_TABLE", CostRows.TableRow, problems),
        Coefficients = CostRows.Read(setting, "COSTSIM_V2_COEFFICIENTS", CostRows.CoefficientRow, problems),
        ReadsMemory = Flag(setting, "MEMORY_CONTEXT_INJECTION", false, problems),
        WritesMemory = Flag(setting, "MEMORY_POST_UPDATE", false, problems),
        DetectsDrift = Flag(setting, "DRIFT_DETECTION_ENABLED", false, problems),
    };

    private static DriftLimits ReadLimits(Func<string, string?> setting, List<string> problems)
    {
        var known = new DriftLimits();
        var limits = new DriftLimits(Share(setting, "COSTSIM_DRIFT_WARNING_THRESHOLD", known.Minor, problems), Share(setting, "COSTSIM_DRIFT_THRESHOLD", known.Major, problems));
        if (limits.Minor <= limits.Major) return limits;
        problems.Add("COSTSIM_DRIFT_WARNING_THRESHOLD is above COSTSIM_DRIFT_THRESHOLD; a warning comes first.");
        return known;
    }

    private static double Share(Func<string, string?> setting, string name, double otherwise, List<string> problems)
    {
        if (setting(name) is not { Length: > 0 } text) return otherwise;
        if (decimal.TryParse(text, System.Globalization.NumberStyles.AllowDecimalPoint, System.Globalization.CultureInfo.InvariantCulture, out var share) && share <= 1) return (double)share;
        problems.Add($"{name} is '{text}'; it must be a number from 0 to 1.");
        return otherwise;
    }

    private static bool Flag(Func<string, string?> setting, string name, bool otherwise, List<string> problems)
    {
        switch (setting(name)?.Trim().ToLowerInvariant())
        {
            case null or "": return otherwise;
            case "true" or "1" or "yes" or "on": return true;
            case "false" or "0" or "no" or "off": return false;
            case var other:
                problems.Add($"{name} is '{other}'; it must be true or false.");
                return otherwise;
        }
    }
}
