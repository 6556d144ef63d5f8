using System.Globalization;

namespace Aos.CostSim;

/// <summary>Settings of what is recorded of simulations and costs.</summary>
public sealed class ProvenanceOptions
{
    private const int DaysMax = 3_650;

    /// <summary>False: simulations are not recorded; runs are.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>False: payloads are stored as they are.</summary>
    public bool Compress { get; set; } = true;

    /// <summary>Days that provenance is kept, 1 to 3650.</summary>
    public int RetentionDays { get; set; } = 90;

    /// <summary>Days that cost records are kept, 1 to 3650.</summary>
    public int RecordDays { get; set; } = 90;

    /// <summary>What cannot be read; a sentence each.</summary>
    public IReadOnlyList<string> Problems { get; private init; } = [];

    /// <summary>
    /// Reads <c>COSTSIM_PROVENANCE_ENABLED</c>, <c>COSTSIM_PROVENANCE_COMPRESS</c>, <c>AOS_PROVENANCE_RETENTION_DAYS</c> and
    /// <c>AOS_COST_RECORD_RETENTION_DAYS</c>. One that cannot be read is named in <see cref="Problems"/>.
    /// </summary>
    public static ProvenanceOptions Read(Func<string, string?> setting)
    {
        var problems = new List<string>();
        var standard = new ProvenanceOptions();
        return new ProvenanceOptions
        {
            Enabled = Flag("COSTSIM_PROVENANCE_ENABLED", standard.Enabled), Compress = Flag("COSTSIM_PROVENANCE_COMPRESS", standard.Compress),
            RetentionDays = Days("AOS_PROVENANCE_RETENTION_DAYS", standard.RetentionDays), RecordDays = Days("AOS_COST_RECORD_RETENTION_DAYS", standard.RecordDays), Problems = problems,
        };

        bool Flag(string name, bool otherwise)
        {
            if (setting(name) is not { Length: > 0 } text) return otherwise;
            if (bool.TryParse(text, out var flag)) return flag;
            problems.Add($"{name} is true or false.");
            return otherwise;
        }

        int Days(string name, int otherwise)
        {
            if (setting(name) is not { Length: > 0 } text) return otherwise;
            if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var days) && days is >= 1 and <= DaysMax) return days;
            problems.Add($"{name} is a whole number of days from 1 to {DaysMax}.");
            return otherwise;
        }
    }
}
