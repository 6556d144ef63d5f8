using System.Collections.Immutable;
using System.Globalization;
using Aos.Kernel;

namespace Aos.CostSim;

/// <summary>Settings of the cost room. Money in cents.</summary>
public sealed class CostSimOptions
{
    private readonly List<string> problems = [];

    /// <summary>What was wrong with the settings read, a sentence each.</summary>
    public IReadOnlyList<string> Problems => problems;

    /// <summary>Cumulative risk above which simulate warns, 0 to 1.</summary>
    public double RiskThreshold { get; set; } = 0.5;

    /// <summary>Most that one run may be estimated to cost; null: no limit.</summary>
    public decimal? PerRunMaxCents { get; set; }

    /// <summary>The same for the calls of one model, by the name that steps give.</summary>
    public IDictionary<string, decimal> ModelMaxCents { get; } = new SortedDictionary<string, decimal>(StringComparer.Ordinal);

    /// <summary>Typical cents of one call, by skill name: these override table and contracts.</summary>
    public IDictionary<string, decimal> SkillCents { get; } = new SortedDictionary<string, decimal>(StringComparer.Ordinal);

    /// <summary>Of the cost models.</summary>
    public CostModelOptions Models { get; set; } = new();

    /// <summary>Spending from which on something is said; it stops nothing.</summary>
    public AlarmLimits Alarms { get; set; } = AlarmLimits.Default;

    /// <summary>Of the circuit breaker and its alerts.</summary>
    public BreakerOptions Breaker { get; set; } = new();

    /// <summary>Of the canary over the cost models.</summary>
    public CanaryOptions Canary { get; set; } = new();

    /// <summary>
    /// Reads those of <see cref="CostModelOptions"/>, <see cref="BreakerOptions"/> and <see cref="CanaryOptions"/>, <c>PER_RUN_MAX_CENTS</c>, <c>OPUS_MAX_CENTS_PER_RUN</c>, <c>GPT4_MAX_CENTS_PER_RUN</c>,
    /// <c>AOS_RISK_THRESHOLD</c>, <c>AOS_ALERT_REQUEST_CENTS</c>, <c>AOS_ALERT_HOUR_CENTS</c>, <c>AOS_ALERT_DAY_CENTS</c>, <c>AOS_ALERT_RUN_CENTS</c> and <c>BUDGET_ALERT_THRESHOLD</c>. One that is no number in its range is named in <see cref="Problems"/>.
    /// </summary>
    public static CostSimOptions Read(Func<string, string?> setting)
    {
        var options = new CostSimOptions();
        options.PerRunMaxCents = options.Number(setting, "PER_RUN_MAX_CENTS", 9_000_000_000m);
        if (options.Number(setting, "OPUS_MAX_CENTS_PER_RUN", 9_000_000_000m) is { } opus) options.ModelMaxCents["claude-3-opus-20240229"] = opus;
        if (options.Number(setting, "GPT4_MAX_CENTS_PER_RUN", 9_000_000_000m) is { } gpt) options.ModelMaxCents["gpt-4-turbo"] = gpt;
        if (options.Number(setting, "AOS_RISK_THRESHOLD", 1) is { } threshold) options.RiskThreshold = (double)threshold;
        options.Models = CostModelOptions.Read(setting, options.problems);
        var (alarms, most) = (AlarmLimits.Default, 9_000_000_000m);
        options.Alarms = new AlarmLimits(
            new Cents(options.Number(setting, "AOS_ALERT_REQUEST_CENTS", most) ?? alarms.Request.Value), new Cents(options.Number(setting, "AOS_ALERT_HOUR_CENTS", most) ?? alarms.Hour.Value),
            new Cents(options.Number(setting, "AOS_ALERT_DAY_CENTS", most) ?? alarms.Day.Value), new Cents(options.Number(setting, "AOS_ALERT_RUN_CENTS", most) ?? alarms.Run.Value),
            options.Number(setting, "BUDGET_ALERT_THRESHOLD", 1) ?? alarms.WarnAt);
        options.Breaker = BreakerOptions.Read(setting, options.Models.Limits.Major, options.problems);
        options.Canary = CanaryOptions.Read(setting, options.problems);
        return options;
    }

    internal BudgetLimits Limits() => new(
        PerRunMaxCents is { } most ? new Cents(most) : null,
        ModelMaxCents.ToImmutableSortedDictionary(pair => pair.Key, pair => new Cents(pair.Value), StringComparer.Ordinal));

    private decimal? Number(Func<string, string?> setting, string name, decimal max)
    {
        if (setting(name) is not { Length: > 0 } text) return null;
        if (decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) && number <= max) return number;
        problems.Add($"{name} is '{text}'; it must be a number from 0 to {max.ToString(CultureInfo.InvariantCulture)}.");
        return null;
    }
}
